#include "base/fiber_stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef FIBER_ASAN
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
#ifdef FIBER_ASAN
	__lsan_register_root_region(s->p, s->n);
#endif
	return 0;
}

void place_free(struct place *s)
{
#ifdef FIBER_ASAN
	__lsan_unregister_root_region(s->p, s->n);
	__asan_unpoison_memory_region(s->p, s->n);
#endif
	munmap(s->p - GUARD, s->n + GUARD);
}

#ifdef FIBER_ASM
/* The calling convention (System V ABI, AMD64, 3.2.1): what a function must leave as it was goes to the stack that is
 * left and comes from the one that is entered. */
void place_change(void **from, void *to);
__asm__(".text\n"
	".globl place_change\n"
	".type place_change, @function\n"
	"place_change:\n"
	"	endbr64\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	sub $8, %rsp\n"
	"	stmxcsr (%rsp)\n"
	"	fnstcw 4(%rsp)\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	ldmxcsr (%rsp)\n"
	"	fldcw 4(%rsp)\n"
	"	add $8, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size place_change, .-place_change\n");

/* A stack as place_change() would have left it, just before entry(). */
struct left {
	uint32_t mxcsr, fcw;
	void *kept[6];
	void (*back)(void);
	void *nobody; /* whom entry() would return to; keeps the stack on 16 bytes */
};

void place_begin(struct place *s, void (*entry)(void))
{
	struct left *l = (struct left *)(void *)(s->p + s->n - sizeof(*l));

	*l = (struct left){ .back = entry };
	__asm__("stmxcsr %0" : "=m"(l->mxcsr));
	__asm__("fnstcw %0" : "=m"(l->fcw));
	s->sp = l;
}

static void change(struct place *from, struct place *to)
{
	place_change(&from->sp, to->sp);
}
#else
void place_begin(struct place *s, void (*entry)(void))
{
	if (getcontext(&s->context) < 0)
		BUG("getcontext: errno %d", errno);
#ifdef FIBER_ASAN
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
#endif

#ifdef FIBER_ASAN
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
