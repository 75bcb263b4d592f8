/* Which lines are kept: those of stories that are not over, and those of the last minute.
 *
 * Half of the room is for what came last, whatever it is: another log may
 * still have its say.  Of the rest, a story that waits is worth more than one that
 * was refused for now and may come again, and that more than one that is over.  The
 * least and oldest go first; a story that was not over is counted then.
 */
#include "trace/follow_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	MINUTE = 60,
	LOOSE = 16 << 10,  /* bytes at the end of a file whose lines are kept without a story */
	LEAST = 256 << 10, /* so much may come before it is worth a sweep */
	LEFT = FOLLOW_KEPT * 3 / 4,
	ZONES = 4,
	DAY = 86400
};

struct source_place *follow_place(const struct follow *f, const struct line *x)
{
	return &f->source.files[x->file].kept->at[x->number - 1];
}

struct walk {
	const struct follow *f;
	const struct scope *all;
	void (*see)(void *, const struct line *);
	void *with;
};

static void each_hop_line(void *with, const struct story *hop)
{
	struct walk *w = with;

	scope_each_line(w->all, &w->f->answer.book, hop, w->see, w->with);
}

void follow_each_line(const struct follow *f, const struct story *s, void (*see)(void *, const struct line *),
		      void *with)
{
	const struct scope all = { 0 };
	struct walk w = { f, &all, see, with };

	scope_each_line(&all, &f->answer.book, s, see, with);
	story_each_hop(s, each_hop_line, &w);
}

enum worth { OVER, FRESH, OPEN, REFUSED_FOR_NOW, WAITS };

struct keeper {
	struct follow *f;
	const struct story *story;
	enum worth worth;
	int64_t at;
	size_t bytes; /* of its lines that nobody has kept yet */
	uint32_t arrived;
	bool mark;
};

static enum worth worth_of(enum verdict v)
{
	switch (v) {
	case VERDICT_WAITING:
		return WAITS;
	case VERDICT_UNKNOWN:
		return OPEN;
	case VERDICT_REFUSED_TEMPORARILY:
		return REFUSED_FOR_NOW;
	default:
		return OVER;
	}
}

/* How long it may be before nobody expects anything of it. */
static int64_t patience(const struct follow *f, enum worth w)
{
	switch (w) {
	case WAITS:
		return (f->lifetime > 0 ? f->lifetime : 7 * DAY) + DAY;
	case OPEN:
		return DAY / 24;
	case REFUSED_FOR_NOW:
		return DAY;
	default:
		return MINUTE;
	}
}

static void see_line(void *with, const struct line *x)
{
	struct keeper *k = with;
	struct source_place *p = follow_place(k->f, x);

	if (p->arrived > k->arrived)
		k->arrived = p->arrived;
	p->owned = true;
	if (p->keep)
		return;
	k->bytes += x->length + 1u;
	p->keep = p->keep || k->mark;
}

static void judge(struct keeper *k, int64_t newest)
{
	const struct book *b = &k->f->answer.book;
	uint32_t now = follow_tick(k->f);

	k->worth = worth_of(k->story->verdict);
	for (const struct party *p = k->story->parties.first; p != NULL; p = p->next) {
		enum worth w = worth_of(verdict_of_party(b, k->story, p));

		k->worth = w > k->worth ? w : k->worth;
	}
	k->at = k->story->ended;
	follow_each_line(k->f, k->story, see_line, k);
	if (newest - k->at > patience(k->f, k->worth) &&
	    (k->arrived == 0 || now - k->arrived > MINUTE * 1000 / FOLLOW_TICK))
		k->worth = OVER;
	else if (k->worth == OVER)
		k->worth = FRESH;
}

static int latest_first(const void *a, const void *b)
{
	const struct keeper *x = a, *y = b;

	return x->at > y->at ? -1 : x->at < y->at;
}

static int by_worth(const void *a, const void *b)
{
	const struct keeper *x = a, *y = b;

	if (x->worth != y->worth)
		return x->worth > y->worth ? -1 : 1;
	return latest_first(a, b);
}

static void mark(struct keeper *k)
{
	const struct story *s = k->story;

	k->mark = true;
	k->bytes = 0;
	for (int i = 0; s != NULL && i < 64; s = ties_of(s)->parent, i++)
		follow_each_line(k->f, s, see_line, k);
}

