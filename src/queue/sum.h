/* queue/sum.h - the checksums of the spool: XXH3-64 with a seed, against damage, not against forgery. */
#ifndef QUEUE_SUM_H
#define QUEUE_SUM_H

#include "base/str.h"

uint64_t sum_bytes(uint64_t seed, struct str s);

/* Piece by piece; equal to sum_bytes() of the pieces in a row. */
struct sum;
struct sum *sum_new(uint64_t seed);
void sum_add(struct sum *s, struct str piece);
uint64_t sum_get(const struct sum *s);
void sum_free(struct sum *s);

#endif
