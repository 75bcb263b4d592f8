#include "sign/sign.h"

#define IPC_PROTO "sign/proto.def"
#define IPC_ALL sign_messages
#include "base/ipc_define.h"

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "sign/told.h"
#include "vouch/author.h"
#include "vouch/dkim_sign.h"

enum { TRIES = 3, PAUSE = 60 };

/* RFC 6376 5.4.1; `sealed`: signed once more than it is there, so that nobody can add one that is shown instead.  Lists
 * and others that pass a mail on may add the rest. */
static const struct {
	const char *name, *key;
	bool sealed;
} signed_fields[] = {
	{ "From", "from", true },
	{ "Sender", "sender", false },
	{ "Reply-To", "reply-to", true },
	{ "To", "to", true },
	{ "Cc", "cc", true },
	{ "Subject", "subject", true },
	{ "Date", "date", true },
	{ "Message-ID", "message-id", true },
	{ "In-Reply-To", "in-reply-to", false },
	{ "References", "references", false },
	{ "MIME-Version", "mime-version", true },
	{ "Content-Type", "content-type", true },
	{ "Content-Transfer-Encoding", "content-transfer-encoding", true },
	{ "List-Unsubscribe", "list-unsubscribe", false },
	{ "List-Unsubscribe-Post", "list-unsubscribe-post", false },
};

static void put_times(struct buf *out, struct str name, size_t n)
{
	for (; n > 0 && out->n <= SIGN_NAMES_MAX; n--) {
		if (out->n > 0)
			buf_addc(out, ':');
		buf_addstr(out, name);
	}
}

static bool is_known(struct str name)
{
	for (size_t i = 0; i < COUNT(signed_fields); i++)
		if (str_ieq(name, str_of(signed_fields[i].name)))
			return true;
	return false;
}

bool sign_names(const struct canon_head *h, const struct conf_list *more, struct buf *out)
{
	ARENA(a);

	if (h->too_many || canon_head_count(h, STR("from")) == 0)
		return false;
	for (size_t i = 0; i < COUNT(signed_fields); i++)
		put_times(out, str_of(signed_fields[i].name),
			  canon_head_count(h, str_of(signed_fields[i].key)) + signed_fields[i].sealed);
	for (size_t i = 0; i < more->n; i++)
		if (!is_known(more->at[i]))
			put_times(out, more->at[i], canon_head_count(h, arena_lower(&a, more->at[i])));
	return out->n <= SIGN_NAMES_MAX;
}

bool sign_fields(struct canon_head *h, struct str names, struct buf *out)
{
	return dkim_sign_gather(h, names, CANON_RELAXED, out) && out->n <= SIGN_FIELDS_MAX;
}

struct str sign_author(const struct canon_head *h, struct arena *a)
{
	const struct canon_field *from = canon_head_last(h, STR("from"));
	struct authors x;

	if (from == NULL || canon_head_count(h, STR("from")) != 1)
		return str_of(NULL);
	authors_read(&from->value, 1, a, &x);
	return x.why == NULL && !x.more && x.n == 1 ? x.domain[0] : str_of(NULL);
}

int sign_check(const struct conf *c, struct err *e)
{
	const struct conf_list *l = &c->dkim.headers;

	for (size_t i = 0; i < l->n; i++)
		if (!sign_name_ok(l->at[i]))
			return err_set(e, "%s:%d: dkim { headers }: \"%s\" is no name of a field", conf_z(c->file),
				       l->line[i], conf_z(l->at[i]));
	return 0;
}

/* One of the two questions. */
struct question {
	const struct ipc_type *type;
	const void *body;
	bool good;
	const char *const *fields; /* of the answer */
};

/* telltale-signer may have ended since we asked last, and is back in a moment: its socket is there all the time. */
static int call(struct ipc_client *c, const struct question *q, struct arena *a, struct ipc_frame *reply,
		int64_t deadline, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		if (i > 0)
			fiber_sleep(PAUSE);
		if (ipc_call(c, q->type, q->body, a, reply, deadline, e) == 0)
			return 0;
		if (clock_mono() + PAUSE >= deadline)
			return -1;
	}
	return -1;
}

static enum sign_result ask_signer(struct ipc_client *c, const struct question *q, struct arena *a, struct str *fields,
				   int64_t deadline, struct err *e)
{
	struct ipc_frame reply = { .fd = -1 };
	struct sign_told told;

	*fields = str_of(NULL);
	if (!q->good) {
		err_set(e, "the message cannot be put as a question to telltale-signer");
		return SIGN_FAILED;
	}
	if (call(c, q, a, &reply, deadline, e) < 0)
		return SIGN_FAILED;
	fd_clear(&reply.fd);
	if (reply.type != sign_told_number) {
		err_set(e, "telltale-signer sent something else");
		return SIGN_FAILED;
	}
	if (ipc_unpack(reply.body, &sign_told_type, &told, e) < 0)
		return SIGN_FAILED;
	return sign_told_read(&told, q->fields, a, fields, e);
}

enum sign_result sign_message(struct ipc_client *c, const struct sign_ask *ask, struct arena *a, struct str *fields,
			      int64_t deadline, struct err *e)
{
	struct question q = { &sign_ask_type, ask, sign_asked_ok(ask), sign_dkim_fields };

	return ask_signer(c, &q, a, fields, deadline, e);
}

enum sign_result sign_chain(struct ipc_client *c, const struct sign_seal *seal, struct arena *a, struct str *fields,
			    int64_t deadline, struct err *e)
{
	struct question q = { &sign_seal_type, seal, sign_seal_ok(seal), sign_arc_fields };

	return ask_signer(c, &q, a, fields, deadline, e);
}
