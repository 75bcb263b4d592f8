/* MAIL and RCPT: who writes, and to whom. */
#include "base/clock.h"
#include "session/session.h"
#include "session/signing.h"

/* What the gate found before RCPT, as the policy of this recipient has it: told once for each policy. */
static void tell_view(struct session *s, struct view *w, struct str rcpt)
{
	s->t.gate_told = true;
	if (!s->port->policy.on || w->told)
		return;
	record_stage(s, &w->connect, rcpt);
	record_stage(s, &w->sender, rcpt);
	if (w != &s->visit.plain) {
		record_notes(s, &w->connect, rcpt);
		record_notes(s, &w->sender, rcpt);
	}
	w->told = true;
}

void transaction_end(struct session *s, const char *why)
{
	struct transaction *t = &s->t;
	/* All that it asked for was refused: it has its answer, however it left. */
	bool answered = t->open && t->last_rcpt.n > 0 && t->nnamed == 0;

	if (why != NULL)
		s->why = why;
	if (record_is_open(s)) {
		if (t->open && !t->gate_told)
			tell_view(s, &s->visit.plain, str_of(NULL));
		if (why != NULL && !answered)
			record_end(s, why);
		record_close(s);
	}
	consult_abort(s);
	signing_clear(t->signing);
	vouched_clear(&t->vouched);
	s->facts.vouched = NULL;
	visit_end(&s->visit);
	arena_clear(&t->mem);
	*t = (struct transaction){ 0 };
	s->rcpt.accepted = 0;
	s->rcpt.over = false;
}

static enum reply_id fault_reply(const struct command *c)
{
	bool mail = c->verb == VERB_MAIL, path = mail || c->verb == VERB_RCPT;

	switch (c->fault) {
	case COMMAND_PATH:
		return mail ? REPLY_BAD_SENDER : REPLY_BAD_ADDRESS;
	case COMMAND_UTF8:
		return REPLY_UTF8_ADDRESS;
	case COMMAND_PARAMETER:
		return REPLY_PARAMETERS;
	case COMMAND_VALUE:
		return REPLY_PARAMETER_VALUE;
	case COMMAND_ARGUMENT:
		return path ? REPLY_SYNTAX : REPLY_BAD_ARGUMENT;
	case COMMAND_UNKNOWN:
	case COMMAND_FOREIGN:
		return REPLY_UNIMPLEMENTED;
	default:
		return REPLY_BAD_ARGUMENT;
	}
}

struct reply session_fault(struct session *s, const struct command *c)
{
	struct reply r = session_words(fault_reply(c));

	if (c->fault == COMMAND_VALUE)
		r.text = arena_fmt(&s->scratch, "sorry, that parameter is not right: %s", c->why);
	return r;
}

static struct reply check_words(enum check c)
{
	const struct check_row *row = check_row(c);

	return (struct reply){ row->reply, row->enhanced, str_of(row->text) };
}

/* ---- MAIL ---- */

/* The gate's first two stages; what they earned stays pending until RCPT. */
static void judge_sender(struct session *s)
{
	if (!s->port->policy.on)
		return;
	facts_set_sender(&s->facts, s->t.sender_key);
	vouched_begin(&s->t.vouched, &s->facts, &s->t.mem);
	if (visit_sender(&s->visit, &s->t.mem))
		record_notes(s, &s->visit.connect, str_of(NULL));
	record_notes(s, &s->visit.plain.sender, str_of(NULL));
}

/* Why this MAIL cannot be taken; false when it can. */
static bool mail_refused(struct session *s, const struct command *c, struct reply *out)
{
	struct err e;

	if (c->fault != COMMAND_FINE) {
		*out = session_fault(s, c);
	} else if ((c->auth && !session_offers_auth(s)) || (c->requiretls && !session_offers_requiretls(s))) {
		*out = session_words(REPLY_PARAMETERS);
	} else if (s->port->conf->set.submission && !s->facts.authenticated) {
		record_check(s, check_row(CHECK_MUST_AUTH), str_of(NULL));
		*out = check_words(CHECK_MUST_AUTH);
	} else if (c->size > (uint64_t)s->server->conf->limits.message_size) {
		*out = session_words(REPLY_TOO_BIG);
	} else if (spool_ready(s->server->spool, c->size, &e) < 0) {
		server_trouble(s->server, TROUBLE_SENDER, e.text);
		*out = session_words(REPLY_NO_SPACE);
	} else {
		return false;
	}
	return true;
}

