/* "All mail from partner.example is refused since Monday": since when, why, from where, and what is different since.
 *
 * The change is the moment that parts the rows into two halves whose shares of refused mail differ most (the sum of
 * squares between them is greatest); what comes before is compared with what comes after.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/stats_change.h"

static const struct sheet_column reason_columns[] = {
	{ CELL_TEXT, "reason", "REASON", false }, { CELL_COUNT, "before", "BEFORE", false },
	{ CELL_COUNT, "since", "SINCE", false },  { CELL_TIME, "first", "FIRST", false },
	{ CELL_TIME, "last", "LAST", false },     { CELL_TEXT, "meaning", "MEANING", true },
};
static const struct sheet_form reasons_form = {
	.name = "reasons", .title = "Refused or returned, by reason", .columns = reason_columns, .ncolumns = 6
};

static const struct sheet_column client_columns[] = { { CELL_TEXT, "address", "CLIENT", false },
						      { CELL_TEXT, "network", "NETWORK", true },
						      { CELL_COUNT, "before", "BEFORE", false },
						      { CELL_COUNT, "since", "SINCE", false },
						      { CELL_COUNT, "since_refused", "REFUSED SINCE", false },
						      { CELL_TIME, "first", "FIRST", false },
						      { CELL_TIME, "last", "LAST", true } };
static const struct sheet_form clients_form = {
	.name = "clients", .title = "Where it came from", .columns = client_columns, .ncolumns = 7
};

bool change_is_bad(const struct rows *r, size_t i)
{
	return r->verdict[i] == VERDICT_REFUSED || r->verdict[i] == VERDICT_REFUSED_TEMPORARILY ||
	       r->verdict[i] == VERDICT_RETURNED;
}

/* Nobody refused it, and no log that was read says more (the gate's ALLOWED alone). */
static bool is_open(const struct rows *r, size_t i)
{
	return r->verdict[i] == VERDICT_UNKNOWN && r->to[i] != UINT32_MAX;
}

bool change_is_let_in(const struct rows *r, size_t i)
{
	return r->verdict[i] == VERDICT_DELIVERED || r->verdict[i] == VERDICT_FORWARDED ||
	       r->verdict[i] == VERDICT_RELAYED || is_open(r, i);
}

/* The rows stand newest first, as the stories were chosen. */
static void order_rows(struct change *c)
{
	const struct rows *r = &c->s.rows;

	c->order = mem_alloc((r->n + 1) * sizeof(*c->order));
	for (size_t i = r->n; i-- > 0;)
		if (r->time[i] != UINT32_MAX && (change_is_bad(r, i) || change_is_let_in(r, i)))
			c->order[c->n++] = (uint32_t)i;
}

static void count_sides(struct change *c)
{
	const struct rows *r = &c->s.rows;

	for (size_t i = 0; i < c->n; i++) {
		c->open += is_open(r, c->order[i]) ? r->times[c->order[i]] : 0;
		c->all[i >= c->at] += r->times[c->order[i]];
		c->bad[i >= c->at] += change_is_bad(r, c->order[i]) ? r->times[c->order[i]] : 0;
	}
}

/* Share since minus share before must be this much, in hundredths, to be called a change. */
enum { CLEARLY = 30 };

static void find_change(struct change *c)
{
	const struct rows *r = &c->s.rows;
	double best = 0, bad = 0, all = 0, bad_before = 0, before = 0;

	for (size_t i = 0; i < c->n; i++) {
		all += r->times[c->order[i]];
		bad += change_is_bad(r, c->order[i]) ? r->times[c->order[i]] : 0;
	}
	c->at = c->n;
	for (size_t i = 0; i < c->n; i++) {
		double since = all - before, rise, gain;

		rise = before > 0 ? (bad - bad_before) / since - bad_before / before : 0;
		gain = rise > 0 ? rise * rise * before * since / all : 0;
		if (gain > best) {
			best = gain;
			c->at = i;
		}
		before += r->times[c->order[i]];
		bad_before += change_is_bad(r, c->order[i]) ? r->times[c->order[i]] : 0;
	}
	count_sides(c);
	c->clear = c->all[0] > 0 && c->all[1] > 0 && c->bad[1] >= 2 &&
		   c->bad[1] * 100 / c->all[1] >= c->bad[0] * 100 / c->all[0] + CLEARLY;
}

