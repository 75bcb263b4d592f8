/* base/sandbox_inside.h - between the files of the sandbox; nobody else includes it. */
#ifndef BASE_SANDBOX_INSIDE_H
#define BASE_SANDBOX_INSIDE_H

#include <errno.h>
#include <stdbool.h>
#include "base/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZER true
#endif
#endif
#ifndef SANDBOX_SANITIZER
#define SANDBOX_SANITIZER false
#endif

/* What becomes of a refused call. */
enum sandbox_mode {
	SANDBOX_ON,    /* EPERM or the end */
	SANDBOX_TELL,  /* EPERM; the call is named on stderr, once */
	SANDBOX_PROBE, /* an error that no call gives otherwise */
};

/* Both say in server.log what this kernel does not have, and go on. */
void sandbox_landlock(const struct sandbox *box);
void sandbox_seccomp(const struct sandbox *box, enum sandbox_mode mode);

/* Does the box have a folder to write in? */
bool sandbox_writes(const struct sandbox *box);

/* SANDBOX_PROBE: errno of a refused call, and of one that would have ended us. */
enum { PROBE_REFUSED = ENAVAIL, PROBE_KILLED = ENOTNAM };

/* Try what must fail, one line each on stdout, and end. */
_Noreturn void sandbox_probe(const struct conf *c);

#endif
