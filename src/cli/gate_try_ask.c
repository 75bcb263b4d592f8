/* The visit that gate try makes up: the same steps as session/transaction.c and session/data.c, without a client. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/cli.h"
#include "cli/gate_try.h"

enum { ASK_MS = 10000 };

/* ---- whom we ask ---- */

/* The socket of a running program that lets us in: NULL after a message. */
static struct ipc_client *client(struct trial *t, const char *name)
{
	const char *path = proc_socket(t->conf, name);
	struct err e = { 0 };
	struct stat st;
	FD(probe) = ipc_connect(path, deadline_in(ASK_MS), &e);

	if (probe < 0 && errno == EACCES) {
		args_fail(CLI_NO, "you may not ask the server on %s: root may", conf_z(t->conf->top.data_dir));
		return NULL;
	}
	if (probe < 0) {
		args_fail(CLI_NO, "no server is running on %s", conf_z(t->conf->top.data_dir));
		return NULL;
	}
	/* Who is let in by the folder may still be no user of the server's: it hangs up then. */
	if (geteuid() != 0 && stat(path, &st) == 0 && st.st_uid != geteuid()) {
		args_fail(CLI_NO, "you may not ask the server on %s: root may", conf_z(t->conf->top.data_dir));
		return NULL;
	}
	return ipc_client_new(path);
}

static int make_rules(struct trial *t)
{
	struct err e = { 0 };
	BUF(packed);

	if (policy_check(t->conf, &e) < 0 || rules_pack(t->conf, &packed, &e) < 0 ||
	    rules_read(t->conf, &packed, &t->rules, &e) < 0)
		return args_fail(CLI_USAGE, "%s", e.text);
	policy_of(t->conf, t->port, &t->rules.lists, &t->policy);
	return 0;
}

/* ---- the visit ---- */

static void begin(struct trial *t)
{
	t->facts.ip = t->ip;
	t->facts.helo = t->helo;
	t->facts.host = t->conf->top.hostname;
	t->facts.mem = &t->mem;
	t->facts.authenticated = t->facts.may_relay = t->user.n > 0;
	t->facts.user = t->user;
	visit_begin(&t->visit, &t->rules, &t->policy, &t->facts, &t->mem);
	if (!t->policy.on)
		return;
	facts_set_sender(&t->facts, addr_key(&t->mem, &t->sender));
	vouched_begin(&t->vouched, &t->facts, &t->mem);
	visit_sender(&t->visit, &t->mem);
}

/* The words of a row, in our reply. */
static struct reply reply_of(enum reply_id id)
{
	const struct reply_row *r = reply_row(id);

	return (struct reply){ r->code, r->enhanced, str_of(r->text) };
}

static struct str hit_words(const struct hit *h, struct arena *a)
{
	if (h->file.n == 0)
		return h->entry;
	return h->line == 0 ? h->file : arena_fmt(a, "%.*s:%d", STR_ARG(h->file), h->line);
}

static void refused_by(struct trial *t, struct tried *x, const struct policy *p, const struct finding *by)
{
	const struct reason_row *row = reason_row(by->reason);

	x->accepted = false;
	gate_reply(p, &(struct refusal_words){ .why = by->reason, .more = by->more }, &t->mem, &x->reply);
	x->code = row->code;
	x->reason = hit_words(&by->hit, &t->mem);
	x->passes = str_of(row->word.passes);
}

static void refused_otherwise(struct trial *t, struct tried *x, const struct reply *r)
{
	BUF(words);

	x->accepted = false;
	x->reply = *r;
	reply_log(&words, r);
	x->code = reason_row(REASON_OTHER)->code;
	x->reason = arena_str(&t->mem, buf_str(&words));
}

/* true: the gate refuses.  Of one that was not looked up only that counts, as in a session. */
static bool judge(struct trial *t, struct tried *x, struct rcpt_state *state, bool looked, enum resolved known)
{
	visit_judge(&t->visit, x->view, &x->at, &t->mem);
	x->judged = looked || x->at.standing.refused;
	if (!x->at.standing.refused || known == RESOLVED_TEMPORARY)
		return false;
	state->invalid += x->at.standing.by.reason == REASON_INVALID_RECIPIENT;
	refused_by(t, x, x->view->policy, &x->at.standing.by);
	return true;
}

static bool find_view(struct trial *t, struct tried *x, struct str settings)
{
	struct reply r = reply_of(REPLY_RCPT_LIMIT);
	struct err e = { 0 };

	if (visit_recipient(&t->visit, settings, &x->view, &e) < 0)
		t->trouble = arena_str(&t->mem, str_of(e.text));
	if (x->view == NULL)
		refused_otherwise(t, x, &r);
	x->own = x->view != NULL && x->view != &t->visit.plain;
	return x->view != NULL;
}