static struct str time_words(struct change *c, uint32_t t)
{
	struct cell cell = { .n = t };
	BUF(b);

	sheet_put(&b, c->s.report, CELL_TIME, &cell);
	return arena_str(c->s.report->mem, buf_str(&b));
}

static const char *weekday(const struct change *c, uint32_t t)
{
	static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday" };
	int64_t local = (int64_t)t + day_offset(&c->s.answer->frame, t);

	return names[civil_weekday((local - ((local % 86400) + 86400) % 86400) / 86400)];
}

/* The first (from `from` on) that was not let in; c->n: none. */
static size_t first_bad(const struct change *c, size_t from)
{
	while (from < c->n && !change_is_bad(&c->s.rows, c->order[from]))
		from++;
	return from;
}

static void say_when(struct change *c)
{
	const uint32_t *time = c->s.rows.time;
	size_t first = first_bad(c, 0), turn = first_bad(c, c->clear ? c->at : 0);

	if (first == c->n) {
		report_say(c->s.report, "Nothing of it was refused or returned.");
		return;
	}
	if (!c->clear && c->bad[0] + c->bad[1] == c->all[0] + c->all[1]) {
		report_say(
		    c->s.report,
		    "All of it was refused or returned, from the first that these logs hold (%.*s) on: %llu of %llu "
		    "recipients. How it was before stands in no log that was searched.",
		    STR_ARG(time_words(c, time[c->order[first]])), (unsigned long long)c->bad[1] + c->bad[0],
		    (unsigned long long)c->all[1] + c->all[0]);
		return;
	}
	if (!c->clear) {
		report_say(
		    c->s.report,
		    "There is no moment since which clearly more is refused: %llu of %llu recipients were refused or "
		    "returned, the first at %.*s.",
		    (unsigned long long)(c->bad[0] + c->bad[1]), (unsigned long long)(c->all[0] + c->all[1]),
		    STR_ARG(time_words(c, time[c->order[first]])));
		return;
	}
	report_say(c->s.report,
		   "Since %s, %.*s, %llu of %llu recipients were refused or returned; before that, %llu of %llu.",
		   weekday(c, time[c->order[turn]]), STR_ARG(time_words(c, time[c->order[turn]])),
		   (unsigned long long)c->bad[1], (unsigned long long)c->all[1], (unsigned long long)c->bad[0],
		   (unsigned long long)c->all[0]);
	if (first < turn)
		report_say(c->s.report, "The first refusal of all in these logs was before that, at %.*s.",
			   STR_ARG(time_words(c, time[c->order[first]])));
}

static void say_open(struct change *c)
{
	if (c->open > 0)
		report_say(
		    c->s.report,
		    "%llu recipient%s not refused as far as these logs show; what became of %s stands in none of them.",
		    (unsigned long long)c->open, c->open == 1 ? " was" : "s were", c->open == 1 ? "it" : "them");
}

static struct str first_sentence(struct str s)
{
	ptrdiff_t end = str_find(s, STR(". "));

	return end < 0 ? s : str_take(s, (size_t)end + 1);
}

/* Who must act, once, for the reason that most of it was refused for. */
static void say_reason(struct change *c, uint16_t reason, uint64_t before)
{
	struct report *r = c->s.report;
	const struct word *w = row_reason_word(reason);
	struct str name = stats_reason(&c->s, reason);

	report_say(r, "Most often for the reason %.*s%s. %s%s%s", STR_ARG(name),
		   c->clear && before == 0 ? ", which did not occur before" : "", w != NULL ? w->meaning : "",
		   w != NULL && w->advice[0] != '\0' ? " " : "", w != NULL ? w->advice : "");
	if (w != NULL && w->passes != NULL && w->passes[0] != '\0')
		report_say(r, "What would let it in: %s", w->passes);
}

