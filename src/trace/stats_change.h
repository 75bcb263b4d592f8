/* trace/stats_change.h - inside of stats_changed.c: the moment of the change, and what is compared around it. */
#ifndef TRACE_STATS_CHANGE_H
#define TRACE_STATS_CHANGE_H

#include "trace/stats.h"

struct change {
	struct stats s;
	uint32_t *order;         /* of the rows that were let in or not, by time */
	size_t n, at;            /* at: the first of those since the change */
	uint64_t bad[2], all[2]; /* before, since */
	uint64_t open;           /* of all: let in, and what became of it is not known */
	bool clear;              /* the two sides differ enough to be called a change */
};

bool change_is_bad(const struct rows *r, size_t i);    /* refused or returned */
bool change_is_let_in(const struct rows *r, size_t i); /* taken, or not refused as far as is known */
/* The sheet `differences`, and a sentence for each thing that clearly turned (stats_differs.c). */
void change_differences(struct change *c);

#endif
