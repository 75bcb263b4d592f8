/* The lines that are joined: those of pulled families where they stood, and behind them what is new. */
#include <string.h>

#include "base/clock.h"
#include "index/tail_inside.h"
#include "trace/group.h"

static void add_place(struct tail_file *f, struct source_place x)
{
	MUST(f->kept.n < f->kept.cap);
	f->kept.at[f->kept.n++] = x;
}

/* In which year the line before what is new was written: of each line that is read again it is known. */
static void tell_year(struct tail_file *f, const struct source_file *was)
{
	struct civil c;

	if (was->family != LOG_FOREIGN && was->family != LOG_SPAMDYKE)
		return;
	if (was->last == 0 || was->first_year == 0)
		return;
	c = civil_of_seconds(was->last);
	f->kept.year = c.year;
	f->kept.month = c.month;
}

/* A group of the SMTP log ends before what stands behind it. */
static void put_gap(struct tail_file *f, struct buf *text)
{
	const struct source_kept *k = &f->kept;

	if (text->n == 0)
		return;
	add_place(f, (struct source_place){ .number = k->at[k->n - 1].number, .at = (uint32_t)text->n });
	buf_addc(text, '\n');
}

/* The pulled lines of the file; where they end. */
static size_t put_pulled(struct tail *t, size_t i, size_t at, struct buf *text)
{
	struct tail_file *f = &t->files[i];
	const struct pull *p = &t->pull;

	for (; at < p->n && p->lines[at].file == i; at++) {
		const struct pulled_line *x = &p->lines[at];

		if (p->old && x->begins)
			put_gap(f, text);
		add_place(f, (struct source_place){ .offset = x->at,
						    .number = x->number,
						    .at = (uint32_t)text->n,
						    .year = civil_of_seconds(x->local).year,
						    .mute = x->mute,
						    .begins = x->begins,
						    .open = x->open,
						    .under_way = x->under_way });
		buf_add(text, x->text, x->length);
		buf_addc(text, '\n');
	}
	return at;
}

/* A group of an old log that had no end goes on; every other one ends before what is new.  False: it would go on, but
 * does not stand there. */
static bool put_end(struct tail *t, size_t i, struct buf *text)
{
	struct growth_file *g = &t->g->at[i];
	struct tail_file *f = &t->files[i];
	bool goes_on = t->pull.old && f->kept.n > 0 && f->kept.at[f->kept.n - 1].number == g->f.lines;
	BUF(end);

	if (!goes_on)
		put_gap(f, text);
	if (!t->pull.old || goes_on || g->from < 2 || g->to == g->from)
		return true;
	return growth_text(g, g->from - 2, g->from, &end) && str_eqz(buf_str(&end), "\n\n");
}

/* Its new lines, which stand in one piece. */
static bool put_new(struct tail *t, size_t i, struct buf *text)
{
	struct growth_file *g = &t->g->at[i];
	struct source_kept *k = &t->files[i].kept;

	k->ahead = g->from - text->n;
	k->lines_before = g->was > 0 ? (uint32_t)g->f.lines : 0;
	buf_need(text, (size_t)(g->to - g->from));
	return growth_text(g, g->from, g->to, text);
}

/* What is read from its beginning on, and nothing of it before, stands where it stands. */
static bool add_file(struct tail *t, size_t i, size_t first, size_t end)
{
	struct tail_file *f = &t->files[i];
	const struct growth_file *g = &t->g->at[i];
	struct source_file file = g->f;
	bool whole = g->from == 0 && first == end;

	f->kept = (struct source_kept){ .known = true, .order = (unsigned)i, .goes_on = g->from > 0 };
	file.kept = &f->kept;
	file.lines = file.unreadable = 0;
	file.strangers = 0;
	if ((g->f.family != LOG_FOREIGN && !(t->pull.old && g->f.family == LOG_SMTP)) || g->from == 0)
		file.first = file.last = 0;
	file.text = (struct buf){ 0 };
	if (!whole) {
		tell_year(f, &g->f);
		f->kept.cap = 2 * (end - first) + 1; /* and the gaps */
		f->kept.at = arena_alloc(&t->mem, f->kept.cap * sizeof(*f->kept.at));
		put_pulled(t, i, first, &file.text);
		if (g->f.family == LOG_SMTP && !put_end(t, i, &file.text))
			return false;
		f->kept.counted = (uint32_t)f->kept.n;
	}
	if (!put_new(t, i, &file.text)) {
		buf_clear(&file.text);
		return false;
	}
	source_add_kept(&t->source, file, STR(""));
	return true;
}

static bool add_files(struct tail *t)
{
	size_t at = 0;

	for (size_t i = 0; i < t->g->n; i++) {
		size_t end = at;

		while (end < t->pull.n && t->pull.lines[end].file == i)
			end++;
		if (!add_file(t, i, at, end))
			return false;
		at = end;
	}
	return true;
}

struct str tail_new_text(const struct tail *t, size_t file)
{
	const struct growth_file *g = &t->g->at[file];
	struct str all = buf_str(&t->source.files[file].text);

	return str_skip(all, all.n - (size_t)(g->to - g->from));
}

/* The table of the chapters comes out of the samples that its steps prove. */
static void say_zone(struct zone_table *z, const struct index *x)
{
	const struct zone_table *was = &x->facts.zone;

	for (size_t i = 0; i < was->nsteps; i++) {
		if (i > 0)
			zone_say(z, was->steps[i].from - 1, was->steps[i - 1].offset);
		zone_say(z, was->steps[i].from, was->steps[i].offset);
	}
	if (was->nsteps > 0)
		zone_say(z, x->root.zone_last, was->steps[was->nsteps - 1].offset);
}

/* Until where the other logs go bounds the year of the gate's. */
static int64_t newest_mail(const struct index *x)
{
	int64_t newest = 0;

	for (size_t i = 0; i < x->own.n; i++)
		if (x->own.files[i].family != LOG_SPAMDYKE && x->own.files[i].last > newest)
			newest = x->own.files[i].last;
	return newest;
}

static struct str new_text(void *with, size_t file)
{
	return tail_new_text(with, file);
}

int tail_read(struct tail *t, struct err *e)
{
	struct book *b = &t->book;

	source_init(&t->source);
	if (!add_files(t))
		return err_set(e, "the logs cannot be read");
	if (t->sets.at == NULL)
		sets_begin(&t->sets, t->ask->team, t->source.n, new_text, t);
	book_init(b, &t->source);
	b->one_clock = true;
	if (t->pull.old) {
		t->pull.known.tried = tail_old_tried;
		t->pull.known.with = t;
		b->known = &t->pull.known;
		b->zone.before = &t->ask->x->root.zone_before;
		b->newest = newest_mail(t->ask->x);
	} else if (t->ask->x != NULL) {
		say_zone(&b->zone, t->ask->x);
		b->newest = growth_foreign(t->g) ? 0 : newest_mail(t->ask->x);
	}
	group_read(b, clock_wall() / 1000);
	if (t->source.n != t->g->n)
		return err_set(e, "some logs are copies");
	for (size_t i = 0; i < t->g->n; i++)
		if (!str_eq(t->source.files[i].path, t->g->at[i].f.path))
			return err_set(e, "the logs stand in another order");
	complete(&t->tale, b);
	return 0;
}

void tail_forget(struct tail *t)
{
	sets_wait(&t->sets);
	book_clear(&t->book);
	source_clear(&t->source);
	t->tale = (struct tale){ 0 };
}
