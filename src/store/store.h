/* store/store.h - domains, mailboxes and aliases, kept in one SQLite file.
 *
 * A store is a connection of one thread; several may be open on one file (WAL:
 * readers never wait for a writer).  What an administrator's request changed
 * is on disk and seen by every store when store_admin() returns status 0.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "lookup/lookup.h"

enum { STORE_TARGETS_MAX = 100, STORE_DEPTH_MAX = 10, STORE_STEPS_MAX = 1000 };

struct store;

/* Open the file; a missing one is made (mode 0600), with its folder.
 * busy_ms: longest wait for a lock.  NULL: see *e. */
struct store *store_open(const char *path, int busy_ms, struct err *e);
/* The same, but a missing file is an error. */
struct store *store_open_existing(const char *path, int busy_ms, struct err *e);
void store_close(struct store *s);
/* The file was removed or replaced by another since it was opened. */
bool store_moved(const struct store *s);

/* Until store_rest() all questions see the file as it is at the first of them, and share the locks that a single one
 * takes: for who answers many at a time, and then waits.  Either does nothing when it was done already.  A store that
 * failed is only to be closed. */
int store_read(struct store *s, struct err *e);
int store_rest(struct store *s, struct err *e);

/* Does local@domain (unquoted) exist here, and where does it end?  An exact
 * mailbox or alias, then the same without its +extension, then the domain's
 * catch-all.  RESOLVED_TEMPORARY with the reason in *e when the file cannot answer. */
enum resolved store_resolve(struct store *s, struct str address, struct arena *a, struct lookup_answer *out,
			    struct err *e);

/* Has the address' domain, or the address as a mailbox, set that option to anything but `to`?  1, 0, -1. */
int store_sets(struct store *s, struct str address, struct str option, struct str to, struct err *e);

/* Who is that account now (lookup/who.h)?  1 and *out, its domains in `a`; 0 when there is no such account; -1. */
struct account_now;
int store_who(struct store *s, struct str account, struct arena *a, struct account_now *out, struct err *e);

/* How many bytes may that mailbox hold?  1 and *limit (0: no limit), 0 when there is no such mailbox, -1. */
int store_limit(struct store *s, struct str address, uint64_t *limit, struct err *e);

/* An answer that a mailbox gives by itself: its text and subject (which may be empty) live in `a`. */
struct autoreply_text {
	struct str subject, text;
	int64_t since, until, every; /* ms; until 0: no end */
};

/* 1 and *out, 0 when it has none, -1. */
int store_autoreply(struct store *s, struct str address, struct arena *a, struct autoreply_text *out, struct err *e);
/* May that mailbox answer this sender now?  Then *out has what to say and where he is, and it is noted on disk that he
 * was answered: last, so that trouble before costs no answer.  No text: not now; RESOLVED_TEMPORARY: ask again. */
enum resolved store_autoreply_give(struct store *s, struct str address, struct str sender, struct arena *a,
				   struct lookup_answer *out, struct err *e);

/* ---- list.c ---- */

/* May that sender write to the list?  1, 0, -1.  Nobody without an address may. */
int store_list_may_post(struct store *s, struct str list, struct str sender, struct err *e);
/* Where mail for its members goes, those whose address is behind `after`: *out, with `text` the address to go on behind
 * (empty: that is all).  Of members that are not here any more nothing is said. */
enum resolved store_list_members(struct store *s, struct str list, struct str after, struct arena *a,
				 struct lookup_answer *out, struct err *e);

/* Whom a mailbox's mail could not reach for good.  1 and *out (reason in `a`) when that address is on its list, and the
 * list is in use; 0; -1. */
struct suppressed;
int store_suppressed(struct store *s, struct str mailbox, struct str address, struct arena *a, struct suppressed *out,
		     struct err *e);
/* It is from now on, if the mailbox or its domain wants that: 1; 0: they do not; -1. */
int store_suppress(struct store *s, struct str mailbox, struct str address, struct str reason, struct err *e);

struct store_done {
	int status;        /* exit code for the command: 0 done, 1 refused, 2 wrong usage; 3: with --sure it would be */
	struct buf output; /* JSON for list and show, else empty */
	struct buf message; /* one sentence for people, or empty */
};

/* What a value must be beyond what the configuration file asks: the entries of lists are the gate's to judge.  The
 * program sets it once, before its first store_admin(); NULL: nothing more. */
extern int (*store_setting_fits)(struct str option, struct str value, struct err *e);

/* The same of a sender that an owner allows (gate/sender_fits.h). */
extern int (*store_sender_fits)(struct str sender, const char **asks, struct err *e);

/* `telltale domain|account|alias ...`: words with '\0' between them; input: the password, one line.
 * The password is hashed before the file is locked. */
void store_admin(struct store *s, struct str words, struct str input, struct store_done *out);
void store_done_clear(struct store_done *d);

#endif
