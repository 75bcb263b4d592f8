/* Each message of the logs as a record of its decisions: how they came off, what they saw, and what is known of their
 * recipients, by their own lines or by others of the same logs. */
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "trace/moment.h"
#include "trace/tell.h"

struct reading {
	struct replay *r;
	const struct book *book;
	unsigned char *known; /* by name: enum resolved + 1 of a recipient, as the logs show it; 0: they do not */
	struct map domains;   /* ours, as the logs show it */
};

/* The number of the reply that the spamdyke log quotes, else the stock one. */
static int code_of(struct reading *r, const struct gate *g, const struct reason_row *row)
{
	struct str said = log_reason_plain(&r->r->message, g->reason);
	uint64_t code = 0;

	if (row->reply > 0)
		return row == reason_row(REASON_RDNS_MISSING) ? 554 : row->reply;
	return str_u64(str_take(said, 3), 599, &code) && code >= 400 ? (int)code : 550;
}

/* How it came off; false: the logs do not say, or it is no decision of a gate. */
static bool what_was(struct reading *r, const struct party *p, struct outcome_of *out)
{
	struct told t = { .book = r->book, .mem = &r->r->message };
	const struct reason_row *row = tell_gate_reason(&t, p);
	const struct gate *g = p->last_gate;
	bool assumed;
	int code = p->code >= 400 ? p->code : p->visit != NULL ? p->visit->size_code : 0;

	if (row == reason_row(REASON_TIMEOUT) || row == reason_row(REASON_TLS_ENCRYPTED))
		return false;
	if (row == NULL && g != NULL)
		row = reason_by_code(g->code);
	if (row == NULL && (p->visit == NULL || p->visit->foreign != NULL || (code == 0 && p->code == 0)))
		return false;
	assumed = code == 0 && row == reason_row(REASON_RDNS_MISSING);
	if (code == 0 && row != NULL && g != NULL)
		code = code_of(r, g, row);
	if (code == 0)
		code = p->code; /* it was accepted, and the client left */
	*out = (struct outcome_of){ replay_end(code), "", assumed };
	if (out->end != REPLAY_TAKEN)
		out->why = row != NULL && row != reason_row(REASON_ALLOWED) ? row->code : "DENIED_OTHER";
	return true;
}

/* ---- the recipient ---- */

static struct str domain_of(struct str address)
{
	return str_skip(address, (size_t)(str_rchr(address, '@') + 1));
}

static const struct check_row *check_of(struct reading *r, const struct party *p)
{
	struct str said;
	struct log_line l;
	uint64_t code;

	if (p->check != NULL) {
		line_fields(r->book, p->check, &l);
		return check_by_words(l.field[LOG_F_title], l.field[LOG_F_description]);
	}
	if (p->last_gate == NULL || !str_eqz(p->last_gate->code, "DENIED_OTHER"))
		return NULL;
	said = log_reason_plain(&r->r->message, p->last_gate->reason);
	return str_u64(str_take(said, 3), 599, &code) ? check_by_reply((int)code, str_skip(said, 4)) : NULL;
}

/* What this decision itself tells of its recipient. */
static bool told_of(struct reading *r, const struct party *p, bool login, const struct outcome_of *was,
		    enum resolved *out)
{
	static const struct {
		enum check check;
		enum resolved means;
	} rows[] = {
		{ CHECK_FOUND, RESOLVED_MAILBOX },         { CHECK_CATCHALL, RESOLVED_CATCHALL },
		{ CHECK_RELAYING, RESOLVED_NOT_OURS },     { CHECK_RELAY_DENIED, RESOLVED_NOT_OURS },
		{ CHECK_NO_MAILBOX, RESOLVED_NO_MAILBOX }, { CHECK_OVER_QUOTA, RESOLVED_OVER_QUOTA },
	};
	const struct check_row *row = check_of(r, p);

	for (size_t i = 0; row != NULL && i < COUNT(rows); i++)
		if (row == check_row(rows[i].check)) {
			*out = rows[i].means;
			return true;
		}
	if (strcmp(was->why, "DENIED_RELAYING") == 0 || strcmp(was->why, "DENIED_INVALID_RECIPIENT") == 0) {
		*out = strcmp(was->why, "DENIED_RELAYING") == 0 ? RESOLVED_NOT_OURS : RESOLVED_NO_MAILBOX;
		return true;
	}
	*out = RESOLVED_MAILBOX;
	return row == NULL && was->end == REPLAY_TAKEN && !login; /* a stranger is not relayed for */
}

static bool has_login(const struct party *p)
{
	const struct visit *v = p->visit;

	return (v != NULL && recall_known(v->user)) || (p->gates != NULL && recall_known(p->gates->user));
}

/* First, what all of them together tell of the recipients. */
static void learn(struct reading *r, const struct tale *t)
{
	r->known = mem_alloc(t->book->nnames + 1);
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
			struct outcome_of was;
			enum resolved found;

			arena_reset(&r->r->message);
			if (!what_was(r, p, &was) || !told_of(r, p, has_login(p), &was, &found))
				continue;
			if (found != RESOLVED_NOT_OURS)
				map_put(&r->domains, domain_of(p->name->text), r);
			if (r->known[p->name->id] == 0 || found <= RESOLVED_CATCHALL)
				r->known[p->name->id] = (unsigned char)(found + 1);
		}
}

