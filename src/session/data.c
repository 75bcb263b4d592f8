/* DATA: the message itself, from 354 to the reply that takes it into custody. */
#include "base/clock.h"
#include "session/intake.h"
#include "session/session.h"
#include "session/signing.h"

/* What is not read to its end within this much beyond the limit is cut off. */
enum { EXCESS_FACTOR = 4, EXCESS_MORE = 1 << 20 };

static void not_stored(struct session *s, struct intake *in, const struct err *e)
{
	server_trouble(s->server, TROUBLE_MESSAGE, e->text);
	in->failed = true;
	intake_drop(in);
}

/* The header is whole: what is to be done before the first byte of the body. */
static void header_came(struct session *s, struct intake *in)
{
	struct err e;

	vouched_header(&s->facts, buf_str(&in->head), clock_wall() / 1000);
	/* What we say about a message, nobody says for us. */
	in->changed = vouched_disown(buf_str(&in->head), s->server->conf->top.hostname, &in->kept);
	consult_header(s, in);
	signing_begin(s, in);
	if (intake_settle(in, deadline_in(SESSION_STORE_WAIT), &e) < 0)
		not_stored(s, in, &e);
}

static void store(struct session *s, struct intake *in, struct str piece)
{
	const struct conf_limits *l = &s->server->conf->limits;
	struct str body;
	struct err e;
	bool ended = intake_add(in, piece, (uint64_t)l->header_size, &body);

	if (in->size > (uint64_t)l->message_size)
		in->too_big = true;
	if (in->too_big || in->dot.bare)
		intake_drop(in);
	if (ended || (in->dot.done && intake_end(in)))
		header_came(s, in);
	vouched_body(&s->facts, body);
	consult_body(s, in, body);
	signing_body(s, body);
	if (intake_store(in, body, deadline_in(SESSION_STORE_WAIT), &e) < 0)
		not_stored(s, in, &e);
}

/* Silence is limited, and so is slowness: a client that trickles holds a session no longer than its bytes are worth. */
static int64_t data_deadline(const struct session *s, const struct intake *in)
{
	int64_t patience = s->server->conf->limits.data_timeout;
	int64_t silence = deadline_in(patience);
	int64_t rate = in->began + patience + (int64_t)(in->raw / SESSION_LEAST_RATE) * 1000;
	int64_t visit = session_visit_deadline(s), first = silence < rate ? silence : rate;

	return visit < first ? visit : first;
}

static bool beyond_reading(const struct session *s, const struct intake *in)
{
	return in->raw / EXCESS_FACTOR > (uint64_t)s->server->conf->limits.message_size + EXCESS_MORE;
}

