/* What the lines of our SMTP log tell of a message. */
#include "base/cur.h"
#include "cli/replay.h"
#include "trace/ledger.h"
#include "trace/moment.h"
#include "trace/story.h"

/* Which fact a check's outcome tells, and whether `passed` says yes. */
static const struct {
	const char *filter, *stage; /* stage: NULL where the name says enough */
	enum recall_fact fact;
	bool passed_is_yes;
} checks[] = {
	{ "rbl-match", NULL, RECALL_DNSBL, false },
	{ "dns-whitelist", NULL, RECALL_DNSWL, false },
	{ "rhsbl-match", "connect", RECALL_RHSBL_RDNS, false },
	{ "rhsbl-match", "sender", RECALL_RHSBL_SENDER, false },
	{ "rhs-whitelist", "connect", RECALL_RHSWL_RDNS, false },
	{ "rhs-whitelist", "sender", RECALL_RHSWL_SENDER, false },
	{ "rdns-resolve", NULL, RECALL_RDNS_RESOLVES, true },
	{ "sender-no-mx", NULL, RECALL_SENDER_MX, true },
	{ "sender-not-local", NULL, RECALL_SENDER_LOCAL, true },
	{ "earlytalker", NULL, RECALL_EARLY, false },
};

bool recall_known(struct str s)
{
	return s.n > 0 && !str_eqz(s, "(unknown)") && !str_eqz(s, "(none)") && !str_eqz(s, "unknown");
}

/* ---- the lines ---- */

static void note(struct recorded *m, struct str stage, const struct ledger_check *x)
{
	bool yes = x->outcome == LEDGER_REFUSED || x->outcome == LEDGER_ALLOWED;

	if (x->outcome == LEDGER_SKIPPED || x->outcome == LEDGER_ERROR) {
		m->rdns_told = m->rdns_told && !(x->outcome == LEDGER_ERROR && str_eqz(x->name, "rdns-missing"));
		return;
	}
	for (size_t i = 0; i < COUNT(checks); i++) {
		if (!str_eqz(x->name, checks[i].filter))
			continue;
		if (checks[i].stage != NULL && stage.n > 0 && !str_eqz(stage, checks[i].stage))
			continue;
		if (checks[i].passed_is_yes)
			yes = x->outcome != LEDGER_REFUSED;
		if (stage.n > 0 || checks[i].stage == NULL)
			if (m->facts[checks[i].fact] != RECALLED_YES)
				m->facts[checks[i].fact] = yes ? RECALLED_YES : RECALLED_NO;
	}
	if (str_eqz(x->name, "spf"))
		m->spf_asked = true;
	if (str_eqz(x->name, "dmarc"))
		m->dmarc_asked = true;
}

void recall_listing(struct recorded *m, struct str about, struct str zone, struct str answer)
{
	if (m->nlistings == RECALL_LISTINGS || about.n == 0 || zone.n == 0)
		return;
	for (size_t i = 0; i < m->nlistings; i++)
		if (str_eq(m->listings[i].about, about) && str_eq(m->listings[i].zone, zone))
			return;
	m->listings[m->nlistings].about = about;
	m->listings[m->nlistings].zone = zone;
	m->listings[m->nlistings++].answer = answer;
}

/* "192.0.2.7 is listed at zen.example (127.0.0.2)" */
static void note_listing(struct recorded *m, struct str said)
{
	struct str about, rest, zone, answer;

	if (!str_cut(said, STR(" is listed at "), &about, &rest) || !str_cut(rest, STR(" ("), &zone, &answer))
		return;
	recall_listing(m, about, zone, str_ends(answer, STR(")")) ? str_take(answer, answer.n - 1) : answer);
}

/* "\"Subject: Big CASINO night\" matches Subject: *casino*" */
static struct str header_of(struct str said)
{
	ptrdiff_t end = str_find(said, STR("\" matches "));

