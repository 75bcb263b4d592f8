#include "lookup/lookup.h"

#define IPC_PROTO "lookup/proto.def"
#define IPC_ALL lookup_messages
#include "base/ipc_define.h"

#include "base/io.h"
#include "lookup/settings.h"
#include "lookup/told.h"

enum { ADDRESS_MAX = 1024 };

static bool read_led(char c, enum led *led, bool *replies)
{
	int n = ascii_lower(c) - 'a';

	if (n < 0 || n >= LED_COUNT)
		return false;
	*led = (enum led)n;
	*replies = c != ascii_lower(c);
	return true;
}

/* As many addresses as channels, each channel known: else the whole answer is not believed. */
static int read_targets(const struct lookup_resolved *told, struct str original, struct arena *a,
			struct lookup_answer *out, struct err *e)
{
	struct str rest = arena_str(a, told->targets), one;
	size_t n = told->channels.n;

	out->targets = arena_alloc(a, (n + 1) * sizeof(*out->targets));
	for (size_t i = 0; i < n; i++) {
		enum led led;
		bool replies;
		char channel = told->channels.p[i];
		bool more = str_cut(rest, STR("\n"), &one, &rest);

		if (!read_led(told->routes.n > 0 ? told->routes.p[i] : 'a', &led, &replies) || one.n == 0 ||
		    (channel != 'l' && channel != 'r') || more != (i + 1 < n))
			return err_set(e, "telltale-lookup sent a malformed answer");
		out->targets[i] = (struct recipient){
			.final = one,
			.original = original,
			.channel = channel == 'l' ? CHANNEL_LOCAL : CHANNEL_REMOTE,
			.led = led,
			.replies = replies,
		};
	}
	out->n = n;
	return 0;
}

int lookup_told_read(const struct lookup_resolved *told, struct str original, struct arena *a,
		     struct lookup_answer *out, struct err *e)
{
	bool expanded = told->result <= RESOLVED_CATCHALL;

	*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	if (told->result > RESOLVED_TEMPORARY || expanded != (told->channels.n > 0) ||
	    (told->routes.n > 0 && told->routes.n != told->channels.n) || told->channels.n > LOOKUP_TARGETS_MAX ||
	    told->srs >= SRS_WORDS || !settings_fit(told->settings) || (int64_t)told->delay_notice < -1)
		return err_set(e, "telltale-lookup sent a malformed answer");
	if (told->result == RESOLVED_TEMPORARY)
		return err_set(e, "the accounts cannot be asked now");
	if (expanded && read_targets(told, original, a, out, e) < 0)
		return -1;
	out->result = (enum resolved)told->result;
	out->settings = arena_str(a, told->settings);
	out->srs = (enum srs_word)told->srs;
	out->delay_notice = (int64_t)told->delay_notice;
	return 0;
}

int lookup_told_leaves(const struct lookup_leaves_told *told, struct arena *a, struct leaves_answer *out, struct err *e)
{
	struct str sender = arena_str(a, told->sender);
	struct addr x;

	*out = (struct leaves_answer){ .result = LEAVES_LATER };
	if (told->result > LEAVES_NEVER || told->why.n > 500 ||
	    (told->result == LEAVES_AS && !addr_is_nobody(sender) && addr_parse(sender, a, &x) < 0))
		return err_set(e, "telltale-lookup sent a malformed answer");
	*out = (struct leaves_answer){ (enum leaves)told->result, sender, arena_str(a, told->why) };
	return 0;
}

int lookup_told_reply(const struct lookup_reply_told *told, struct str original, struct arena *a,
		      struct lookup_answer *out, struct err *e)
{
	struct lookup_resolved where = {
		told->result, told->targets, told->channels, STR(""), told->routes, SRS_NONE, 0
	};

	if (lookup_told_read(&where, original, a, out, e) < 0)
		return -1;
	out->subject = arena_str(a, told->subject);
	out->text = arena_str(a, told->text);
	return 0;
}

int lookup_told_list(const struct lookup_list_told *told, struct arena *a, struct lookup_answer *out, struct err *e)
{
	struct lookup_resolved where = {
		told->result, told->targets, told->channels, STR(""), told->routes, SRS_NONE, 0
	};

	if (lookup_told_read(&where, STR(""), a, out, e) < 0)
		return -1;
	out->text = arena_str(a, told->next);
	return 0;
}

int lookup_call(struct ipc_client *c, const struct ipc_type *t, const void *question, const struct ipc_type *want,
		struct lookup_call *call)
{
	struct ipc_frame reply = { .fd = -1 };

	if (ipc_call(c, t, question, call->mem, &reply, call->deadline, call->e) < 0)
		return -1;
	fd_clear(&reply.fd);
	if (reply.type != want->number)
		return err_set(call->e, "telltale-lookup sent something else");
	return ipc_unpack(reply.body, want, call->answer, call->e);
}

int lookup_post(struct ipc_client *c, struct str list, struct str sender, bool *may, int64_t deadline, struct err *e)
{
	ARENA(mem);
	struct lookup_post question = { list, sender };
	struct lookup_post_told told;
	struct lookup_call call = { &mem, &told, deadline, e };

	if (lookup_call(c, &lookup_post_type, &question, &lookup_post_told_type, &call) < 0)
		return -1;
	if (told.known == 0)
		return err_set(e, "the accounts cannot be asked now");
	*may = told.may != 0;
	return 0;
}

enum resolved lookup_ask(struct ipc_client *c, struct str address, struct arena *a, struct lookup_answer *out,
			 int64_t deadline, struct err *e)
{
	struct lookup_resolve question = { .address = address };
	struct lookup_resolved told;
	struct lookup_call call = { a, &told, deadline, e };

	*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	if (address.n > ADDRESS_MAX) { /* no address is that long */
		out->result = RESOLVED_NO_MAILBOX;
		return out->result;
	}
	if (lookup_call(c, &lookup_resolve_type, &question, &lookup_resolved_type, &call) < 0 ||
	    lookup_told_read(&told, arena_str(a, address), a, out, e) < 0)
		*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	return out->result;
}
