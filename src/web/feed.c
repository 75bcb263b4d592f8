#include "web/feed.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"

struct feed *feed_new(struct str key)
{
	struct feed *f = mem_alloc(sizeof(*f));

	f->key = arena_str(&f->mem, key);
	f->conn.fd = -1;
	if (getrandom(&f->mark, sizeof(f->mark), 0) != sizeof(f->mark))
		f->mark = (uint64_t)clock_mono_us();
	f->mark >>= 12; /* fits into what any client keeps */
	pthread_mutex_init(&f->mutex, NULL);
	cond_init(&f->news);
	return f;
}

static void drop_oldest(struct feed *f)
{
	struct buf *b = &f->at[f->first % LIVE_EVENTS_MAX];

	f->bytes -= b->n;
	buf_clear(b);
	f->first++;
}

void feed_free(struct feed *f)
{
	while (f->first < f->last)
		drop_oldest(f);
	buf_clear(&f->refusal);
	cond_clear(&f->news);
	pthread_mutex_destroy(&f->mutex);
	arena_clear(&f->mem);
	free(f);
}

void feed_wake(struct feed *f)
{
	pthread_mutex_lock(&f->mutex);
	cond_broadcast(&f->news);
	pthread_mutex_unlock(&f->mutex);
}

/* An event is lines, and ends with an empty one: data with a line end of its own would be cut there. */
static void put(struct buf *b, const struct feed *f, struct str name, struct str data)
{
	buf_fmt(b, "id: %llu-%llu\nevent: %.*s\n", (unsigned long long)f->mark, (unsigned long long)f->last,
		STR_ARG(name));
	do {
		struct str line;

		(void)str_cut(data, STR("\n"), &line, &data);
		buf_fmt(b, "data: %.*s\n", STR_ARG(line));
	} while (data.n > 0);
	buf_addc(b, '\n');
}

void feed_add(struct feed *f, struct str name, struct str data)
{
	struct buf *b;

	while (f->last > f->first && (f->last - f->first == LIVE_EVENTS_MAX || f->bytes + data.n > LIVE_BYTES_MAX))
		drop_oldest(f);
	b = &f->at[f->last % LIVE_EVENTS_MAX];
	put(b, f, name, data);
	f->bytes += b->n;
	f->last++;
	feed_wake(f);
}

void feed_began(struct feed *f)
{
	f->begun = true;
	feed_wake(f);
}

void feed_end(struct feed *f)
{
	f->over = true;
	feed_wake(f);
}

void feed_wait(struct feed *f, uint64_t number, int64_t deadline)
{
	pthread_mutex_lock(&f->mutex);
	if (f->last <= number && !f->over)
		cond_wait(&f->news, &f->mutex, deadline);
	pthread_mutex_unlock(&f->mutex);
}

void feed_wait_begun(struct feed *f, int64_t deadline)
{
	pthread_mutex_lock(&f->mutex);
	while (!f->begun && !f->over && clock_mono() < deadline)
		cond_wait(&f->news, &f->mutex, deadline);
	pthread_mutex_unlock(&f->mutex);
}

uint64_t feed_begin(const struct feed *f, struct str last_id)
{
	struct str mark, number;
	uint64_t m, n;

	if (str_cut(last_id, STR("-"), &mark, &number) && str_u64(mark, UINT64_MAX, &m) && m == f->mark &&
	    str_u64(number, UINT64_MAX, &n) && n < f->last)
		return n + 1;
	return f->first;
}