static void by_check(struct trial *t, struct tried *x, const struct rcpt_outcome *out)
{
	if (out->check != NULL)
		x->check = arena_fmt(&t->mem, "%s: %s", out->check->title, out->check->description);
	if (out->accepted) {
		x->accepted = true;
		x->reply = out->reply;
		return;
	}
	refused_otherwise(t, x, &out->reply);
	x->advice = out->check != NULL ? str_of(out->check->word.advice) : str_of(NULL);
}

static void try_rcpt(struct trial *t, struct rcpt_set *set, struct rcpt_state *state, struct tried *x)
{
	bool looked = !rcpt_beyond_limits(set, state);
	struct rcpt_found found = { 0 };
	struct rcpt_outcome out;

	t->facts.rcpt = x->key;
	t->facts.accepted = state->accepted;
	facts_forget_recipient(&t->facts);
	if (looked) {
		rcpt_ask(set, t->from, &x->addr, &t->mem, &found, deadline_in(ASK_MS));
		facts_set_recipient(&t->facts, found.impossible ? RESOLVED_NO_MAILBOX : found.known, 0);
	}
	if (t->policy.on && (!find_view(t, x, found.settings) || judge(t, x, state, looked, found.known)))
		return;
	state->may_relay = t->policy.on ? gate_may_relay(&t->facts) : t->facts.authenticated;
	rcpt_judge(set, state, &found, &out);
	by_check(t, x, &out);
}

/* ---- the message ---- */

static struct str header_of(struct str message, struct str *body)
{
	ptrdiff_t at = str_find(message, STR("\r\n\r\n"));

	*body = at < 0 ? str_of(NULL) : str_skip(message, (size_t)at + 4);
	return at < 0 ? message : str_take(message, (size_t)at + 2);
}

static void try_message(struct trial *t)
{
	struct shares all = { .at = arena_alloc(&t->mem, (t->n + 1) * sizeof(*all.at)) };
	struct str body, header = header_of(t->message, &body);

	for (size_t i = 0; i < t->n; i++)
		if (t->rcpts[i].accepted)
			all.at[all.n++] =
			    (struct share){ .view = t->rcpts[i].view, .standing = t->rcpts[i].at.standing };
	if (!t->policy.on || all.n == 0)
		return;
	visit_message(&t->visit);
	vouched_header(&t->facts, header, clock_wall() / 1000);
	vouched_body(&t->facts, body);
	vouched_end(&t->facts);
	t->nvouching = vouched_findings(&t->facts, &t->mem, t->vouching);
	t->facts.header = header;
	visit_data(&t->visit, &all, &t->mem);
	for (size_t i = 0, k = 0; i < t->n; i++) {
		struct tried *x = &t->rcpts[i];

		if (!x->accepted)
			continue;
		x->data = *all.at[k].ruling;
		x->data_judged = true;
		x->junk = all.at[k++].junk;
		if (all.refused)
			refused_by(t, x, all.policy, &all.by);
	}
}

/* A listener for our own users hears nobody else. */
static bool login_is_missing(struct trial *t)
{
	const struct check_row *row = check_row(CHECK_MUST_AUTH);
	struct reply r = { row->reply, row->enhanced, str_of(row->text) };

	if (!t->port->set.submission || t->user.n > 0)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		t->rcpts[i].reply = r;
		t->rcpts[i].passes = STR("A login (--auth).");
	}
	return true;
}

int trial_ask(struct trial *t)
{
	struct rcpt_set set;
	struct rcpt_state state = { 0 };
	int rc = make_rules(t);

	if (rc != 0)
		return rc;
	if ((t->facts.dns = client(t, "dns.sock")) == NULL || (t->facts.lookup = client(t, "lookup.sock")) == NULL)
		return CLI_NO;
	set = rcpt_set_of(t->conf, t->facts.lookup);
	if (login_is_missing(t))
		return 0;
	begin(t);
	for (size_t i = 0; i < t->n; i++)
		try_rcpt(t, &set, &state, &t->rcpts[i]);
	if (t->has_message)
		try_message(t);
	return 0;
}

void trial_clear(struct trial *t)
{
	vouched_clear(&t->vouched);
	if (t->visit.rules != NULL)
		visit_end(&t->visit);
	facts_clear(&t->facts);
	rules_clear(&t->rules);
	if (t->facts.dns != NULL)
		ipc_client_free(t->facts.dns);
	if (t->facts.lookup != NULL)
		ipc_client_free(t->facts.lookup);
	arena_clear(&t->mem);
}

bool trial_taken(const struct trial *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->rcpts[i].accepted)
			return false;
	return true;
}
