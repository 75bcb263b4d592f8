/* gate/lists.h - all lists of the gate, as one set of options has them.
 *
 * What stands in files is read once and shared: each file is a list of its own
 * (list_files), and a policy's list is its entries followed by those of its
 * files.  So a policy that differs in one entry costs that entry, however long
 * the files are.
 */
#ifndef GATE_LISTS_H
#define GATE_LISTS_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/cur.h"
#include "base/map.h"
#include "gate/list.h"

enum { LISTS_PACKED_MAX = 256 << 20 }; /* bytes of all files */

struct lists {
#define LIST(section, name, kind, option) struct list *name;
#include "gate/lists.def"
};

/* The lists that were read from files, by kind and path. */
struct list_files {
	struct map by;
	struct arena mem;
	struct buf *pack; /* telltaled: read what is asked for and put it here; NULL: nothing is opened */
};

void list_files_clear(struct list_files *f);
/* Those that stand before the end mark in the bytes that list_files.pack once got; none at all is none. */
int list_files_take(struct list_files *f, struct cur *packed, struct err *e);
/* No more will be put into pack. */
void list_files_end(struct list_files *f);

/* The options that the lists are of, and whose they are. */
struct lists_of {
	const struct conf_gate *set;
	const char *file; /* where they stand, for messages */
	/* Options that these are a changed copy of, or NULL: lists that are the same are the same lists. */
	const struct conf_gate *under_set;
	const struct lists *under;
};

/* Could that file or folder be a list's, as the value of this option?  0; -1 with what is wrong, in words.  An option
 * that fills no list that way takes everything. */
int lists_source_fits(struct str option, struct str value, struct err *e);

/* All or nothing; *e is "FILE:LINE: text".  files and under must outlive them. */
int lists_make(const struct lists_of *x, struct list_files *files, struct lists *out, struct err *e);
/* under: as lists_make() had it. */
void lists_clear(struct lists *l, const struct lists *under);

#endif