void session_mail(struct session *s, const struct command *c)
{
	struct transaction *t = &s->t;
	struct reply r;

	if (s->helo_at == 0 || t->open) {
		session_say(s, t->open ? REPLY_MAIL_TWICE : REPLY_HELO_FIRST);
		return;
	}
	t->sender = addr_text(&t->mem, &c->path);
	t->sender_key = addr_key(&t->mem, &c->path);
	record_from(s, c->fault == COMMAND_PATH || c->fault == COMMAND_UTF8 || c->fault == COMMAND_ARGUMENT
			   ? c->arg
			   : t->sender);
	if (mail_refused(s, c, &r)) {
		session_answer(s, &r);
		transaction_end(s, NULL);
		return;
	}
	t->open = true;
	t->envid = arena_str(&t->mem, c->envid);
	t->ret = c->ret;
	t->requiretls = c->requiretls;
	s->facts.sender = t->sender_key;
	judge_sender(s);
	if (consult_mail(s, c, &r)) {
		session_answer(s, &r);
		transaction_end(s, NULL);
		return;
	}
	r = session_words(REPLY_OK_MAIL);
	session_answer(s, &r);
}

/* ---- RCPT ---- */

static bool named_already(const struct transaction *t, struct str key)
{
	for (size_t i = 0; i < t->nnamed; i++)
		if (str_eq(t->named[i].key, key))
			return true;
	return false;
}

static void add_named(struct transaction *t, struct named n)
{
	if (t->nnamed == t->named_room) {
		size_t room = t->named_room == 0 ? 4 : 2 * t->named_room;

		t->named = arena_grow(&t->mem, t->named, t->nnamed, room, sizeof(*t->named));
		t->named_room = room;
	}
	t->named[t->nnamed++] = n;
}

/* What is asked about notices goes to each target; but that an alias of several was reached is told once, for the
 * first of them, and whom else it leads to is not (RFC 3461, 5.2.7.3).  A mailbox that sends copies on is told of
 * itself. */
static unsigned target_notify(const struct command *c, const struct rcpt_found *found, size_t i)
{
	if (found->n == 1 || (c->notify & NOTIFY_SUCCESS) == 0)
		return c->notify;
	if (i == 0)
		return c->notify | (found->targets[0].led == LED_PLAIN ? 0 : NOTIFY_EXPANDED);
	return c->notify == NOTIFY_SUCCESS ? NOTIFY_NEVER : c->notify & ~(unsigned)NOTIFY_SUCCESS;
}

static void add_targets(struct transaction *t, const struct rcpt_found *found, const struct command *c)
{
	struct str orcpt = arena_str(&t->mem, c->orcpt);

	if (t->nrcpts + found->n > t->room) {
		size_t room = 2 * (t->nrcpts + found->n);

		t->rcpts = arena_grow(&t->mem, t->rcpts, t->nrcpts, room, sizeof(*t->rcpts));
		t->room = room;
	}
	for (size_t i = 0; i < found->n; i++)
		t->rcpts[t->nrcpts++] = (struct recipient){ .final = arena_str(&t->mem, found->targets[i].final),
							    .original = arena_str(&t->mem, found->targets[i].original),
							    .channel = found->targets[i].channel,
							    .led = found->targets[i].led,
							    .replies = found->targets[i].replies,
							    .notify = target_notify(c, found, i),
							    .orcpt = orcpt };
}

/* Under which policy this recipient counts: false, with the reply, when there is none for it. */
static bool find_view(struct session *s, struct str settings, struct view **out, struct reply *r)
{
	struct err e;

	if (!s->port->policy.on)
		return true;
	if (visit_recipient(&s->visit, settings, out, &e) < 0)
		server_trouble(s->server, TROUBLE_SETTINGS, e.text);
	if (*out == NULL)
		*r = session_words(REPLY_RCPT_LIMIT);
	return *out != NULL;
}

/* What is known of a recipient when the gate judges it. */
enum looked { LOOKED_UP, NOT_LOOKED_UP, LOOKED_IN_VAIN };

/* The gate's word about this recipient: true when it refuses, with the reply, all of it logged.  Of one that was not
 * looked up only a refusal counts; of one whose settings cannot be known now, none: it might be wrong. */
static bool gate_refuses(struct session *s, struct named *x, enum looked looked, struct reply *r,
			 const struct effect **effects)
{
	const struct finding *by;
	struct ruling at;

	if (!s->port->policy.on)
		return false;
	visit_judge(&s->visit, x->view, &at, &s->scratch);
	x->standing = at.standing;
	if (looked == (at.standing.refused ? LOOKED_IN_VAIN : NOT_LOOKED_UP))
		return false;
	*effects = at.effects;
	record_stage(s, &at, x->text);
	record_notes(s, &at, x->text);
	if (!at.standing.refused)
		return false;
	session_effects(s, at.effects);
	by = &at.standing.by;
	if (by->filter->at < AT_RECIPIENT)
		record_finding(s, by, x->text);
	session_refusal(s, x->view->policy, by, r);
	/* Whoever names too many that are not here is guessing, whoever says so. */
	if (by->reason == REASON_INVALID_RECIPIENT)
		s->rcpt.invalid++;
	record_verdict(s, by->reason, x->text, record_hit(&by->hit, &s->scratch));
	return true;
}