	return end < 1 || said.p[0] != '"' ? STR("") : str_take(str_skip(said, 1), (size_t)end - 1);
}

static void note_words(struct recorded *m, const struct ledger_check *x)
{
	if (x->outcome == LEDGER_REFUSED || x->outcome == LEDGER_ALLOWED)
		note_listing(m, x->said);
	if (str_eqz(x->name, "spf"))
		m->spf = x->said;
	if (str_eqz(x->name, "dmarc"))
		m->dmarc = x->said;
	if (str_eqz(x->name, "header-blacklist") && x->outcome == LEDGER_REFUSED)
		m->header = header_of(x->said);
}

static bool of_gate(const struct line *x)
{
	return x->kind >= LOG_SMTP_GATE_REFUSED && x->kind <= LOG_SMTP_GATE_STAGE;
}

void recall_visit(struct recorded *m, const struct book *b, const struct visit *v)
{
	for (const struct line *x = v->lines.first; x != NULL; x = x->next) {
		struct ledger_check one;
		struct log_line l;

		if (!of_gate(x))
			continue;
		line_fields(b, x, &l);
		if (x->kind == LOG_SMTP_GATE_STAGE) {
			struct ledger walk = { .rest = l.field[LOG_F_summary] };

			while (ledger_next(&walk, &one))
				note(m, l.field[LOG_F_stage], &one);
		} else if (ledger_line(&l, &one)) {
			note(m, STR(""), &one);
			note_words(m, &one);
		}
	}
}

/* ---- the graylist ---- */

/* "12:01:05" or "2021-03-09 12:01:05" behind `mark`, as seconds without a zone, on the day of `local`; -1: none. */
static int64_t moment_in(struct str words, struct str mark, int64_t local)
{
	struct civil c = civil_of_seconds(local);
	struct str head, at;
	struct cur x;
	int64_t t;

	if (!str_cut(words, mark, &head, &at))
		return -1;
	x = cur_of(at);
	if (at.n >= 10 && at.p[4] == '-') {
		c.year = (int)cur_num(&x, 9999, "year");
		cur_want(&x, '-', "date");
		c.month = (int)cur_num(&x, 12, "month");
		cur_want(&x, '-', "date");
		c.day = (int)cur_num(&x, 31, "day");
		cur_want(&x, ' ', "space");
	}
	c.hour = (int)cur_num(&x, 23, "hour");
	cur_want(&x, ':', "time");
	c.minute = (int)cur_num(&x, 59, "minute");
	cur_want(&x, ':', "time");
	c.second = (int)cur_num(&x, 60, "second");
	if (!cur_ok(&x) || !civil_valid(c))
		return -1;
	t = civil_to_seconds(c);
	return t;
}

/* What it knew of the pair before it judged. */
static void gray_words(struct recorded_rcpt *x, const struct ledger_check *c, int64_t local)
{
	int64_t first = moment_in(c->said, STR("first seen "), local);
	int64_t passed = moment_in(c->said, STR("passed last "), local);
	int64_t at = first >= 0 ? first : passed;

	x->gray_known = at >= 0;
	/* It was first seen with this very try. */
	if (c->outcome == LEDGER_REFUSED && at >= local - 1)
		return;
	x->gray_first = at >= 0 ? (x->when - (local - at)) * 1000 : 0;
	x->gray_passed = passed >= 0 ? x->gray_first : 0;
}

void recall_graylist(struct recorded_rcpt *x, const struct book *b, const struct party *p)
{
	for (const struct line *y = p->to; y != NULL && (y == p->to || y->kind != LOG_SMTP_TO); y = y->next) {
		struct ledger_check one;
		struct log_line l;

		if (!of_gate(y))
			continue;
		line_fields(b, y, &l);
		if (ledger_line(&l, &one) && str_eqz(one.name, "graylisted") &&
		    (one.outcome == LEDGER_REFUSED || one.outcome == LEDGER_PASSED))
			gray_words(x, &one, p->to->local);
	}
}
