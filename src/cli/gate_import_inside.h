/* cli/gate_import_inside.h - the result of `telltale gate import` while it grows (private to gate_import*.c). */
#ifndef CLI_GATE_IMPORT_INSIDE_H
#define CLI_GATE_IMPORT_INSIDE_H

#include "base/arena.h"
#include "base/conf.h"

enum { FILES_MAX = 64 };

/* One line of the result: an option, or a comment. */
struct item {
	const struct conf_row *option; /* NULL: a comment */
	struct str name, text;
	bool dropped;
};

struct import {
	struct arena mem;
	struct conf scratch; /* tries each value */
	struct item *items;
	size_t n, room;
	struct str files[FILES_MAX]; /* read, or to be read, in order */
	size_t nfiles;
	struct str folder; /* relative paths begin here */
	const char *file;  /* being read */
	int line;
	size_t taken, by_hand, needless;
	bool graylisted; /* it has a graylist-dir */
};

/* A comment in the result: one line, printable. */
void import_comment(struct import *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* config-dir stays where it is; what our reader would refuse in it becomes comments. */
void import_try_dirs(struct import *m);
/* Print it all; an exit code. */
int import_print(struct import *m);

#endif
