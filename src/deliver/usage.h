/* deliver/usage.h - how full is a mailbox?  In the terms of Maildir++:
 *
 *	a file name with ,S=1234 says how many bytes the message has
 *	Maildir/maildirsize has a line for the limit and then lines `BYTES COUNT`, of
 *	which the sums count; who changes the mailbox adds one
 *
 * A maildirsize belongs to whom made it (Dovecot, maildrop): we append to it, and believe it when
 * it says that there is room; we never make one.  Else the mailbox is counted: new and
 * cur of it and of its folders (.NAME), all messages, those in Trash too, as
 * Dovecot counts.  All this belongs to users: nothing is followed, waited for or
 * believed beyond sums of bytes, and counting has an end.
 */
#ifndef DELIVER_USAGE_H
#define DELIVER_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

#define USAGE_NOTES_MAX 5120                /* bytes: a maildirsize of so many is to be made anew by its owner */
#define USAGE_BYTES_MAX (UINT64_C(1) << 60) /* a sum that would be more stays there */

struct usage {
	uint64_t bytes, files;
	bool whole; /* false: it is at least so much; counting had to end, or a folder could not be read */
};

/* Count what is there until the deadline.  An empty or missing mailbox is 0; -1 with
 * errno when it cannot be entered. */
int usage_count(int root, const char *home, int64_t deadline, struct usage *out);

/* The sum of HOME/Maildir/maildirsize; false when there is none that can be believed. */
bool usage_noted(int root, const char *home, uint64_t *bytes);

/* So many messages of so many bytes in all were added: say so in the maildirsize if there is one.  It is replaced,
 * by way of `staging`, never written into: a second name that it had a moment ago may be a file of
 * somebody else, and no check of it would be in time. */
void usage_note(int root, const char *home, int staging, uint64_t bytes, uint64_t files);

/* The two parsers.  False: it does not say. */
bool usage_read_notes(struct str maildirsize, uint64_t *bytes);
bool usage_read_name(struct str file_name, uint64_t *bytes);

#endif
