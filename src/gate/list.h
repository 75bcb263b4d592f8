/* gate/list.h - a blacklist or whitelist: entries written in the configuration and in files.
 *
 *	LIST_IP        see ip_range.h
 *	LIST_RELAY     the same, but no entry may hold all addresses
 *	LIST_NAME      mail.example.com, or .example.com for that name and all below it
 *	LIST_ADDRESS   user@example.com, or @example.com for all of that domain and of those below it
 *
 * A list is filled once and then only read, by any number of threads; looking
 * up costs the same in a long list.  Of several entries that match the first
 * one counts: entries in the order in which they were added.  A malformed
 * entry, a file that cannot be read whole or whose last line has no newline
 * (it may have been cut) is an error, never a smaller list.
 */
#ifndef GATE_LIST_H
#define GATE_LIST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum list_kind { LIST_IP, LIST_RELAY, LIST_NAME, LIST_ADDRESS };

enum {
	LIST_FILE_MAX = 64 << 20, /* bytes */
	LIST_LINE_MAX = 1024,
	LIST_ENTRIES_MAX = 2000000,
};

/* Where an entry stands. */
struct hit {
	struct str entry; /* as it was written; empty: there is no hit */
	struct str file;  /* empty: in the configuration */
	int line;
};

struct list;

struct list *list_new(enum list_kind kind);
void list_free(struct list *l);

/* One entry of the configuration; on -1 *why (a literal) says what is wrong with it. */
int list_add(struct list *l, struct str entry, const char **why);
/* All of a list file, appended to out. */
int list_slurp(const char *path, struct buf *out, struct err *e);
/* Its lines: one entry each; empty lines and what follows a # are passed over.  *e is "FILE:LINE: text". */
int list_add_text(struct list *l, struct str text, const char *file, struct err *e);
/* Nothing is added any more: from now on it may be asked. */
void list_seal(struct list *l);

bool list_empty(const struct list *l);
/* Is an address, a name, a lower-case user@domain on the list?  *out borrows from it. */
bool list_find(const struct list *l, struct str value, struct hit *out);

#endif
