/* queue/journal.h - the settle journal: what happened to messages and recipients, in order.
 *
 * Entries are collected in memory; journal_sync() writes and syncs them all at
 * once, and only then do they count.  A write that fails may be tried again; a
 * sync that fails breaks the journal for good (the process must restart).
 */
#ifndef QUEUE_JOURNAL_H
#define QUEUE_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ipc.h"

#define IPC_PROTO "queue/journal.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const journal_messages[];

struct journal {
	int dir, fd;
	uint64_t nonce;
	uint64_t end;   /* everything before it is written */
	uint64_t zeros; /* the file is written with zeros up to here */
	struct buf pending;
	bool dirty;  /* and not all of that is synced */
	bool making; /* it is not in its place yet */
	bool broken;
};

/* Begin a new journal beside the one that may be there; entries (the
 * checkpoint) are added, then journal_install() puts it in its place. */
int journal_create(struct journal *j, int dir, struct err *e);
int journal_install(struct journal *j, struct err *e);
void journal_add(struct journal *j, const struct ipc_type *t, const void *entry);
int journal_write(struct journal *j, struct err *e); /* not synced: for a checkpoint, piece by piece */
int journal_sync(struct journal *j, struct err *e);
void journal_clear(struct journal *j); /* what is pending is lost */

/* Reading: a walk over the bytes of a journal. */
enum journal_found { JOURNAL_END, JOURNAL_ENTRY, JOURNAL_BAD };

struct journal_scan {
	struct str bytes;
	size_t at;
	uint64_t nonce;
};

struct journal_hit {
	struct ipc_frame entry; /* type and body; of JOURNAL_ENTRY */
	size_t from, to;
	bool tail; /* of JOURNAL_BAD: nothing follows it */
};

/* -1: the bytes do not begin as a journal does. */
int journal_begin(struct journal_scan *s, struct str bytes, struct err *e);
enum journal_found journal_next(struct journal_scan *s, struct journal_hit *hit);

#endif
