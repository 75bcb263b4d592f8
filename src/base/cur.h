/* base/cur.h - a cursor over bytes from outside.
 *
 * It remembers its first mistake and then stands still: every later call
 * answers "nothing" and changes nothing, so a parser asks once, at the end,
 * whether c->why is NULL.  It never reads past its end.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include "base/str.h"

struct cur {
	const char *p, *end;
	const char *start;
	const char *why;   /* NULL, or the first mistake in a few words (a literal) */
	const char *where; /* position of the mistake */
};

struct cur cur_of(struct str s);
bool cur_ok(const struct cur *c);
bool cur_end(const struct cur *c);        /* nothing left (or a mistake) */
struct str cur_rest(const struct cur *c); /* what is left, without taking it */
size_t cur_pos(const struct cur *c);
void cur_fail(struct cur *c, const char *why); /* only the first one counts */

int cur_peek(const struct cur *c);              /* next byte 0..255, or -1 */
int cur_next(struct cur *c);                    /* take it, or -1 */
bool cur_try(struct cur *c, char want);         /* take it if it is `want` */
bool cur_tryz(struct cur *c, const char *want); /* take the literal if it stands here */
bool cur_itryz(struct cur *c, const char *want);
void cur_want(struct cur *c, char want, const char *why);
void cur_wantz(struct cur *c, const char *want, const char *why);

/* The longest run for which is() holds; a mistake with `why` when empty and why != NULL. */
struct str cur_span(struct cur *c, bool (*is)(char), const char *why);
struct str cur_take(struct cur *c, size_t n, const char *why);        /* exactly n bytes */
struct str cur_until(struct cur *c, struct str sep, const char *why); /* up to sep; sep is taken, not returned */
uint64_t cur_num(struct cur *c, uint64_t max, const char *why);       /* 1*DIGIT up to max */

/* Fixed-size little-endian numbers, for records and messages. */
uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);

#endif