/* Read the body to its end: 0; -1 when the client is gone, slept, or cannot be borne (errno). */
static int take_body(struct session *s, struct intake *in)
{
	BUF(piece);

	while (!in->dot.done) {
		struct str input = wire_input(&s->wire);
		size_t used;

		if (input.n == 0) {
			int rc = wire_fill(&s->wire, data_deadline(s, in));

			if (rc > 0)
				continue;
			if (rc == 0)
				errno = ECONNRESET;
			return -1;
		}
		buf_reset(&piece);
		used = dot_feed(&in->dot, input.p, input.n, &piece);
		wire_used(&s->wire, used);
		in->raw += used;
		store(s, in, buf_str(&piece));
		if (beyond_reading(s, in)) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}

static void envelope_of(const struct session *s, struct envelope *v, uint64_t qp, int64_t now)
{
	const struct transaction *t = &s->t;

	*v = (struct envelope){
		.connection = s->number,
		.qp = qp,
		.time = now,
		.sender = t->sender,
		.ip = str_of(s->peer.ip),
		.helo = s->helo,
		.rdns = s->facts.rdns,
		.auth = s->facts.user,
		.label = s->port->conf->label,
		.junk = t->junk,
		.envid = t->envid,
		.ret = t->ret,
		.requiretls = t->requiretls,
		.rcpts = t->rcpts,
		.nrcpts = t->nrcpts,
	};
}

/* What goes before the body: signatures come between the two. */
struct head_parts {
	struct buf above, below;
};

static void head_parts_clear(struct head_parts *h)
{
	buf_clear(&h->above);
	buf_clear(&h->below);
}

static void put_head(struct session *s, const struct intake *in, uint64_t qp, int64_t when, struct head_parts *out)
{
	buf_reset(&out->above);
	buf_reset(&out->below);
	consult_put_above(s, &out->above);
	vouched_put(&s->facts, s->server->conf->top.hostname, &out->above);
	received_put(&out->below, s, qp, when);
	consult_put_head(s, in, &out->below);
}

/* Hand it to the queue: 0 once it is in custody. */
static int put(struct session *s, struct intake *in, uint64_t *qp, int64_t *when, struct err *e)
{
	int64_t deadline = deadline_in(SESSION_STORE_WAIT);
	struct envelope v;
	__attribute__((cleanup(head_parts_clear))) struct head_parts h = { BUF_INIT, BUF_INIT };
	size_t n;

	if (spool_number(s->server->spool, NUMBER_MESSAGE, qp, deadline, e) < 0)
		return -1;
	*when = clock_wall();
	envelope_of(s, &v, *qp, *when);
	put_head(s, in, *qp, *when, &h);
	n = h.above.n + h.below.n;
	if (n + signing_most(s) > SPOOL_HEAD_MAX) {
		consult_undo(s, n);
		put_head(s, in, *qp, *when, &h);
	}
	signing_put(s, in, buf_str(&h.below), &h.above);
	buf_addstr(&h.above, buf_str(&h.below));
	return spool_put(s->server->spool, &v, buf_str(&h.above), in->body, deadline, e);
}

/* The message is one: all who get it get it into Junk. */
static void into_junk(struct session *s)
{
	struct transaction *t = &s->t;
	BUF(list);

	for (size_t i = 0; i < t->nrcpts; i++)
		envelope_add_index(&list, i);
	t->junk = arena_str(&t->mem, buf_str(&list));
}

/* What is said to the whole message, and of each recipient in the spamdyke log. */
struct refusal {
	struct reply reply;
	enum reason code;
	struct str reason;
};

static void refuse_with(struct session *s, struct reply r, struct refusal *out)
{
	*out = (struct refusal){ r, REASON_OTHER, record_words(&r, &s->scratch) };
}

/* What the message itself is refused for: false when there is nothing. */
static bool message_refused(struct session *s, const struct intake *in, struct refusal *out)
{
	enum reply_id id = REPLY_COUNT;

	if (in->dot.bare)
		id = REPLY_BARE_MESSAGE;
	else if (in->too_big)
		id = REPLY_TOO_BIG;
	else if (in->head_too_big)
		id = REPLY_HEADER_TOO_BIG;
	else if (in->walk.received > HEADER_HOPS_MAX)
		id = REPLY_LOOPING;
	else if (in->failed)
		id = REPLY_NOT_STORED;
	if (id == REPLY_COUNT)
		return false;
	refuse_with(s, session_words(id), out);
	return true;
}

/* Each ruling once, for the first recipient that it counts for; each recipient whose mail goes into Junk. */
static void tell_shares(struct session *s, const struct shares *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct share *x = &all->at[i];
		bool *told = &x->view->data_told[x->standing.allowed];

		if (!*told) {
			record_stage(s, x->ruling, s->t.named[i].text);
			record_notes(s, x->ruling, s->t.named[i].text);
		} else if (x->junk && x->ruling->standing.refused) {
			record_finding(s, &x->ruling->standing.by, s->t.named[i].text);
		}
		*told = true;
	}
}

/* Who signed it, once for all. */
static void tell_signatures(struct session *s)
{
	struct finding told[VOUCHED_FINDINGS];
	size_t n = vouched_findings(&s->facts, &s->scratch, told);

	for (size_t i = 0; i < n; i++)
		record_finding(s, &told[i], s->t.named[0].text);
}

/* In whose Junk folder the message goes: all that the recipient leads to. */
static void put_junk(struct transaction *t, const struct shares *all)
{
	BUF(list);

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < t->named[i].n && all->at[i].junk; k++)
			envelope_add_index(&list, t->named[i].first + k);
	t->junk = arena_str(&t->mem, buf_str(&list));
}

/* The gate's last stage. */
static bool gate_refused(struct session *s, const struct intake *in, struct refusal *out)
{
	struct transaction *t = &s->t;
	struct shares all = { .n = t->nnamed };

	if (!s->port->policy.on)
		return false;
	vouched_end(&s->facts);
	tell_signatures(s);
	all.at = arena_alloc(&t->mem, all.n * sizeof(*all.at));
	for (size_t i = 0; i < all.n; i++)
		all.at[i] = (struct share){ .view = t->named[i].view, .standing = t->named[i].standing };
	s->facts.header = buf_str(&in->head);
	visit_data(&s->visit, &all, &t->mem);
	s->facts.header = str_of(NULL);
	tell_shares(s, &all);
	put_junk(t, &all);
	if (!all.refused) {
		vouched_complete(&s->facts);
		return false;
	}
	session_refusal(s, all.policy, &all.by, &out->reply);
	out->code = all.by.reason;
	out->reason = record_hit(&all.by.hit, &s->scratch);
	return true;
}

