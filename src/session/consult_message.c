/* The message itself: shown to the milters while it comes in, and judged by rspamd and them at its end. */
#include "session/consult_inside.h"

#include "base/clock.h"
#include "session/intake.h"

const struct filter consult_milter = { .name = "milter", .at = AT_DATA, .doc = "Ask the mail filters." };
const struct filter consult_rspamd = { .name = "rspamd", .at = AT_DATA, .doc = "Ask rspamd." };

static bool asks_rspamd(const struct session *s)
{
	return s->server->consult != NULL && s->server->consult->rspamd != NULL;
}

static struct milter_word ask_head(struct milter *m, const void *head)
{
	return milter_head(m, head);
}

static struct milter_word ask_body(struct milter *m, const void *piece)
{
	return milter_body(m, *(const struct str *)piece);
}

/* What a step of the message is answered counts at the end: the client is still talking. */
static void show(struct session *s, struct milter_word (*ask)(struct milter *m, const void *about), const void *about)
{
	struct consulting *c = &s->consulting;

	for (size_t i = 0; c->milters != NULL && i < s->server->consult->n; i++)
		(void)ask(c->milters[i], about);
}

void consult_header(struct session *s, struct intake *in)
{
	struct consulting *c = &s->consulting;

	if (c->milters == NULL && !asks_rspamd(s))
		return;
	c->head = arena_alloc(&s->t.mem, sizeof(*c->head));
	head_read(c->head, &s->t.mem, intake_fields(in));
	show(s, ask_head, c->head);
}

void consult_body(struct session *s, struct intake *in, struct str piece)
{
	struct consulting *c = &s->consulting;

	if (piece.n == 0)
		return;
	show(s, ask_body, &piece);
	if (!asks_rspamd(s) || c->too_large || in->body == NULL)
		return;
	c->too_large = c->copy.n + piece.n > (size_t)s->server->conf->rspamd.max_size;
	if (c->too_large)
		buf_clear(&c->copy);
	else
		buf_addstr(&c->copy, piece);
	intake_hold(in, c->copy.cap);
}

/* Of n changes of the header: can they not be made any more? */
static const char *lost(const struct intake *in, size_t n)
{
	return in->sent && n > 0 ? " that the header is too large for" : "";
}

/* ---- rspamd ---- */

static struct str *recipients(struct session *s)
{
	struct str *list = arena_alloc(&s->scratch, (s->t.nnamed + 1) * sizeof(*list));

	for (size_t i = 0; i < s->t.nnamed; i++)
		list[i] = s->t.named[i].text;
	return list;
}

static int question(struct session *s, const struct intake *in, struct rspamd_answer *answer, struct err *e)
{
	struct consulting *c = &s->consulting;
	struct str body = buf_str(&c->copy);
	BUF(head);
	struct rspamd_question q = {
		.from = s->t.sender,
		.rcpts = recipients(s),
		.nrcpts = s->t.nnamed,
		.ip = str_of(s->peer.ip),
		.helo = s->helo,
		.hostname = s->facts.rdns,
		.user = s->facts.user,
		.id = arena_fmt(&s->scratch, "%llu", (unsigned long long)s->number),
		.deliver_to = s->t.nnamed == 1 ? s->t.named[0].text : str_of(NULL),
		.body = &body,
		.nbody = 1,
	};

	buf_addstr(&head, intake_fields(in));
	buf_adds(&head, "\r\n");
	q.head = buf_str(&head);
	return rspamd_ask(s->server->consult->rspamd, &q, deadline_in(s->server->conf->rspamd.deadline), &s->t.mem,
			  answer, e);
}

/* "add header, score 7.20 of 15.00: BAD_WORD 5.00, NO_NAME 2.20" */
static struct str seen(const struct rspamd_answer *a, const struct intake *in, struct arena *mem)
{
	BUF(b);

	buf_fmt(&b, "%.*s, score %.2f of %.2f", STR_ARG(a->action_text), a->score, a->required);
	for (size_t i = 0; i < a->ntop; i++)
		buf_fmt(&b, "%s %.*s %.2f", i == 0 ? ":" : "", STR_ARG(a->top[i].name), a->top[i].score);
	if (in->sent && a->nedits > 0)
		buf_fmt(&b, ", %zu changes%s", a->nedits, lost(in, a->nedits));
	return arena_str(mem, buf_str(&b));
}

static void refuse_by(struct session *s, enum reason why, struct str words, struct consult_word *out)
{
	out->refused = true;
	out->code = why;
	session_refusal_of(s, why, &out->reply);
	if (words.n > 0)
		out->reply.text = arena_str(&s->scratch, words); /* it outlives the transaction */
}