/* Those that are not over, and those that just were.  First tries are kept with the story that they are told in. */
static size_t gather(struct follow *f, struct keeper *out)
{
	const struct book *b = &f->answer.book;
	int64_t newest = b->newest != 0 ? zone_utc(&b->zone, b->newest) : 0;
	size_t n = 0;

	for (const struct story *s = f->answer.tale.stories; s != NULL; s = s->later) {
		struct keeper k = { .f = f, .story = s };

		if (ties_of(s)->part_of != NULL)
			continue;
		judge(&k, newest);
		if (k.worth != OVER)
			out[n++] = k;
	}
	return n;
}

/* As many as there is room for, in this order. */
static size_t keep_some(struct keeper *at, size_t n, size_t room)
{
	size_t lost = 0;

	for (size_t i = 0; i < n; i++) {
		if (at[i].bytes > room) {
			lost += at[i].worth != FRESH && !at[i].mark;
			continue;
		}
		mark(&at[i]);
		room -= at[i].bytes < room ? at[i].bytes : room;
	}
	return lost;
}

static void say_forgotten(struct follow *f, size_t n)
{
	f->counts.forgotten += n;
	if (n == 0 || (f->said_forgotten > 0 && clock_mono() - f->said_forgotten < MINUTE * 1000))
		return;
	f->said_forgotten = clock_mono();
	follow_say(f,
		   "more mail waits, or was refused for now, than %d MiB of lines hold: the oldest is forgotten (%llu "
		   "stories), "
		   "its next step is told as if it were new",
		   FOLLOW_KEPT >> 20, (unsigned long long)f->counts.forgotten);
}

static void keep_stories(struct follow *f)
{
	struct keeper *all = mem_alloc((f->answer.tale.n + 1) * sizeof(*all));
	size_t n = gather(f, all);

	if (n > 0)
		qsort(all, n, sizeof(*all), latest_first);
	keep_some(all, n, LEFT / 2);
	if (n > 0)
		qsort(all, n, sizeof(*all), by_worth);
	say_forgotten(f, keep_some(all, n, LEFT / 2));
	free(all);
}

struct str follow_line(const struct follow_file *x, size_t i)
{
	size_t end = i + 1 < x->kept.n ? x->kept.at[i + 1].at : x->text.n;

	return str_mem(x->text.p + x->kept.at[i].at, end - x->kept.at[i].at);
}

/* What no story claims: the last lines, those just come, the empty line behind a group. */
static void keep_loose(struct follow *f, struct follow_file *x)
{
	uint32_t now = follow_tick(f);
	bool kept = false, room = x->text.n < FOLLOW_KEPT / 2;
	int zones = 0;

	for (size_t i = x->kept.n; i-- > 0;) {
		struct source_place *p = &x->kept.at[i];
		struct str line = follow_line(x, i);
		bool zone = (x->fd >= 0 || x->stands) && follow_is_zone(line) && zones++ < ZONES;

		p->keep = p->keep || i >= x->joined || zone ||
			  (!p->owned && ((room && p->arrived > 0 && now - p->arrived < 10000 / FOLLOW_TICK) ||
					 (x->fd >= 0 && x->text.n - p->at < LOOSE)));
		p->owned = false;
	}
	for (size_t i = 0; i < x->kept.n; i++) {
		bool empty = follow_line(x, i).n <= 1;

		x->kept.at[i].keep = x->kept.at[i].keep || (empty && kept);
		kept = x->kept.at[i].keep && !empty;
	}
}

static void compact(struct follow_file *x)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < x->kept.n; i++) {
		struct source_place p = x->kept.at[i];
		struct str line = follow_line(x, i);

		if (!p.keep)
			continue;
		memmove(x->text.p + at, line.p, line.n);
		p.at = (uint32_t)at;
		p.keep = false;
		x->kept.at[n++] = p;
		at += line.n;
	}
	x->kept.n = n;
	if (at < x->text.n)
		buf_trunc(&x->text, at);
}

static size_t bytes_kept(const struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->files[i]->text.n;
	return n;
}

void follow_keep(struct follow *f)
{
	if (bytes_kept(f) < 2 * f->kept_before + LEAST)
		return;
	keep_stories(f);
	for (size_t i = 0; i < f->n; i++) {
		keep_loose(f, f->files[i]);
		compact(f->files[i]);
	}
	f->kept_before = bytes_kept(f);
	if (f->kept_before > FOLLOW_KEPT / 2)
		f->kept_before = FOLLOW_KEPT / 2;
}
