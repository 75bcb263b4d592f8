/* bench/trace_logs.c - writes big logs for scripts/bench trace.
 *
 *	bench-trace-logs provider|ours|postfix|exim MEGABYTES SEED FOLDER
 *
 * The logs begin on Monday, 2021-03-08 at eight in the morning and end when so many bytes are written, in the middle
 * of things.  See trace_logs.h.
 */
#include "trace_logs.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOGS_MOST = 8, ZONE = 2 * 3600, BUFFER = 1 << 20 };

/* ---- chance: splitmix64 ---- */

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t chance_of(uint64_t n)
{
	return next() % n;
}

bool chance(unsigned permille)
{
	return chance_of(1000) < permille;
}

/* Each doubling of the rank is as likely as the one before. */
unsigned chance_rank(unsigned n)
{
	for (;;) {
		unsigned octave = 0, r;

		while ((n >> (octave + 1)) > 0)
			octave++;
		octave = (unsigned)chance_of(octave + 1);
		r = (unsigned)chance_of(UINT64_C(1) << octave) + (1u << octave) - 1;
		if (r < n)
			return r;
	}
}

/* ---- text and logs ---- */

static void add_list(struct text *t, const char *fmt, va_list list)
{
	for (;;) {
		va_list again;
		int n;

		va_copy(again, list);
		n = vsnprintf(t->p + t->n, t->cap - t->n, fmt, again);
		va_end(again);
		if (n < 0)
			errx(1, "no text of %s", fmt);
		if ((size_t)n < t->cap - t->n) {
			t->n += (size_t)n;
			return;
		}
		t->cap = t->cap * 2 + (size_t)n + 256;
		t->p = realloc(t->p, t->cap);
		if (t->p == NULL)
			err(1, "text");
	}
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	add_list(t, fmt, list);
	va_end(list);
}

struct log {
	FILE *f;
	enum stamp stamp;
};

static struct log logs[LOGS_MOST];
static unsigned nlogs;
static uint64_t written;

struct log *log_open(const char *name, enum stamp stamp)
{
	struct log *l = &logs[nlogs++];

	l->stamp = stamp;
	l->f = fopen(name, "we");
	if (l->f == NULL)
		err(1, "%s", name);
	setvbuf(l->f, NULL, _IOFBF, BUFFER);
	return l;
}

uint64_t logs_written(void)
{
	return written;
}

void logs_close(void)
{
	for (unsigned i = 0; i < nlogs; i++)
		if (fclose(logs[i].f) != 0)
			err(1, "close");
}

/* Days since 1970 as a date (proleptic Gregorian). */
static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

struct moment {
	int64_t second;
	char civil[32], syslog[32];
};

static const struct moment *moment(int64_t at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static struct moment known[64];
	int64_t second = at / SECOND + ZONE;
	struct moment *m = &known[second % 64];
	int year, month, day, of_day = (int)(second % 86400);
	char clock[16];

	if (m->second == second)
		return m;
	date_of(second / 86400, &year, &month, &day);
	snprintf(clock, sizeof(clock), "%02d:%02d:%02d", of_day / 3600 % 24, of_day / 60 % 60, of_day % 60);
	snprintf(m->civil, sizeof(m->civil), "%04d-%02d-%02d %s", year % 10000, month, day, clock);
	snprintf(m->syslog, sizeof(m->syslog), "%.3s %2d %s", months + (size_t)(month - 1) * 3, day, clock);
	m->second = second;
	return m;
}

void civil_text(int64_t at, char *out, size_t size)
{
	snprintf(out, size, "%s", moment(at)->civil);
}

static void stamp(struct log *l, struct text *t, int64_t at)
{
	const struct moment *m = moment(at);

	if (l->stamp == STAMP_COMMA)
		text_add(t, "%s, ", m->civil);
	else if (l->stamp == STAMP_EXIM)
		text_add(t, "%s ", m->civil);
	else
		text_add(t, "%s mx1 ", m->syslog);
}

