#include "deliver/lmtp.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "base/io.h"
#include "deliver/head.h"
#include "deliver/lmtp_talk.h"
#include "deliver/subaddress.h"
#include "mail/addr.h"
#include "wire/dot_out.h"

#define CHUNK ((size_t)32 * 1024)

enum {
	AGE_MOST = 4 * 60 * 1000,  /* ms that a job may have waited for us */
	TALK_MOST = 4 * 60 * 1000, /* ms that one transaction may take */
	HEADER_MOST = 1024 * 1024, /* bytes in which a header's end is looked for */
	REPLY_MOST = 800           /* bytes of a reply in a report */
};

/* One message and its recipients whose turn it is. */
struct group {
	struct talk *t;
	struct maildir_job **jobs;
	size_t n;
};

/* ---- how jobs end ---- */

static void end_job(struct maildir_job *j, enum outcome_kind kind, struct str report)
{
	if (j->ended)
		return;
	j->ended = true;
	j->out = (struct outcome){ kind, arena_str(j->mem, report) };
}

static void end_all(const struct group *g, enum outcome_kind kind, struct str report)
{
	for (size_t i = 0; i < g->n; i++)
		end_job(g->jobs[i], kind, report);
}

/* "5.1.1" behind the code, when the reply has one of its class. */
static struct str status_of(const struct said *a)
{
	struct str text = str_skip(buf_str(&a->text), 4), word;
	size_t dots = 0;

	word = str_word(&text);
	for (size_t i = 0; i < word.n; i++) {
		dots += word.p[i] == '.';
		if (word.p[i] != '.' && !ascii_isdigit(word.p[i]))
			return STR("");
	}
	return dots == 2 && word.n < 12 && word.p[0] == (char)('0' + a->code / 100) ? word : STR("");
}

/* The server said no to this recipient; what is no refusal for good is tried again. */
static void end_by_reply(const struct group *g, struct maildir_job *j, const char *what)
{
	const struct said *a = &g->t->answer;
	bool failed = said_is(a, 5);
	struct str status = status_of(a), said = str_take(str_trim(buf_str(&a->text)), REPLY_MOST);

	if (status.n == 0 || (!failed && status.p[0] != '4'))
		status = failed ? STR("5.0.0") : STR("4.0.0");
	end_job(j, failed ? OUTCOME_FAILURE : OUTCOME_DEFERRAL,
		arena_fmt(j->mem, "The LMTP server refused the %s. (#%.*s)\nRemote host said: %.*s", what,
			  STR_ARG(status), STR_ARG(said)));
}

static void end_all_by_reply(const struct group *g, const char *what)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->jobs[i]->ended)
			end_by_reply(g, g->jobs[i], what);
}

static void delivered(const struct group *g, struct maildir_job *j)
{
	struct str said = str_take(str_trim(buf_str(&g->t->answer.text)), REPLY_MOST);

	j->at_last = (struct landing){
		.path = arena_str(j->mem, str_of(g->t->l->at.text)),
		.rule = !j->foldered ? STR("lmtp")
			: j->junk    ? STR("lmtp; junk by gate")
				     : arena_fmt(j->mem, "lmtp; subaddress folder %.*s",
						 STR_ARG(subaddress_of(j->final, j->original))),
	};
	end_job(j, OUTCOME_SUCCESS,
		arena_fmt(j->mem, "%sdid 1+0+0\nThe LMTP server took the message.\nRemote host said: %.*s",
			  j->junk && j->foldered ? "junk\n" : "", STR_ARG(said)));
}

/* ---- what goes out ---- */

static bool plain_local(struct str local)
{
	char before = '.';

	for (size_t i = 0; i < local.n; i++) {
		char c = local.p[i];

		if (c == '.' ? before == '.' : c > 0 && !ascii_isalnum(c) && strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL)
			return false;
		before = c;
	}
	return before != '.';
}

/* Can it stand in a command at all? */
static bool may_be_said(struct str address)
{
	for (size_t i = 0; i < address.n; i++)
		if ((unsigned char)address.p[i] < 0x20 || address.p[i] == 0x7f)
			return false;
	return address.n <= ADDR_MAX;
}

