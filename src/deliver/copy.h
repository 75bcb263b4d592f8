/* deliver/copy.h - a spooled message becomes the bytes of a mailbox file.
 *
 * Written are Return-Path, Delivered-To and the message with LF line ends and
 * without the Return-Path that it brought.  The copy stops early when the
 * message's header already has our Delivered-To line for this address: it is
 * looping (head.h).
 */
#ifndef DELIVER_COPY_H
#define DELIVER_COPY_H

#include "base/err.h"
#include "base/str.h"

struct copy {
	int from; /* the message: `size` bytes from `offset` */
	uint64_t offset, size;
	int to; /* an empty file */
	struct str sender, final;
};

enum copied { COPIED, COPY_LOOPS, COPY_UNREADABLE, COPY_UNWRITABLE };

/* The last two are the machine's failures: *e says why. */
enum copied copy_message(const struct copy *c, struct err *e);

#endif
