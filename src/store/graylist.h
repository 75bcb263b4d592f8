/* store/graylist.h - inside of telltale-lookup: who has written to whom, in an SQLite file of its own.
 *
 * Questions are answered by the loop, from the file and from what is not in it
 * yet; what is told is collected and written by a worker about once a second, in
 * one transaction.  A crash loses what was told in the last seconds and nothing
 * else.  The file holds at most GRAY_MOST entries: each write removes some of
 * those whose time is over, then of those that never passed, the oldest first.
 * The file is made when there is something to keep.
 */
#ifndef STORE_GRAYLIST_H
#define STORE_GRAYLIST_H

#include "base/buf.h"
#include "base/map.h"
#include "lookup/graylist.h"
#include "store/store.h"

enum {
	GRAY_MOST = 4000000,      /* entries of the file */
	GRAY_PENDING_MAX = 50000, /* not written yet; what is told beyond is lost */
	GRAY_WAIT_MS = 1000,      /* how long they are collected */
	GRAY_PART_MAX = 320,      /* bytes of an address that count */
	GRAY_IMPORT_MAX = 5000    /* entries of one import */
};

/* What is known of one key, or what has happened to it.  Zeroed: nothing. */
struct gray_row {
	int64_t first, passed, until; /* ms since 1970 */
	bool anew;                    /* what was known before is void */
};

/* `more` happened to *row. */
void gray_merge(struct gray_row *row, const struct gray_row *more);

/* What a key is called: its kind, then the addresses in the letters that count, with '\n' between them. */
enum gray_kind { GRAY_PAIR = 'g', GRAY_CORRESPONDENT = 'w', GRAY_DOMAIN = 'd' };
struct gray_id {
	char text[3 * GRAY_PART_MAX + 8];
	size_t n;
};
void gray_id(struct gray_id *out, enum gray_kind kind, const struct gray_key *key);

/* Many changes, each key once. */
struct gray_change {
	struct str id;
	struct gray_row row;
	struct gray_change *next;
};
struct gray_batch {
	struct map by_id;
	struct gray_change *first, **last;
	size_t n;
};
struct gray_batch *gray_batch_new(void);
void gray_batch_free(struct gray_batch *b);
void gray_batch_add(struct gray_batch *b, const struct gray_id *id, const struct gray_row *row);

/* ---- the file: for any thread ---- */

/* Write all of it in one transaction; most: as many entries may be there afterwards. */
int gray_write(const char *path, const struct gray_batch *b, size_t most, int64_t now, struct err *e);
/* The lines of a lookup_gray_import, written at once: status and words as store_admin() gives them. */
void gray_import(const char *path, struct str domains, struct str entries, struct store_done *out);
/* Where it lies: beside the accounts. */
const char *gray_path(const char *accounts, struct arena *a);
/* An existing file; busy_ms: longest wait for a lock.  NULL: see *e. */
struct store *gray_open(const char *path, int busy_ms, struct err *e);
/* 1 and *out, 0 when it is not known, -1. */
int gray_find(struct store *s, const struct gray_id *id, struct gray_row *out, struct err *e);

/* ---- the loop's side ---- */

struct graylist;

struct graylist *graylist_new(const char *path);
/* What was not written yet is written now. */
void graylist_free(struct graylist *g);
const char *graylist_path(const struct graylist *g);
int graylist_ask(struct graylist *g, const struct gray_key *key, struct gray_known *out, struct err *e);
void graylist_note(struct graylist *g, const struct gray_event *what, int64_t now);
/* When graylist_give() will have something, clock_mono(); INT64_MAX: nothing waits. */
int64_t graylist_due(const struct graylist *g);
/* What is to be written now, or NULL; it stays as it is, and the graylist's, until graylist_written(). */
const struct gray_batch *graylist_give(struct graylist *g, int64_t now);
/* failed: why it is to be tried again, or NULL. */
void graylist_written(struct graylist *g, const struct err *failed, int64_t now);
/* Something else is going to write to the file. */
void graylist_prepare(struct graylist *g);
/* The end of a turn: the next question sees what was written meanwhile. */
void graylist_rest(struct graylist *g);

#endif
