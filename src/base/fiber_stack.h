/* base/fiber_stack.h - a stack of its own, and the change from one stack to another (for fiber.c alone). */
#ifndef BASE_FIBER_STACK_H
#define BASE_FIBER_STACK_H

#include <stddef.h>
#include "base/err.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#endif

/* swapcontext() asks the kernel twice about signals, at every change; where we know the machine we do without. With
 * AddressSanitizer it is the way that it knows. */
#if defined(__x86_64__) && !defined(FIBER_ASAN)
#define FIBER_ASM 1
#else
#include <ucontext.h>
#endif

/* Where a piece of code stands: on a stack we made, or on the thread's own (p is NULL). */
struct place {
#ifdef FIBER_ASM
	void *sp; /* while it is left */
#else
	ucontext_t context;
#endif
	char *p; /* the lowest byte that may be used; below it stands a page that nobody may touch */
	size_t n;
	void *fake; /* AddressSanitizer's */
};

/* A stack: 0; -1 when there is no memory. */
int place_new(struct place *s, struct err *e);
void place_free(struct place *s);
/* Have place_go(.., s) begin by calling entry(), which never returns. */
void place_begin(struct place *s, void (*entry)(void));
/* Leave `from` and go on in `to`; back when somebody goes on in `from`. */
void place_go(struct place *from, struct place *to);
/* The first thing that entry() does; `from` as place_go() had it. */
void place_entered(struct place *from);
/* As place_go(), and `from` is never entered again. */
_Noreturn void place_leave(struct place *from, struct place *to);

#endif
