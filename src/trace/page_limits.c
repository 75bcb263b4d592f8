/* What was searched, what could not be read, how the question was understood. */
#include "logs/foreign.h"
#include "trace/answer_parts.h"
#include "trace/page.h"

/* Files and troubles named at most; --json names all. */
enum { FILES_SHOWN = 20, TROUBLES_SHOWN = 50 };

static void put_list(struct page *g, const struct source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *packed = unpack_word(s->files[i].packed.form);

		page_fmt(g, "%s", i > 0 ? ", " : "  ");
		if (i == FILES_SHOWN) {
			page_fmt(g, "and %zu more", s->n - i);
			break;
		}
		answer_safe(g->out, s->files[i].path);
		if (packed != NULL)
			page_fmt(g, " (%s)", packed);
	}
	if (s->n == 0)
		page_fmt(g, "  no log file was found; folders inside a folder are not searched: name them with --logs");
	buf_addc(g->out, '\n');
}

static void put_counts(struct page *g)
{
	const struct book *b = &g->r->book;
	uint64_t lines = 0, unreadable = 0;

	for (size_t i = 0; i < b->source->n; i++) {
		lines += b->source->files[i].lines;
		unreadable += b->source->files[i].unreadable;
	}
	page_fmt(g, "  %zu file%s, %llu line%s, ", b->source->n, page_plural(b->source->n), (unsigned long long)lines,
		 page_plural(lines));
	if (unreadable == 0)
		page_fmt(g, "all understood");
	else
		page_fmt(g, "%llu of them not understood", (unsigned long long)unreadable);
	if (b->oldest != 0) {
		page_fmt(g, "; from ");
		page_time(g, zone_utc(&b->zone, b->oldest));
		page_fmt(g, " to ");
		page_time(g, zone_utc(&b->zone, b->newest));
	}
	buf_addc(g->out, '\n');
}

static void put_trouble(struct page *g, const struct source_file *f)
{
	struct str trouble = source_trouble(&g->r->mem, f);

	page_fmt(g, "  ");
	answer_safe(g->out, f->path);
	if (trouble.n > 0)
		page_fmt(g, ": %.*s%s", STR_ARG(trouble), f->unreadable > 0 ? ";" : "");
	else
		buf_addc(g->out, ':');
	if (f->unreadable > 0)
		page_fmt(g, " %llu line%s not understood%s", (unsigned long long)f->unreadable,
			 page_plural(f->unreadable), f->torn ? " (the last one has no end)" : "");
	buf_addc(g->out, '\n');
}

/* Whose lines were read, where they are not ours. */
static void put_servers(struct page *g, const struct source_file *f)
{
	unsigned servers = f->servers;

	page_fmt(g, "  ");
	answer_safe(g->out, f->path);
	page_fmt(g, ": read as a log of ");
	for (int i = 0; i < FOREIGN_SERVERS; i++) {
		if ((servers & 1u << i) == 0)
			continue;
		servers &= ~(1u << i);
		page_fmt(g, "%s%s", foreign_servers[i], servers == 0 ? "" : ", ");
	}
	if (f->strangers > 0)
		page_fmt(g, "; %llu line%s of programs that are no mail server", (unsigned long long)f->strangers,
			 page_plural(f->strangers));
	buf_addc(g->out, '\n');
}

static void put_formats(struct page *g)
{
	const struct source *s = g->r->book.source;

	for (size_t i = 0; i < s->n && i < 20; i++)
		if (s->files[i].servers != 0)
			put_servers(g, &s->files[i]);
}

static void put_troubles(struct page *g)
{
	const struct source *s = g->r->book.source;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct source_file *f = &s->files[i];

		if ((f->unreadable > 0 || f->packed.end != UNPACK_WHOLE) && n++ < TROUBLES_SHOWN)
			put_trouble(g, f);
	}
	if (n > TROUBLES_SHOWN)
		page_fmt(g, "  and %zu more files that were not understood to the last byte\n", n - TROUBLES_SHOWN);
	n = 0;
	for (const struct source_skip *k = s->skipped; k != NULL; k = k->next) {
		if (n++ >= TROUBLES_SHOWN)
			continue;
		page_fmt(g, "  not searched: ");
		answer_safe(g->out, k->path);
		page_fmt(g, " (");
		answer_safe(g->out, k->why);
		page_fmt(g, ")\n");
	}
	if (n > TROUBLES_SHOWN)
		page_fmt(g, "  not searched: %zu more (--json names them)\n", n - TROUBLES_SHOWN);
}

static void put_zone(struct page *g)
{
	static const char *const how[] = { [ZONE_SAID] = "said by the logs",
					   [ZONE_MEASURED] = "measured from the replies",
					   [ZONE_ASSUMED] = "assumed: this machine's; the logs do not say" };
	const struct book *b = &g->r->book;

	if (b->newest == 0)
		return;
	page_fmt(g, "  zone of the logs: ");
	zone_put(g->out, zone_at(&b->zone, zone_utc(&b->zone, b->newest)));
	page_fmt(g, " (%s)", how[b->zone.source]);
	if (g->r->frame.tz.n > 0) {
		page_fmt(g, "; times are shown in ");
		answer_safe(g->out, g->r->frame.tz);
	}
	if (b->year_guessed)
		page_fmt(g, "; the log without a year is taken for the latest that it can be");
	else if (b->year_proven)
		page_fmt(g, "; the year that syslog leaves out is proven by the lines themselves");
	if (b->zone.outliers > 0)
		page_fmt(g, "; %zu repl%s of another date or zone", b->zone.outliers,
			 b->zone.outliers == 1 ? "y is" : "ies are");
	buf_addc(g->out, '\n');
}

