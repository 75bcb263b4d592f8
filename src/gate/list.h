/* gate/list.h - a blacklist or whitelist: entries written in the configuration, in files and in folders.
 *
 *	LIST_IP        see ip_range.h
 *	LIST_RELAY     the same, but no entry may hold all addresses
 *	LIST_NAME      mail.example.com, or .example.com for that name and all below it
 *	LIST_ADDRESS   user@example.com, or @example.com for all of that domain and of those below it
 *	LIST_KEYWORD   words that stand in a reverse name, in this order, before its domain; the last one may be the
 *	               end of the name: dynamic .example.com
 *	LIST_HEADER    a header line with `*`, `?` and [abc], blanks collapsed, letter case ignored: Subject: *casino*
 *	LIST_ZONE      a list in DNS: zen.example.net, or with the answers that count:
 *	               zen.example.net=127.0.0.2-11,127.0.0.20
 *
 * A list is filled once and then only read, by any number of threads; looking
 * up costs the same in a long list (but for keywords and headers, where each
 * entry is matched once, in linear time).  Of several entries that match the first
 * one counts: entries in the order in which they were added.  A malformed
 * entry, a file that cannot be read whole or whose last line has no newline
 * (it may have been cut) is an error, never a smaller list.
 *
 * A folder holds a name for each of its files, in one of two forms: com/e/example/mail.example.com as
 * spamdyke has it (the file is the name), or com/example/mail.  Either stands for that name and all below it.
 */
#ifndef GATE_LIST_H
#define GATE_LIST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum list_kind { LIST_IP, LIST_RELAY, LIST_NAME, LIST_ADDRESS, LIST_KEYWORD, LIST_HEADER, LIST_ZONE };

enum {
	LIST_FILE_MAX = 64 << 20, /* bytes */
	LIST_LINE_MAX = 1024,
	LIST_ENTRIES_MAX = 2000000,
	LIST_ZONES_MAX = 64,      /* each is a question in DNS for every client */
	LIST_KEYWORDS_MAX = 4096, /* each is matched with every name */
	LIST_HEADERS_MAX = 1000,  /* each is matched with every header line */
};

/* Where an entry stands. */
struct hit {
	struct str entry; /* as it was written; empty: there is no hit */
	struct str file;  /* empty: in the configuration */
	int line;         /* 0: file is the entry itself, in a folder */
};

/* A list in DNS. */
struct list_zone {
	struct str name;              /* lower case */
	const struct ip_range *codes; /* the answers that count */
	size_t ncodes;                /* 0: any that means a listing */
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
/* The paths of all files of a folder, relative to it, in order, one a line, appended to out. */
int list_walk(const char *folder, struct buf *out, struct err *e);
/* Such paths, as names. */
int list_add_paths(struct list *l, struct str paths, const char *folder, struct err *e);
/* All of another list, a sealed one of the same kind that will outlive this one, behind what is in it. */
int list_follow(struct list *l, const struct list *other, const char **why);
/* Nothing is added any more: from now on it may be asked. */
void list_seal(struct list *l);

bool list_empty(const struct list *l);
/* Is an address, a name, a lower-case user@domain, a header line on the list?  *out borrows from it. */
bool list_find(const struct list *l, struct str value, struct hit *out);
/* Those of a LIST_ZONE, in order. */
const struct list_zone *list_zones(const struct list *l, size_t *n);

#endif
