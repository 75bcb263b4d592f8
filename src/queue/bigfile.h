/* queue/bigfile.h - a big message's own file: body from RECORD_HEAD_MAX on, the head right before it.
 *
 * The checksum (seeded by the file's id) goes over the body, then the head, in
 * the order in which they become known.
 */
#ifndef QUEUE_BIGFILE_H
#define QUEUE_BIGFILE_H

#include "base/err.h"
#include "base/str.h"
#include "queue/record.h"
#include "queue/sum.h"

struct bigfile {
	uint64_t id;
	int fd;        /* ours; -1 when there is none */
	uint64_t size; /* bytes of the body so far */
	struct sum *sum;
};

void bigfile_init(struct bigfile *b, uint64_t id, int fd); /* takes the descriptor */
int bigfile_add(struct bigfile *b, struct str piece, struct err *e);
/* The head is written, all of it synced: fills r's head, body, big, big_sum. */
int bigfile_finish(struct bigfile *b, struct str head, struct record *r, struct err *e);
void bigfile_clear(struct bigfile *b);

/* Does the file hold what the record says?  0, or -1 (e->code EBADMSG: it does not). */
int bigfile_check(int fd, const struct record *r, struct err *e);

#endif