static void ask(struct session *s, const struct addr *to, struct rcpt_found *found)
{
	int64_t began = clock_mono();

	rcpt_ask(&s->server->rcpt, s->t.sender, to, &s->scratch, found, deadline_in(SESSION_LOOKUP_WAIT));
	facts_set_recipient(&s->facts, found->impossible ? RESOLVED_NO_MAILBOX : found->known, clock_mono() - began);
	if (found->known == RESOLVED_TEMPORARY)
		server_trouble(s->server, TROUBLE_RECIPIENT, found->why.text);
}

/* Whom mail of this login could not reach for good, it is not taken for, where its mailbox wants that. */
static void ask_list(struct session *s, const struct addr *to, struct rcpt_outcome *out)
{
	struct suppressed x;

	if (!out->accepted || !s->facts.authenticated || to->domain.n == 0)
		return;
	if (lookup_suppressed(s->server->rcpt.lookup, s->facts.user, addr_key(&s->scratch, to), &s->scratch, &x,
			      deadline_in(SESSION_LOOKUP_WAIT)))
		rcpt_suppress(&s->rcpt, &x, &s->scratch, out);
}

/* The recipient check, told in its own lines. */
static void told_by_check(struct session *s, const struct rcpt_outcome *out, struct str rcpt)
{
	if (out->check != NULL)
		record_check(s, out->check, rcpt);
	if (out->extra != NULL)
		record_check(s, out->extra, rcpt);
	if (!out->accepted)
		record_other(s, &out->reply, rcpt);
}

/* Take it into the transaction. */
static void accept_rcpt(struct transaction *t, struct named x, const struct rcpt_found *found, const struct command *c)
{
	x.key = arena_str(&t->mem, x.key);
	x.standing.by.seen = arena_str(&t->mem, x.standing.by.seen);
	x.first = t->nrcpts;
	x.n = found->n;
	add_named(t, x);
	add_targets(t, found, c);
}

/* Everything about one well-formed RCPT that was not named before: the reply in *r. */
static void judge_rcpt(struct session *s, const struct command *c, struct named x, struct reply *r)
{
	const struct addr *to = &c->path;
	struct transaction *t = &s->t;
	struct rcpt_outcome out;
	struct rcpt_found found = { 0 };
	enum looked looked = NOT_LOOKED_UP;
	const struct effect *effects = NULL;

	s->facts.rcpt = x.key;
	s->facts.accepted = s->rcpt.accepted = t->nnamed;
	facts_forget_recipient(&s->facts);
	if (!rcpt_beyond_limits(&s->server->rcpt, &s->rcpt)) {
		ask(s, to, &found);
		looked = found.known == RESOLVED_TEMPORARY ? LOOKED_IN_VAIN : LOOKED_UP;
	}
	if (!find_view(s, found.settings, &x.view, r)) {
		record_other(s, r, x.text);
		return;
	}
	tell_view(s, x.view, x.text);
	if (gate_refuses(s, &x, looked, r, &effects))
		return;
	s->rcpt.may_relay = s->port->policy.on ? gate_may_relay(&s->facts) : s->facts.authenticated;
	rcpt_judge(&s->server->rcpt, &s->rcpt, &found, &out);
	ask_list(s, to, &out);
	if (out.accepted && t->nrcpts + found.n > ENVELOPE_RECIPIENTS_MAX) {
		*r = session_words(REPLY_RCPT_LIMIT);
		record_other(s, r, x.text);
		return;
	}
	told_by_check(s, &out, x.text);
	*r = out.reply;
	if (!out.accepted)
		return;
	if (consult_rcpt(s, to, x.text, r)) {
		record_verdict(s, REASON_MILTER, x.text, record_words(r, &s->scratch));
		return;
	}
	session_effects(s, effects);
	accept_rcpt(t, x, &found, c);
}

/* A RCPT that names nobody is told under the listener's own policy. */
static void rcpt_fault(struct session *s, struct reply words, struct reply *r)
{
	tell_view(s, &s->visit.plain, s->t.last_rcpt);
	*r = words;
}

void session_rcpt(struct session *s, const struct command *c)
{
	struct transaction *t = &s->t;
	size_t before = t->nnamed;
	struct named x = { 0 };
	struct reply r;

	if (!t->open) {
		session_say(s, REPLY_MAIL_FIRST);
		return;
	}
	t->asked = true;
	s->rcpts++;
	record_to(s, c->sent.n > 0 ? c->sent : c->arg);
	t->last_rcpt = arena_str(&t->mem, c->fault == COMMAND_FINE ? addr_text(&s->scratch, &c->path) : c->arg);
	x.text = t->last_rcpt;
	x.key = addr_key(&s->scratch, &c->path);
	if (c->fault != COMMAND_FINE)
		rcpt_fault(s, session_fault(s, c), &r);
	else if (addr_null(&c->path))
		rcpt_fault(s, session_words(REPLY_BAD_ADDRESS), &r);
	else if (named_already(t, x.key))
		r = session_words(REPLY_OK_RCPT);
	else
		judge_rcpt(s, c, x, &r);
	session_answer(s, &r);
	if (t->nnamed == before)
		session_count_error(s);
}
