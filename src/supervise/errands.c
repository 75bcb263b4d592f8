#include "supervise/errands.h"

#include <stddef.h>

#include "base/clock.h"

static int64_t tick_rotation(struct errands *x, const struct generation *g)
{
	return rotation_tick(&x->rotation, g);
}

static int64_t tick_letters(struct errands *x, const struct generation *g)
{
	return letters_tick(&x->letters, g);
}

static int64_t tick_indexing(struct errands *x, const struct generation *g)
{
	return indexing_tick(&x->indexing, g);
}

static void ended_rotation(struct errands *x, bool well)
{
	(void)x; /* its next owner is due, and a part that was left has its turn on the next day */
	(void)well;
}

static void ended_letters(struct errands *x, bool well)
{
	letters_ended(&x->letters, well);
}

static void ended_indexing(struct errands *x, bool well)
{
	indexing_ended(&x->indexing, well);
}

#define AT(member) offsetof(struct errands, member.errand)

static const struct {
	const char *program, *lacking;
	size_t at; /* of its struct errand */
	bool seals;
	int64_t (*tick)(struct errands *x, const struct generation *g);
	void (*ended)(struct errands *x, bool well);
} rows[] = {
	{ "telltale-rotate", "the logs of this day were not rotated", AT(rotation), false, tick_rotation,
	  ended_rotation },
	{ "telltale-digest", "the weekly letters of this day are not sent", AT(letters), true, tick_letters,
	  ended_letters },
	{ "telltale-index", "the index of the logs is not made", AT(indexing), false, tick_indexing, ended_indexing },
};

static struct errand *errand_of(struct errands *x, size_t row)
{
	return (struct errand *)(void *)((char *)x + rows[row].at);
}

void errands_begin(struct errands *x, const struct conf *c, const struct users *u, int log)
{
	*x = (struct errands){ 0 };
	for (size_t i = 0; i < COUNT(rows); i++)
		*errand_of(x, i) = (struct errand){ rows[i].program, rows[i].lacking, u, log, rows[i].seals, false, 0 };
	rotation_begin(&x->rotation, c);
	letters_begin(&x->letters);
	indexing_begin(&x->indexing);
}

int64_t errands_tick(struct errands *x, const struct generation *g)
{
	int64_t ms = -1;

	for (size_t i = 0; i < COUNT(rows); i++)
		ms = wait_shorter(ms, rows[i].tick(x, g));
	return ms;
}

void errands_reap(struct errands *x)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum errand_end how = errand_reap(errand_of(x, i));

		if (how != ERRAND_RUNS)
			rows[i].ended(x, how == ERRAND_WELL);
	}
}

void errands_end(struct errands *x)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		errand_end(errand_of(x, i));
}
