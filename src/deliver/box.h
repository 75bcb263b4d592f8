/* deliver/box.h - the folders of one mailbox, reached without following anybody's link.
 *
 *	DIR/DOMAIN/USER/staging		messages on their way
 *	DIR/DOMAIN/USER/Maildir		new, cur, tmp
 *	DIR/DOMAIN/USER/Maildir/.Junk	the same, for what the gate thought ill of
 *	DIR/DOMAIN/USER/Maildir/.NAME	the same, for mail to USER+NAME (subaddress.h); never made here
 *
 * The tree belongs to users, who may be hostile and at work while we walk it: a
 * descriptor from here is of something beneath DIR that no link led to, and
 * nothing here waits for a FIFO.  Folders are made 0700.
 */
#ifndef DELIVER_BOX_H
#define DELIVER_BOX_H

#include "base/arena.h"

/* "DOMAIN/USER" of user@domain, or NULL when that address can be no mailbox. */
const char *box_home(struct arena *a, struct str address);

/* Open what stands at HOME/PATH: a descriptor, or -1 with errno (ELOOP: a link is in the way). */
int box_open(int root, const char *home, const char *path, int flags);

/* One folder of a mailbox. */
struct place {
	const char *home; /* DOMAIN/USER */
	bool junk;        /* its Junk folder, else the inbox */
	const char *name; /* a folder of its own that is there (box_has()), or NULL */
};

enum { FOLDER_PATH_MAX = 160 };

/* "Maildir", "Maildir/.Junk" or "Maildir/.NAME": what new, cur and tmp lie in. */
void place_folder(const struct place *p, char path[FOLDER_PATH_MAX]);
bool place_same(const struct place *a, const struct place *b);
/* Is there such a folder, with a new of its own, on the disk of the staged messages, and no link on the way?  The name
 * is one of subaddress.h. */
bool box_has(int root, const char *home, struct str name);

struct box {
	int staging, fresh; /* HOME/staging and the folder's new, or -1 */
};

/* Open both.  0, or -1 with errno. */
int box_enter(int root, const struct place *at, struct box *out);
/* Make the missing folders of these places and make them durable, with `whole` by one syncfs of the disk that `root`
 * lies on.  codes: 0, or the errno of each that could not be made or synced. */
void box_make(int root, const struct place *places, int *codes, size_t n, bool whole);
void box_leave(struct box *b);

#endif