static void obey(struct session *s, const struct rspamd_answer *a, struct consult_word *out)
{
	struct consulting *c = &s->consulting;
	struct edit subject = { EDIT_CHANGE, 1, STR("Subject"), a->subject };

	switch (a->action) {
	case RSPAMD_REJECT:
		refuse_by(s, REASON_RSPAMD, a->message, out);
		return;
	case RSPAMD_SOFT_REJECT:
	case RSPAMD_GREYLIST:
		refuse_by(s, REASON_RSPAMD_LATER, a->message, out);
		return;
	case RSPAMD_ADD_HEADER:
	case RSPAMD_QUARANTINE:
	case RSPAMD_DISCARD:
		out->junk = true;
		break;
	case RSPAMD_REWRITE_SUBJECT:
		if (a->subject.n > 0)
			head_edit(c->head, &subject, 1);
		break;
	case RSPAMD_NO_ACTION:
	case RSPAMD_OTHER:
		break;
	}
	head_edit(c->head, a->edits, a->nedits);
}

/* A whitelist speaks for it, whichever recipient is asked. */
static bool is_whitelisted(const struct transaction *t)
{
	for (size_t i = 0; i < t->nnamed; i++)
		if (!t->named[i].standing.allowed)
			return false;
	return t->nnamed > 0;
}

static void ask_rspamd(struct session *s, struct intake *in, struct consult_word *out)
{
	struct finding f = { .filter = &consult_rspamd, .found = FOUND_PASSED };
	bool whitelisted = is_whitelisted(&s->t);
	int64_t began = clock_mono();
	struct rspamd_answer answer;
	struct err e;

	if (whitelisted || s->consulting.too_large) {
		f.found = FOUND_SKIPPED;
		f.seen = whitelisted ? STR("whitelisted") : STR("larger than rspamd.max-size");
	} else if (question(s, in, &answer, &e) < 0) {
		f.found = FOUND_ERROR;
		f.seen = arena_str(&s->scratch, str_of(e.text));
		server_trouble(s->server, TROUBLE_RSPAMD, e.text);
		if (str_eqz(s->server->conf->rspamd.absent, "tempfail"))
			refuse_by(s, REASON_UNCHECKED, str_of(NULL), out);
	} else {
		f.seen = seen(&answer, in, &s->scratch);
		obey(s, &answer, out);
	}
	if (out->refused) {
		f.found = FOUND_REFUSED;
		f.reason = out->code;
	}
	if (out->junk)
		f.seen = arena_fmt(&s->scratch, "into Junk: %.*s", STR_ARG(f.seen));
	f.ms = clock_mono() - began;
	record_finding(s, &f, s->t.last_rcpt);
}

/* ---- the milters' verdict ---- */

static void told(struct session *s, const struct intake *in, size_t i, const struct milter_changes *c, bool junk,
		 int64_t began)
{
	const char *name = s->server->consult->milters[i].name;
	struct finding f = { .filter = &consult_milter, .found = FOUND_PASSED, .ms = clock_mono() - began };

	f.seen = arena_fmt(&s->scratch, "%s%s: %zu changes%s%s%.*s", junk ? "into Junk: " : "", name, c->n,
			   lost(in, c->n), c->reason.n > 0 ? ", " : "", STR_ARG(c->reason));
	record_finding(s, &f, s->t.last_rcpt);
}

static void ask_milters(struct session *s, const struct intake *in, struct consult_word *out)
{
	struct consulting *c = &s->consulting;

	for (size_t i = 0; c->milters != NULL && i < s->server->consult->n && !out->refused; i++) {
		int64_t began = clock_mono();
		struct milter_changes changes = { 0 };
		struct milter_word w = milter_end(c->milters[i], &s->t.mem, &changes);
		bool junk = w.is == MILTER_DISCARD || changes.quarantine;

		if (consult_refuses(s, i, &w, began, &out->reply)) {
			out->refused = true;
			out->code = w.is == MILTER_FAILED ? REASON_UNCHECKED : REASON_MILTER;
		} else if (w.is != MILTER_FAILED) {
			out->junk = out->junk || junk;
			head_edit(c->head, changes.edits, changes.n);
			told(s, in, i, &changes, junk, began);
		}
	}
}

void consult_end(struct session *s, struct intake *in, struct consult_word *out)
{
	*out = (struct consult_word){ 0 };
	if (s->consulting.head == NULL)
		return;
	if (asks_rspamd(s))
		ask_rspamd(s, in, out);
	if (!out->refused)
		ask_milters(s, in, out);
}

void consult_undo(struct session *s, size_t bytes)
{
	struct finding f = { .filter = &consult_milter, .found = FOUND_ERROR };

	f.seen = arena_fmt(&s->scratch, "with the filters' changes the header has %zu bytes: they are left out", bytes);
	record_finding(s, &f, s->t.last_rcpt);
	s->consulting.head = NULL;
}

void consult_put_above(const struct session *s, struct buf *out)
{
	if (s->consulting.head != NULL)
		head_put(out, s->consulting.head, HEAD_ABOVE);
}

void consult_put_head(const struct session *s, const struct intake *in, struct buf *out)
{
	if (s->consulting.head == NULL || in->sent) {
		intake_put_head(in, out);
		return;
	}
	head_put(out, s->consulting.head, HEAD_BELOW);
	if (in->blank)
		buf_adds(out, "\r\n");
}
