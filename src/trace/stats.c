#include "trace/stats.h"

#include <stdlib.h>

#include "trace/page.h"
#include "trace/tell_foreign.h"
#include "trace/wish.h"

static const struct sheet_column totals_columns[] = { { CELL_TEXT, "what", "", false },
						      { CELL_COUNT, "count", "COUNT", false },
						      { CELL_SHARE, "share", "SHARE", false } };
static const struct sheet_form totals_form = {
	.name = "totals", .title = "In all", .columns = totals_columns, .ncolumns = 3, .tiles = true
};

/* When each story began, by its number: so it is found again. */
static void note_times(struct stats *s)
{
	const struct rows *r = &s->rows;

	s->ntimes = r->n > 0 ? (size_t)r->story[r->n - 1] + 1 : 0;
	s->times = mem_alloc((s->ntimes + 1) * sizeof(*s->times));
	for (size_t i = 0; i < r->n; i++)
		if (r->story[i] < s->ntimes)
			s->times[r->story[i]] = r->time[i];
}

static void take_rows(struct stats *s)
{
	struct answer *a = s->answer;

	if (!a->tale.store->rows(a->tale.store, a->chosen.span, &s->rows))
		return;
	note_times(s);
	rows_choose(&s->rows, &a->question, a->chosen.span);
	rows_settle(&s->rows);
}

static void make_rows(struct stats *s)
{
	struct answer *a = s->answer;
	struct rows_maker m;

	s->stories = a->chosen.at;
	rows_maker_init(&m, &s->rows, &a->book, &a->scope);
	m.question = a->asked ? &a->question : NULL;
	for (size_t i = 0; i < a->chosen.n && i < UINT32_MAX - 1; i++)
		rows_add(&m, a->chosen.at[i], (uint32_t)i);
	rows_maker_clear(&m);
}

void stats_begin(struct stats *s, struct report *r, const struct stats_ask *ask)
{
	*s = (struct stats){ .report = r, .answer = ask->answer, .top = ask->top };
	r->answer = ask->answer;
	if (ask->answer->rows)
		take_rows(s);
	else
		make_rows(s);
	r->counted = s->rows.n;
	if (!source_whole(ask->answer->book.source))
		report_say(
		    r, "%s",
		    "Some of the logs could not be read, or not to their end (see Limits): what stands there is not "
		    "counted.");
}

void stats_end(struct stats *s)
{
	rows_clear(&s->rows);
	free(s->times);
}

struct str stats_text(struct stats *s, const struct row_dict *d, uint32_t id, const char *empty)
{
	BUF(b);

	if (id >= d->n || d->text[id].n == 0)
		return str_of(empty);
	scope_mask(&s->answer->scope, &b, d->text[id]);
	return arena_str(s->report->mem, buf_str(&b));
}

struct str stats_name(struct stats *s, uint32_t name)
{
	return name < s->rows.names.n ? stats_text(s, &s->rows.names, name, "<>") : STR("-");
}

struct str stats_login(struct stats *s, uint32_t login)
{
	BUF(b);

	if (login >= s->rows.logins.n)
		return STR("-");
	scope_mask_login(&s->answer->scope, &b, s->rows.logins.text[login]);
	return arena_str(s->report->mem, buf_str(&b));
}

struct str stats_reason(struct stats *s, uint16_t reason)
{
	struct str words = row_reason_words(s->report->mem, reason);

	return words.n > 0 ? words : STR("(not known)");
}

/* Where only rows were taken, the stories of its second come to life: it has the same place among them. */
static const struct story *story_of(struct stats *s, uint32_t story)
{
	struct answer *a = s->answer;
	struct question any = { .n = 0 };
	struct chosen c;
	size_t first = story;

	if (!a->rows)
		return story < a->chosen.n ? s->stories[story] : NULL;
	if (story >= s->ntimes || s->times[story] == UINT32_MAX)
		return NULL;
	while (first > 0 && s->times[first - 1] == s->times[story])
		first--;
	c = (struct chosen){ .span = { s->times[story], (int64_t)s->times[story] + 1 } };
	select_stories(&c, &a->tale, &any, &a->scope);
	return story - first < c.n ? c.at[story - first] : NULL;
}

struct str stats_id(struct stats *s, uint32_t story)
{
	const struct story *x = story_of(s, story);
	const struct foreign *f = x != NULL ? tell_is_foreign(x) : NULL;

	if (x == NULL)
		return STR("");
	if (f != NULL && f->id.n > 0)
		return tell_question(s->report->mem, x);
	if (x->qp > 0)
		return arena_fmt(s->report->mem, "qp %llu", (unsigned long long)x->qp);
	for (const struct party *p = x->parties.first; p != NULL; p = p->next)
		if (p->gates != NULL && p->gates->connection > 0)
			return arena_fmt(s->report->mem, "connection %llu", (unsigned long long)p->gates->connection);
	if (x->visit != NULL && x->visit->connection > 0)
		return arena_fmt(s->report->mem, "connection %llu", (unsigned long long)x->visit->connection);
	return STR("");
}

int64_t stats_share(uint64_t n, uint64_t of)
{
	return of > 0 ? (int64_t)((n * 1000 + of / 2) / of) : CELL_UNKNOWN;
}

static void put_total(struct stats *s, struct sheet *sheet, const char *what, uint64_t n, int64_t share)
{
	struct cell *c = sheet_row(s->report, sheet);

	c[0].text = str_of(what);
	c[1].n = (int64_t)n;
	c[2].n = share;
}

static void put_totals(struct stats *s, const struct tally *all)
{
	struct sheet *sheet = report_sheet(s->report, &totals_form);
	uint64_t n = all->recipients;

	put_total(s, sheet, "messages", all->messages, CELL_UNKNOWN);
	put_total(s, sheet, "recipients", n, CELL_UNKNOWN);
	put_total(s, sheet, "taken", all->good, stats_share(all->good, n));
	put_total(s, sheet, "refused", all->refused, stats_share(all->refused, n));
	put_total(s, sheet, "put off, not seen again", all->put_off, stats_share(all->put_off, n));
	put_total(s, sheet, "returned", all->returned, stats_share(all->returned, n));
	put_total(s, sheet, "visits without a recipient", all->lost, CELL_UNKNOWN);
	put_total(s, sheet, "bytes", all->bytes, CELL_UNKNOWN);
	sheet->cells[sheet->nrows * totals_form.ncolumns - 2].as = CELL_BYTES;
}

void stats_tables(struct stats *s)
{
	struct tally all;

	tally_begin(&all);
	for (size_t i = 0; i < s->rows.n; i++)
		tally_add(&all, &s->rows, i);
	put_totals(s, &all);
	stats_put_volume(s, &all);
	stats_put_verdicts(s, &all);
	stats_put_latencies(s);
	stats_put_groups(s);
}

void stats_report(struct report *r, const struct stats_ask *ask)
{
	struct stats s;

	r->title = "Mail statistics";
	stats_begin(&s, r, ask);
	stats_tables(&s);
	stats_end(&s);
}