static void put_path(struct buf *b, struct str address, struct str folder)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct addr x = { .local = str_take(address, at < 0 ? address.n : (size_t)at) };
	BUF(local);

	if (at >= 0)
		x.domain = str_skip(address, (size_t)at + 1);
	buf_addstr(&local, x.local);
	if (folder.n > 0) {
		buf_addc(&local, '+');
		buf_addstr(&local, folder);
	}
	x.local = buf_str(&local);
	x.quoted = x.local.n > 0 && !plain_local(x.local);
	buf_addc(b, '<');
	addr_put(b, &x);
	buf_addc(b, '>');
}

static void put_mail(const struct group *g)
{
	const struct maildir_job *j = g->jobs[0];
	struct buf *out = &g->t->wire.out;
	bool names = str_ascii(j->sender);

	for (size_t i = 0; i < g->n; i++)
		names = names && str_ascii(g->jobs[i]->final);
	buf_adds(out, "MAIL FROM:");
	put_path(out, addr_is_nobody(j->sender) ? STR("") : j->sender, STR(""));
	if (g->t->size)
		buf_fmt(out, " SIZE=%llu", (unsigned long long)j->size);
	if (g->t->eightbit)
		buf_adds(out, " BODY=8BITMIME");
	if (g->t->utf8 && !names)
		buf_adds(out, " SMTPUTF8");
	buf_adds(out, "\r\n");
}

static void put_rcpt(const struct group *g, struct maildir_job *j, bool foldered)
{
	struct buf *out = &g->t->wire.out;
	struct str folder = j->junk ? STR("Junk") : STR("");

	if (!j->junk && g->t->l->subaddress)
		folder = subaddress_of(j->final, j->original);
	j->foldered = foldered && folder.n > 0;
	buf_adds(out, "RCPT TO:");
	put_path(out, j->final, j->foldered ? folder : STR(""));
	buf_adds(out, "\r\n");
}

/* ---- the message ---- */

/* See the bytes of the message one by one chunk: 0, or -1 with errno. */
static int read_chunk(const struct maildir_job *j, uint64_t at, struct buf *raw)
{
	uint64_t left = j->size - at;

	buf_reset(raw);
	buf_need(raw, CHUNK);
	raw->n = left < CHUNK ? (size_t)left : CHUNK;
	return io_pread_all(j->fd, raw->p, raw->n, (off_t)(j->offset + at));
}

/* Does its header say that it was in this mailbox?  -1 with errno. */
static int loops(const struct maildir_job *j)
{
	struct head h = { .final = j->final };
	BUF(raw);
	BUF(out);

	for (uint64_t at = 0; at < j->size && at < HEADER_MOST && !h.ended && !h.loops; at += raw.n) {
		if (read_chunk(j, at, &raw) < 0)
			return -1;
		buf_reset(&out);
		head_feed(&h, buf_str(&raw), &out);
	}
	head_end(&h, &out);
	return h.loops ? 1 : 0;
}

static int send_message(const struct group *g)
{
	const struct maildir_job *j = g->jobs[0];
	struct head h = { 0 };
	struct dot_out d = { 0 };
	BUF(raw);
	BUF(text);

	for (uint64_t at = 0; at < j->size; at += raw.n) {
		if (read_chunk(j, at, &raw) < 0) {
			end_all(g, OUTCOME_DEFERRAL, STR("Unable to read message. (#4.3.0)"));
			talk_drop(g->t);
			return -1;
		}
		buf_reset(&text);
		head_feed(&h, buf_str(&raw), &text);
		dot_out_put(&d, buf_str(&text), &g->t->wire.out);
		if (talk_flush(g->t) < 0)
			return -1;
	}
	buf_reset(&text);
	head_end(&h, &text);
	dot_out_put(&d, buf_str(&text), &g->t->wire.out);
	dot_out_end(&d, &g->t->wire.out);
	return talk_flush(g->t);
}

/* ---- the transaction ---- */

/* The recipients that are left get an answer each.  foldered: a name with its folder that is refused for good is no
 * answer yet. */
static int name_all(const struct group *g, bool foldered)
{
	for (size_t i = 0; g->t->pipelining && i < g->n; i++)
		if (!g->jobs[i]->ended && !g->jobs[i]->accepted)
			put_rcpt(g, g->jobs[i], foldered);
	for (size_t i = 0; i < g->n; i++) {
		struct maildir_job *j = g->jobs[i];

		if (j->ended || j->accepted)
			continue;
		if (!g->t->pipelining)
			put_rcpt(g, j, foldered);
		if (talk_answer(g->t) < 0)
			return -1;
		j->accepted = said_is(&g->t->answer, 2);
		if (!j->accepted && !(j->foldered && said_is(&g->t->answer, 5)))
			end_by_reply(g, j, "recipient");
	}
	return 0;
}

