/* What ask_milter and ask_rspamd share: a message from a file, and what it is to be sent with. */
#ifndef HANDOFF_DRIVE_H
#define HANDOFF_DRIVE_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fiber.h"
#include "base/io.h"

struct message {
	struct buf bytes;
	struct str head, body; /* head without the empty line */
};

static inline int message_read(struct message *m, const char *path, struct err *e)
{
	if (io_slurp(AT_FDCWD, path, 64 << 20, &m->bytes, e) < 0)
		return -1;
	if (!str_cut(buf_str(&m->bytes), STR("\r\n\r\n"), &m->head, &m->body))
		return err_set(e, "%s: no empty line behind the header (line ends are CRLF)", path);
	m->head.n += 2;
	return 0;
}

/* --name value, or "" */
static inline struct str option(char **argv, const char *name)
{
	for (; *argv != NULL; argv++)
		if (strncmp(*argv, "--", 2) == 0 && strcmp(*argv + 2, name) == 0 && argv[1] != NULL)
			return str_of(argv[1]);
	return STR("");
}

/* All values of an option that may be repeated. */
static inline size_t options(char **argv, const char *name, struct str *out, size_t most)
{
	size_t n = 0;

	for (; *argv != NULL; argv++)
		if (strncmp(*argv, "--", 2) == 0 && strcmp(*argv + 2, name) == 0 && argv[1] != NULL && n < most)
			out[n++] = str_of(argv[1]);
	return n;
}

static char **argv;
static int status = 1; /* until go() says otherwise */

/* The whole of such a program: the message, and what is done with it in a fiber. */
static int drive(const char *name, int argc, char **args, void (*go)(void *message))
{
	struct message message = { .bytes = BUF_INIT };
	struct err e;

	argv = args;
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		fprintf(stderr, "usage: %s MESSAGE --at SERVICE ...\n", name);
	else if (message_read(&message, argv[1], &e) < 0 || fiber_run(go, &message, &e) < 0)
		fprintf(stderr, "%s\n", e.text);
	buf_clear(&message.bytes);
	return status;
}

#endif
