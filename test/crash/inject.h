/* test/crash/inject.h - one fault, and who it is for (see inject.c). */
#ifndef CRASH_INJECT_H
#define CRASH_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A system call that somebody is about to make. */
struct call {
	pid_t thread;
	int number;
	const uint64_t *args;
	char program[32]; /* the file that it runs, without its folder */
	char path[512];   /* what it is about: a file, or "" */
};

/* The calls that are looked at, and what their arguments mean. */
struct call_kind {
	int number;
	const char *name;
	int fd;   /* the argument that is a descriptor; -1: none */
	int path; /* the argument that is a path, beneath fd if there is one; -1: none */
};
extern const struct call_kind call_kinds[];
extern const size_t call_kinds_count;
const struct call_kind *call_kind_of(int number); /* NULL: not looked at */

/* Give the calling process, and all that it starts, a filter that asks about each of these calls before it is
 * made: the descriptor to answer on, or -1 with errno. */
int calls_watch(void);

/* Fill in program and path.  False: the call is about no file (a socket, a pipe, stderr), and is nobody's business. */
bool call_about_file(struct call *c);

/* ---- what was written and not yet synced (inject_unsynced.c) ---- */

/* The call will be made: remember which bytes of its file it writes, or that they are synced. */
void unsynced_note(const struct call *c);
/* A sync of that call's file is about to fail: the bytes that it should have saved become zeros.  That is what a
 * file may hold after fsync() has failed: the kernel takes the pages for clean, drops them, and reads old ones.
 * Logs are spared: nothing can be done about them, and who reads them expects lines. */
void unsynced_lose(const struct call *c);

#endif
