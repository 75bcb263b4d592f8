/* base/err.h - why the machine could not do it, and what to do when we ourselves are wrong.
 *
 * Errors travel three roads (STYLE): a bug dies by BUG(); a failing machine
 * is -1 with one sentence in a struct err; a refused mail is an answer, not an
 * error.  Only the station that gives up says the sentence in server.log.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include "base/str.h"

struct err {
	int code;       /* the errno behind it, or 0 */
	char text[512]; /* one sentence, no newline; names the file or peer */
};

/* Write the sentence; always return -1, so that `return err_set(e, ...)` reads well.  e may be NULL. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, followed by ": " and the words for errno, which is kept in e->code. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put words before the sentence that stands in e; return -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A broken promise inside the program: say where on stderr and abort(). */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define MUST(cond) ((cond) ? (void)0 : BUG("expected %s", #cond))
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Memory that never fails: without memory the process says so and aborts; the
 * supervisor starts it again and nothing acknowledged is lost by that. */
void *mem_alloc(size_t n); /* zeroed */
void *mem_grow(void *p, size_t n);
char *mem_dupz(const char *z);
char *mem_dup(struct str s); /* with a NUL behind it */

#endif