static void put_asked(struct page *g, const char *key, struct str text)
{
	if (text.n == 0)
		return;
	page_fmt(g, " %s:", key);
	answer_safe(g->out, text);
}

static bool midnight(struct page *g, int64_t utc)
{
	return (utc + day_offset(&g->r->frame, utc)) % 86400 == 0;
}

static void put_date(struct page *g, int64_t utc)
{
	struct civil c = civil_of_seconds(utc + day_offset(&g->r->frame, utc));

	page_fmt(g, "%04d-%02d-%02d", c.year, c.month, c.day);
}

/* Whole days: "2021-03-09 (+02:00)" or "2021-03-04 to 2021-03-10 (+02:00)". */
static void put_days(struct page *g, const struct span *s)
{
	put_date(g, s->from);
	if (s->to - s->from > 90000) {
		page_fmt(g, " to ");
		put_date(g, s->to - 1);
	}
	page_fmt(g, " (");
	zone_put(g->out, day_offset(&g->r->frame, s->from));
	page_fmt(g, ")");
}

static void put_moments(struct page *g, const struct span *s)
{
	if (s->from != INT64_MIN) {
		page_fmt(g, s->to != INT64_MAX ? "" : "from ");
		page_time(g, s->from);
	}
	if (s->to != INT64_MAX) {
		page_fmt(g, s->from != INT64_MIN ? " to " : "until ");
		page_time(g, s->to - (s->from != INT64_MIN));
	}
}

static void put_span(struct page *g)
{
	const struct span *s = &g->r->chosen.span;
	const struct question *q = &g->r->question;

	if (s->from == INT64_MIN && s->to == INT64_MAX)
		return;
	if (s->from >= s->to) {
		page_fmt(g, ", which is no time at all");
		return;
	}
	page_fmt(g, ", which is ");
	if (s->from != INT64_MIN && s->to != INT64_MAX && midnight(g, s->from) && midnight(g, s->to))
		put_days(g, s);
	else
		put_moments(g, s);
	if (g->r->frame.from_logs && question_relative(q))
		page_fmt(g, ", counted from the newest line of the logs");
}

static void put_question(struct page *g)
{
	const struct question *q = &g->r->question;

	page_fmt(g, "  asked:");
	for (size_t i = 0; i < q->n; i++)
		put_asked(g, filter_words[q->filters[i].kind], q->filters[i].value);
	put_asked(g, "on", q->on_text);
	put_asked(g, "after", q->after_text);
	put_asked(g, "before", q->before_text);
	put_span(g);
	buf_addc(g->out, '\n');
}

/* What a word of the question was taken for that did not say it. */
static void put_understood(struct page *g)
{
	const struct question *q = &g->r->question;

	for (size_t i = 0; i < q->n; i++) {
		const struct filter *f = &q->filters[i];

		if (f->word.n == 0 || (f->kind != FILTER_ID && g->r->chosen.n > 0))
			continue; /* an address that occurs is no surprise */
		page_fmt(g, "  ");
		answer_safe(g->out, f->word);
		if (f->kind != FILTER_ID)
			page_fmt(g, " is understood as an address; no message bears it as an id either\n");
		else if (f->whole)
			page_fmt(g, " is understood as a Message-ID: no such address occurs\n");
		else
			page_fmt(g, " is understood as an id: %s\n",
				 f->number > 0 ? "the number of a message, a connection or a delivery"
					       : "a queue id or a Message-ID");
	}
}

static void put_scope(struct page *g)
{
	const struct scope *sc = &g->r->scope;

	if (scope_all(sc))
		return;
	page_fmt(g, "  shown to the owner of ");
	answer_safe(g->out, sc->mailbox.n > 0 ? sc->mailbox : sc->domain);
	page_fmt(g, ": addresses of others are masked, in the question too; other recipients of a message and other "
		    "connections are not shown\n");
}

void page_limits(struct page *g)
{
	if (g->r->unreadable)
		page_unreadable(g);
	page_head(g, "Limits");
	if (g->r->asked)
		put_question(g);
	put_understood(g);
	page_erased(g);
	put_counts(g);
	put_list(g, g->r->book.source);
	put_formats(g);
	put_troubles(g);
	put_zone(g);
	if (answer_shown(g->r) < g->r->chosen.found)
		page_fmt(g, "  the limit was reached: %zu of %zu messages are shown (--limit)\n", answer_shown(g->r),
			 g->r->chosen.found);
	if (answer_reused(g->r) > 0) {
		page_fmt(g, "  ");
		page_fmt(g, ANSWER_REUSED, (unsigned long long)answer_reused(g->r), g->r->chosen.found);
		buf_addc(g->out, '\n');
	}
	put_scope(g);
}