void log_line(struct log *l, struct text *t, int64_t at, const char *fmt, ...)
{
	va_list list;

	stamp(l, t, at);
	va_start(list, fmt);
	add_list(t, fmt, list);
	va_end(list);
	text_add(t, "\n");
}

/* ---- events: a heap by moment, and by who came first ---- */

struct event {
	int64_t at;
	uint64_t number;
	void (*act)(int64_t at, void *with);
	void *with;
	struct log *log; /* of a text */
	size_t n;
};

static struct event *heap;
static size_t nheap, cap_heap;

static bool before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->number < b->number);
}

static void push(struct event e)
{
	static uint64_t number;
	size_t i = nheap++;

	if (nheap > cap_heap) {
		cap_heap = cap_heap * 2 + 1024;
		heap = realloc(heap, cap_heap * sizeof(*heap));
		if (heap == NULL)
			err(1, "events");
	}
	e.number = ++number;
	for (; i > 0 && before(&e, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event pop(void)
{
	struct event first = heap[0], last = heap[--nheap];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= nheap)
			break;
		if (child + 1 < nheap && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

void event_at(int64_t at, void (*act)(int64_t, void *), void *with)
{
	push((struct event){ .at = at, .act = act, .with = with });
}

void log_text(struct log *l, int64_t at, struct text *t)
{
	push((struct event){ .at = at, .log = l, .with = t->p, .n = t->n });
	*t = (struct text){ 0 };
}

void log_say(struct log *l, int64_t at, const char *fmt, ...)
{
	struct text t = { 0 };
	va_list list;

	stamp(l, &t, at);
	va_start(list, fmt);
	add_list(&t, fmt, list);
	va_end(list);
	text_add(&t, "\n");
	log_text(l, at, &t);
}

static void happen(int64_t until)
{
	while (nheap > 0 && heap[0].at <= until) {
		struct event e = pop();

		if (e.act != NULL) {
			e.act(e.at, e.with);
			continue;
		}
		if (fwrite(e.with, 1, e.n, e.log->f) != e.n)
			err(1, "write");
		written += e.n;
		free(e.with);
	}
}

/* ---- the day ---- */

/* In a thousandth of the busy hours' mail, by hour. */
static int64_t pause_at(const struct world *w, int64_t at)
{
	static const unsigned busy[24] = { 300, 250, 220,  200,  200, 250, 350, 550, 800, 1000, 1000, 1000,
					   950, 950, 1000, 1000, 950, 850, 700, 600, 550, 500,  450,  350 };
	unsigned hour = (unsigned)((at / SECOND + ZONE) / 3600 % 24);

	if (chance(100)) /* they come in bursts */
		return (int64_t)chance_of(20);
	return (int64_t)chance_of((uint64_t)w->pause * 2000 / busy[hour] + 1);
}

int main(int argc, char **argv)
{
	static const struct world *const worlds[] = { &world_provider, &world_ours, &world_postfix, &world_exim };
	const struct world *w = NULL;
	int64_t now = INT64_C(1615183200) * SECOND; /* 2021-03-08 06:00 UTC */
	uint64_t want;

	for (size_t i = 0; i < sizeof(worlds) / sizeof(*worlds) && argc == 5; i++)
		if (strcmp(argv[1], worlds[i]->name) == 0)
			w = worlds[i];
	if (w == NULL)
		errx(2, "usage: bench-trace-logs provider|ours|postfix|exim MEGABYTES SEED FOLDER");
	want = strtoull(argv[2], NULL, 10) * 1000000;
	state = strtoull(argv[3], NULL, 10);
	if (chdir(argv[4]) < 0)
		err(1, "%s", argv[4]);
	w->open(now);
	while (written < want) {
		happen(now);
		w->arrive(now);
		now += pause_at(w, now);
	}
	logs_close();
	return 0;
}