/* ---- the messages ---- */

static void read_client(struct reading *r, const struct story *s, struct recorded *m)
{
	const struct visit *v = s->visit;
	const struct gate *g = NULL;

	for (const struct party *p = s->parties.first; p != NULL && g == NULL; p = p->next)
		g = p->gates;
	m->ip = g != NULL ? g->ip : v->ip;
	m->rdns = g != NULL && recall_known(g->rdns) ? g->rdns : v != NULL && recall_known(v->rdns) ? v->rdns : STR("");
	m->rdns = arena_lower(&r->r->message, m->rdns);
	/* A gate's line always tells the name; without it the log may just not have said it. */
	m->rdns_told = m->rdns.n > 0 || g != NULL;
	m->helo = v != NULL ? v->helo : STR("");
	m->user = v != NULL && recall_known(v->user) ? v->user : g != NULL && recall_known(g->user) ? g->user : STR("");
	m->user = arena_lower(&r->r->message, m->user);
	m->sender = s->from->text;
	if (v != NULL && v->foreign == NULL)
		recall_visit(m, r->book, v);
}

/* What a refusal tells that has no line in the SMTP log. */
static void by_code(struct recorded *m, struct recorded_rcpt *x, const struct gate *g)
{
	static const struct {
		const char *code;
		enum recall_fact fact;
		enum recalled says;
	} rows[] = {
		{ "DENIED_RBL_MATCH", RECALL_DNSBL, RECALLED_YES },
		{ "DENIED_RDNS_RESOLVE", RECALL_RDNS_RESOLVES, RECALLED_NO },
		{ "DENIED_SENDER_NO_MX", RECALL_SENDER_MX, RECALLED_NO },
		{ "DENIED_SENDER_NOT_LOCAL", RECALL_SENDER_LOCAL, RECALLED_NO },
		{ "DENIED_EARLYTALKER", RECALL_EARLY, RECALLED_YES },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(x->was.why, rows[i].code) == 0 && m->facts[rows[i].fact] == RECALLED_NOT)
			m->facts[rows[i].fact] = rows[i].says;
	if (strcmp(x->was.why, "DENIED_RBL_MATCH") == 0 && g != NULL)
		recall_listing(m, m->ip, g->reason, STR("127.0.0.2"));
	if (strcmp(x->was.why, "DENIED_RHSBL_MATCH") == 0 && g != NULL) {
		recall_listing(m, m->rdns, g->reason, STR("127.0.0.2"));
		recall_listing(m, domain_of(m->sender), g->reason, STR("127.0.0.2"));
	}
	if (strcmp(x->was.why, "DENIED_GRAYLISTED") == 0)
		x->gray_known = true;
	if (strcmp(x->was.why, "DENIED_SPF") == 0 && m->spf.n == 0) {
		m->spf_asked = true;
		m->spf = STR("fail for the sender's domain");
	}
}

/* Neither client nor sender were refused. */
static bool is_past(const struct outcome_of *was)
{
	const struct reason_row *row = reason_by_code(str_of(was->why));

	return was->end == REPLAY_TAKEN || row == reason_row(REASON_OTHER) || (row != NULL && !row->whole);
}

static void read_rcpt(struct reading *r, const struct party *p, struct recorded *m, struct recorded_rcpt *x)
{
	unsigned char known = r->known[p->name->id];

	x->address = p->name->text;
	x->pair = (uint64_t)p->story->from->id << 32 | p->name->id;
	x->known = told_of(r, p, has_login(p), &x->was, &x->found);
	if (!x->known && known != 0) {
		x->known = true;
		x->found = (enum resolved)(known - 1);
	}
	x->ours = map_get(&r->domains, domain_of(p->name->text)) != NULL;
	recall_graylist(x, r->book, p);
	by_code(m, x, p->last_gate);
	m->past = m->past || is_past(&x->was);
}

static struct str label_of(const struct reading *r, const struct story *s)
{
	if (s->visit == NULL || s->visit->lines.first == NULL)
		return STR("");
	return r->book->source->files[s->visit->lines.first->file].label;
}

static bool is_decision(const struct story *s, const struct party *p)
{
	return s->from != NULL && (p->gates != NULL || (s->visit != NULL && s->visit->ip.n > 0));
}

static void message(struct reading *r, const struct story *s)
{
	struct recorded m = { .label = label_of(r, s) };
	bool on = replay_gate_on(r->r->gate, m.label);

	arena_reset(&r->r->message);
	m.rcpts = arena_alloc(&r->r->message, (s->parties.n + 1) * sizeof(*m.rcpts));
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		struct recorded_rcpt *x = &m.rcpts[m.n];

		*x = (struct recorded_rcpt){ .when = p->to != NULL ? moment_of(r->book, p->to) : s->time };
		if (x->when < r->r->since)
			continue;
		if (!on || !is_decision(s, p) || !what_was(r, p, &x->was)) {
			r->r->left_out++;
			continue;
		}
		if (m.n == 0)
			read_client(r, s, &m);
		read_rcpt(r, p, &m, x);
		m.n++;
	}
	if (m.n > 0)
		replay_judge(r->r, &m);
}

void replay_tale(struct replay *replay, struct tale *t)
{
	struct reading r = { .r = replay, .book = t->book };

	learn(&r, t);
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		message(&r, s);
	map_clear(&r.domains);
	free(r.known);
}
