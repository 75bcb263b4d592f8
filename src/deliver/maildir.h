/* deliver/maildir.h - put a message into a Maildir, once.
 *
 *	DIR/DOMAIN/USER/staging/NAME            written and synced: it is "staged"
 *	DIR/DOMAIN/USER/Maildir/new/NAME.HOST,S=SIZE   linked to here and synced, then the staged name goes: delivered
 *	DIR/DOMAIN/USER/Maildir/.Junk/new/NAME...      instead, for what the gate doubted
 *
 * NAME is a function of the message (time, qp) and the recipient's index, and
 * of nothing that a configuration may change meanwhile, so every attempt means
 * the same staged file.  The caller makes `staged`
 * durable elsewhere between the two steps.  Finishing twice is harmless: a
 * staged file that is gone was delivered, whatever its owner did since.
 * Not staged: what an interrupted attempt left is removed and written anew;
 * the caller sees to it that no two attempts for one recipient run at once.
 *
 * SIZE is the file's, as Maildir++ has it; a `maildirsize` gets its line (usage.h).
 *
 * The tree belongs to users, who may be hostile: no link is followed (box.h),
 * and only plain files of our own making are written.  What is odd is a
 * deferral, never a write elsewhere.  Jobs come in batches, so that the sync
 * of a directory is shared.  A full mailbox is a deferral too (quota.h).
 *
 * A staged file whose message was given up stays: only telltale-queue knows that,
 * and a file removed too early would look delivered.
 */
#ifndef DELIVER_MAILDIR_H
#define DELIVER_MAILDIR_H

#include "base/arena.h"
#include "deliver/batch.h"
#include "deliver/quota.h"
#include "mail/outcome.h"

struct lmtp;

struct maildir {
	int root;            /* the mail directory */
	struct str host;     /* our name, as it stands in file names */
	struct quota *quota; /* NULL: nobody has one */
	bool subaddress;     /* user+folder goes into that folder when it is there */
	struct lmtp *lmtp;   /* not NULL: what is not staged yet goes to that server (lmtp.h), not into a Maildir */
};

struct maildir_job {
	struct str final;    /* user@domain, lower case: where it goes */
	struct str original; /* as the client named it */
	struct str sender;
	uint64_t qp, rcpt;
	bool junk;    /* into the Junk folder */
	int64_t time; /* ms since 1970: when the message was accepted */
	int fd;       /* the message: `size` bytes from `offset`, CRLF line ends */
	uint64_t offset, size;
	struct arena *mem; /* the outcome's report is kept here */
	bool ended;        /* out is valid: delivered, failed or deferred */
	struct outcome out;
	struct landing at_last; /* of a success */
	struct room room;       /* as it was asked for */
	int trouble;            /* the errno behind a deferral, else 0 */
	int64_t begun;          /* monotonic ms: it came to us */
	/* while it is handed to an LMTP server */
	bool accepted; /* its RCPT was */
	bool foldered; /* which named a folder */
	/* while a batch is worked on */
	struct place at;
	struct opened *in;
	int file;       /* the staged one, */
	uint64_t bytes; /* and its size */
};

/* Every job of the batch is staged and synced afterwards, or ended. */
void maildir_stage(const struct maildir *m, struct maildir_job **jobs, size_t n);
/* Every job ends: its staged file is in new/ (or was), or the deferral says why not. */
void maildir_finish(const struct maildir *m, struct maildir_job **jobs, size_t n);

/* "1615286631.Q15309R0.mx.example.com,S=1234" (j->bytes) */
struct str maildir_name(struct arena *a, const struct maildir *m, const struct maildir_job *j);

#endif