/* The last word is that of those whom we ask. */
static bool others_refused(struct session *s, struct intake *in, struct refusal *out)
{
	struct consult_word w;

	consult_end(s, in, &w);
	if (w.junk)
		into_junk(s);
	if (w.refused)
		*out = (struct refusal){ w.reply, w.code, record_words(&w.reply, &s->scratch) };
	return w.refused;
}

/* One verdict per accepted recipient, now that there is one. */
static void verdicts(struct session *s, enum reason code, struct str reason)
{
	for (size_t i = 0; i < s->t.nnamed; i++)
		record_verdict(s, code, s->t.named[i].key, reason);
}

static void refuse(struct session *s, const struct refusal *r)
{
	verdicts(s, r->code, r->reason);
	record_resp(s, &r->reply);
	transaction_end(s, NULL);
	session_reply(s, &r->reply);
}

static void accept_it(struct session *s, uint64_t qp, int64_t when)
{
	int64_t epoch = when / 1000;
	struct reply r = session_words(REPLY_QUEUED);
	BUF(text);

	buf_adds(&text, "ok ");
	buf_num(&text, (uint64_t)epoch);
	buf_adds(&text, " qp ");
	buf_num(&text, qp);
	r.text = buf_str(&text);
	verdicts(s, REASON_ALLOWED, record_words(&r, &s->scratch));
	session_correspond(s);
	record_queued(s, epoch, qp);
	transaction_end(s, NULL);
	session_reply(s, &r);
}

static void conclude(struct session *s, struct intake *in)
{
	struct refusal refusal;
	struct err e;
	uint64_t qp;
	int64_t when;

	record_size(s, in->size);
	if (message_refused(s, in, &refusal) || gate_refused(s, in, &refusal) || others_refused(s, in, &refusal)) {
		refuse(s, &refusal);
	} else if (put(s, in, &qp, &when, &e) < 0) {
		server_trouble(s->server, TROUBLE_MESSAGE, e.text);
		refuse_with(s, session_words(REPLY_NOT_STORED), &refusal);
		refuse(s, &refusal);
	} else {
		accept_it(s, qp, when);
	}
}

/* The body had no end: nothing is stored. */
static void broken_off(struct session *s, int why)
{
	struct reply r = session_timeout_words(s);

	if (atomic_load(&s->server->stopping)) {
		session_close(s, REPLY_SHUTTING_DOWN, end_words(END_STOPPING));
	} else if (why == ETIMEDOUT) {
		verdicts(s, REASON_TIMEOUT, record_words(&r, &s->scratch));
		s->closing = true;
		transaction_end(s, end_words(END_TIMEOUT_IN_MESSAGE));
		session_reply(s, &r);
	} else if (why == EFBIG) {
		session_close(s, REPLY_TOO_BIG, end_words(END_ENDLESS));
	} else {
		s->closing = true;
		transaction_end(s, end_words(END_LEFT_IN_MESSAGE));
	}
}

/* Nobody to send it to.  Where the gate runs and all that were named have been refused, in spamdyke's words. */
static void no_recipients(struct session *s)
{
	struct reply r = session_words(s->t.open ? REPLY_RCPT_FIRST : REPLY_MAIL_FIRST);

	if (s->t.asked && s->port->policy.on)
		session_refusal_of(s, REASON_ZERO_RECIPIENTS, &r);
	session_reply(s, &r);
}

void session_data(struct session *s, const struct command *c)
{
	struct intake in;
	struct reply r;

	(void)c;
	if (!s->t.open || s->t.nnamed == 0) {
		no_recipients(s);
		return;
	}
	if (consult_data(s, &r)) {
		refuse(s, &(struct refusal){ r, REASON_MILTER, record_words(&r, &s->scratch) });
		return;
	}
	session_say(s, REPLY_GO_AHEAD);
	if (session_flush(s) < 0)
		return;
	if (s->port->policy.on)
		visit_message(&s->visit);
	intake_begin(&in, s->server->spool);
	if (take_body(s, &in) < 0)
		broken_off(s, errno);
	else
		conclude(s, &in);
	intake_clear(&in);
}
