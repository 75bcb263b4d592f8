/* base/buf.h - bytes that we own and append to.
 *
 *	struct buf b = BUF_INIT;
 *	buf_adds(&b, "hello ");
 *	buf_fmt(&b, "%d", 7);
 *	use(buf_str(&b));       // borrowed until the next change of b
 *	buf_clear(&b);
 *
 * The content is always followed by a NUL that is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
};

#define BUF_INIT \
	{ \
		NULL, 0, 0 \
	}
/* A buf that clears itself at the end of the scope. */
#define BUF(name) __attribute__((cleanup(buf_clear))) struct buf name = BUF_INIT

void buf_clear(struct buf *b);             /* free; b is BUF_INIT again */
void buf_reset(struct buf *b);             /* forget the content, keep the memory */
void buf_need(struct buf *b, size_t more); /* make room for `more` bytes */
void buf_fit(struct buf *b, size_t more);  /* and for no more than that: nothing else will be added */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *z);
void buf_addstr(struct buf *b, struct str s);
void buf_num(struct buf *b, uint64_t v); /* decimal: for numbers in lines that are written often */
enum { BUF_DIGITS_MAX = 20 };
void buf_digits(struct buf *b, uint64_t v, size_t width); /* and with zeros in front, if it is shorter than width */
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *fmt, va_list ap);
void buf_cut(struct buf *b, size_t n);   /* drop the first n bytes, move the rest */
void buf_trunc(struct buf *b, size_t n); /* keep the first n bytes */
struct str buf_str(const struct buf *b);
const char *buf_z(struct buf *b); /* NUL-terminated, never NULL */

#endif
