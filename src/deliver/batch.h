/* deliver/batch.h - the mailboxes of one batch of deliveries: each is opened once, and the syncs are shared.
 *
 * A large batch is synced as a whole: one syncfs() of each disk stands for the
 * syncs of all files and folders there.  It is followed by the fsync of a
 * folder, because a disk that became read-only answers syncfs() with 0.  Only
 * file systems are synced so whose syncfs() reaches the disk and says what
 * failed; a disk on which others leave so much to write that it takes long is
 * left to single syncs for a while.
 */
#ifndef DELIVER_BATCH_H
#define DELIVER_BATCH_H

#include <sys/types.h>
#include "deliver/box.h"

struct opened {
	struct place at; /* its home is the caller's */
	struct box box;
	int error; /* errno: it is not open */
	dev_t dev;
	bool whole; /* batch_sync() syncs what was written in it, else only the folder that it is asked for */
	int code;   /* errno of that, 0: it is on disk */
	uint64_t bytes, files; /* the caller's: what came into it */
};

struct batch {
	int root;
	bool whole; /* large enough, and the disks were quick */
	struct opened *boxes;
	size_t n, room;
};

/* For `jobs` jobs in the mail folder `root`.  What is written after this is what batch_sync() answers for. */
void batch_init(struct batch *b, int root, size_t jobs);
/* Open the mailbox, when this batch has not done so (box_enter()). */
void batch_open(struct batch *b, struct place at);
/* Those that batch_open() found missing are made, together (box_make()). */
void batch_make(struct batch *b);
/* One of them.  NULL with errno: it cannot be entered.  Good until batch_clear(). */
struct opened *batch_box(struct batch *b, struct place at);
/* Every mailbox's staging, or new (`fresh`), is on disk, or its code says why not.  Once for a batch: a sync that
 * failed is not asked again, since the second answer would be a lie. */
void batch_sync(struct batch *b, bool fresh);
void batch_clear(struct batch *b);

/* May large batches in this mail folder be synced as a whole now? */
bool batch_may_be_whole(int root);

#endif
