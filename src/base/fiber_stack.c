#include "base/fiber_stack.h"

#include <stdlib.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#endif
#ifdef ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

enum { STACK = 256 * 1024, GUARD = 4096 };

int place_new(struct place *s, struct err *e)
{
	char *p = mmap(NULL, STACK + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "memory for a stack");
	if (mprotect(p, GUARD, PROT_NONE) < 0) {
		munmap(p, STACK + GUARD);
		return err_sys(e, "guard a stack");
	}
	*s = (struct place){ .p = p + GUARD, .n = STACK };
#ifdef ASAN
	__lsan_register_root_region(s->p, s->n);
#endif
	return 0;
}

void place_free(struct place *s)
{
#ifdef ASAN
	__lsan_unregister_root_region(s->p, s->n);
	__asan_unpoison_memory_region(s->p, s->n);
#endif
	munmap(s->p - GUARD, s->n + GUARD);
}

void place_begin(struct place *s, void (*entry)(void))
{
	if (getcontext(&s->context) < 0)
		BUG("getcontext: errno %d", errno);
#ifdef ASAN
	__asan_unpoison_memory_region(s->p, s->n);
#endif
	s->context.uc_stack.ss_sp = s->p;
	s->context.uc_stack.ss_size = s->n;
	s->context.uc_link = NULL;
	makecontext(&s->context, entry, 0);
}

static void change(struct place *from, struct place *to)
{
	if (swapcontext(&from->context, &to->context) < 0)
		BUG("swapcontext: errno %d", errno);
}

#ifdef ASAN
void place_go(struct place *from, struct place *to)
{
	__sanitizer_start_switch_fiber(&from->fake, to->p, to->n);
	change(from, to);
	__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
}

/* The thread's own stack is known from here on. */
void place_entered(struct place *from)
{
	const void *p;
	size_t n;

	__sanitizer_finish_switch_fiber(NULL, &p, &n);
	from->p = (char *)(uintptr_t)p;
	from->n = n;
}

void place_leave(struct place *from, struct place *to)
{
	__sanitizer_start_switch_fiber(NULL, to->p, to->n);
	change(from, to);
	BUG("a fiber that has ended was entered");
}
#else
void place_go(struct place *from, struct place *to)
{
	change(from, to);
}

void place_entered(struct place *from)
{
	(void)from;
}

void place_leave(struct place *from, struct place *to)
{
	change(from, to);
	BUG("a fiber that has ended was entered");
}
#endif