static bool any(const struct group *g, bool accepted)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->jobs[i]->ended && g->jobs[i]->accepted == accepted)
			return true;
	return false;
}

/* Nothing of it counts. */
static int reset(const struct group *g)
{
	buf_adds(&g->t->wire.out, "RSET\r\n");
	return talk_answer(g->t);
}

/* Its answers, one for each recipient that was accepted. */
static int hear_all(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct maildir_job *j = g->jobs[i];

		if (j->ended)
			continue;
		if (talk_answer(g->t) < 0) {
			end_all(g, OUTCOME_DEFERRAL,
				STR("The LMTP server broke off after the message: it may come twice. (#4.4.2)"));
			return -1;
		}
		if (said_is(&g->t->answer, 2))
			delivered(g, j);
		else
			end_by_reply(g, j, "message");
	}
	return 0;
}

static int transaction(const struct group *g)
{
	put_mail(g);
	if (talk_answer(g->t) < 0)
		return -1;
	if (!said_is(&g->t->answer, 2)) {
		end_all_by_reply(g, "sender");
		return reset(g);
	}
	if (name_all(g, true) < 0 || (any(g, false) && name_all(g, false) < 0))
		return -1;
	if (!any(g, true))
		return reset(g);
	buf_adds(&g->t->wire.out, "DATA\r\n");
	if (talk_answer(g->t) < 0)
		return -1;
	if (g->t->answer.code != 354) {
		end_all_by_reply(g, "message");
		return reset(g);
	}
	return send_message(g) < 0 ? -1 : hear_all(g);
}

/* May it be handed over?  Else it ends here. */
static bool fit(struct maildir_job *j)
{
	int rc;

	j->ended = j->accepted = j->foldered = false;
	j->trouble = 0;
	if (!may_be_said(j->final) || !may_be_said(j->sender)) {
		end_job(j, OUTCOME_FAILURE, STR("Sorry, no mailbox here by that name. (#5.1.1)"));
		return false;
	}
	rc = loops(j);
	if (rc > 0)
		end_job(j, OUTCOME_FAILURE,
			STR("This message is looping: it already has my Delivered-To line. (#5.4.6)"));
	if (rc < 0)
		end_job(j, OUTCOME_DEFERRAL, STR("Unable to read message. (#4.3.0)"));
	return rc == 0;
}

static void deliver_group(struct group *g)
{
	struct talk *t = g->t;
	bool some = false;

	for (size_t i = 0; i < g->n; i++)
		some |= fit(g->jobs[i]);
	if (!some)
		return;
	if (clock_mono() - g->jobs[0]->begun > AGE_MOST) {
		end_all(g, OUTCOME_DEFERRAL, STR("The LMTP server is too slow for what waits for it. (#4.4.5)"));
		return;
	}
	t->end = deadline_in(TALK_MOST);
	if (talk_open(t) < 0 || transaction(g) < 0)
		end_all(g, OUTCOME_DEFERRAL, buf_str(&t->why));
}

int lmtp_read(struct lmtp *l, const struct conf *c, struct err *e)
{
	*l = (struct lmtp){ .host = c->top.hostname,
			    .patience = c->local.lmtp_deadline,
			    .subaddress = c->local.subaddress };
	if (c->local.lmtp.n > 0 && service_read(&l->at, c->local.lmtp, e) < 0)
		return err_wrap(e, "%s: local { lmtp }", conf_z(c->file));
	return 0;
}

void lmtp_deliver_by(struct talk *t, struct maildir_job **jobs, size_t n)
{
	size_t k;

	for (size_t i = 0; i < n; i += k) {
		struct group g = { .t = t, .jobs = jobs + i };

		for (k = 1; i + k < n && jobs[i + k]->qp == jobs[i]->qp; k++)
			;
		g.n = k;
		deliver_group(&g);
	}
}

void lmtp_deliver(struct lmtp *l, struct maildir_job **jobs, size_t n)
{
	struct talk t;

	talk_init(&t, l);
	lmtp_deliver_by(&t, jobs, n);
	talk_clear(&t);
}