static void put_reasons(struct change *c)
{
	const struct rows *r = &c->s.rows;
	struct sheet *sheet = report_sheet(c->s.report, &reasons_form);
	uint32_t *key = stats_key_narrow(NULL, r->reason, r->n, 0);
	uint64_t *before = mem_alloc(((size_t)UINT16_MAX + 1) * sizeof(*before));
	struct groups g;

	for (size_t i = 0; i < r->n; i++)
		key[i] = change_is_bad(r, i) ? key[i] : UINT32_MAX;
	for (size_t i = 0; i < c->at; i++)
		before[r->reason[c->order[i]]] += change_is_bad(r, c->order[i]) ? r->times[c->order[i]] : 0;
	stats_group(&g, r, key, UINT16_MAX, c->s.top, BY_RECIPIENTS_AND_VISITS, c->s.report->mem);
	sheet->more = g.more;
	for (size_t i = 0; i < g.n; i++) {
		struct cell *cell = sheet_row(c->s.report, sheet);
		uint16_t reason = (uint16_t)g.at[i].key;
		const struct word *w = row_reason_word(reason);
		int64_t all = (int64_t)g.at[i].tally.recipients + g.at[i].tally.lost;

		cell[0].text = stats_reason(&c->s, reason);
		cell[1].n = c->clear ? (int64_t)before[reason] : CELL_UNKNOWN;
		cell[2].n = c->clear ? all - (int64_t)before[reason] : all;
		cell[3].n = g.at[i].tally.first;
		cell[4].n = g.at[i].tally.last;
		cell[5].text = first_sentence(str_of(w != NULL ? w->meaning : ""));
	}
	if (g.n > 0)
		say_reason(c, (uint16_t)g.at[0].key, before[g.at[0].key]);
	free(before);
	free(key);
}

/* By address: where it came from before and since. */
static void put_clients(struct change *c)
{
	struct rows *r = &c->s.rows;
	struct sheet *sheet = report_sheet(c->s.report, &clients_form);
	uint32_t *key; /* of those that were let in or refused: others have no row here */
	uint64_t(*count)[3];
	struct groups g;

	if (first_bad(c, 0) == c->n)
		return;
	count = mem_alloc((r->ips.n + 1) * sizeof(*count));
	key = mem_alloc((r->n + 1) * sizeof(*key));
	memset(key, 0xff, r->n * sizeof(*key));
	for (size_t i = 0; i < c->n; i++) {
		size_t row = c->order[i];
		uint64_t *x = count[r->ip[row] < r->ips.n ? r->ip[row] : r->ips.n];
		bool since = !c->clear || i >= c->at;

		x[since] += r->times[row];
		x[2] += since && change_is_bad(r, row) ? r->times[row] : 0;
		key[row] = r->ip[row];
	}
	stats_group(&g, r, key, r->ips.n, c->s.top, BY_RECIPIENTS_AND_VISITS, c->s.report->mem);
	sheet->more = g.more;
	for (size_t i = 0; i < g.n; i++) {
		uint32_t ip = g.at[i].key;
		struct cell *cell = sheet_row(c->s.report, sheet);

		cell[0].text = stats_text(&c->s, &r->ips, ip, "-");
		cell[1].text = stats_text(&c->s, &r->nets, r->ips.of[ip], "-");
		cell[2].n = c->clear ? (int64_t)count[ip][0] : CELL_UNKNOWN;
		cell[3].n = (int64_t)count[ip][1];
		cell[4].n = (int64_t)count[ip][2];
		cell[5].n = g.at[i].tally.first;
		cell[6].n = g.at[i].tally.last;
	}
	free(key);
	free(count);
}

/* The latest that was refused, with the question that shows it in full. */
static void say_example(struct change *c)
{
	const struct rows *r = &c->s.rows;
	size_t i = c->n;
	struct str id;

	while (i > 0 && !change_is_bad(r, c->order[i - 1]))
		i--;
	if (i == 0)
		return;
	i = c->order[i - 1];
	id = stats_id(&c->s, r->story[i]);
	report_say(c->s.report, "The latest of them: %.*s from %.*s to %.*s, %s%.*s%.*s.",
		   STR_ARG(time_words(c, r->time[i])), STR_ARG(stats_name(&c->s, r->from[i])),
		   STR_ARG(stats_name(&c->s, r->to[i])), verdict_words[r->verdict[i]],
		   STR_ARG(id.n > 0 ? STR("; in full: telltale trace ") : STR("")), STR_ARG(id));
}

void stats_changed(struct report *r, const struct stats_ask *ask)
{
	struct change c = { 0 };

	r->title = "What changed";
	stats_begin(&c.s, r, ask);
	order_rows(&c);
	find_change(&c);
	if (c.n == 0)
		report_say(r, "No message fits that was taken or refused.");
	else
		say_when(&c);
	say_open(&c);
	change_differences(&c);
	put_reasons(&c);
	put_clients(&c);
	say_example(&c);
	free(c.order);
	stats_end(&c.s);
}
