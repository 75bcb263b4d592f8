/* handoff/rspamd.h - what rspamd thinks of a message: POST /checkv2, JSON (rspamd.com/doc/developers/protocol.html).
 *
 * One struct rspamd per program, used by all its sessions; at most `most`
 * questions run at a time, the others wait for their turn within their own
 * deadline.  The message is sent from where it lies, in pieces.
 *
 * How: libcurl's multi interface with one transfer, driven by io_wait().  A thread
 * per question (fiber_aside) would cost more and could not be ended at a deadline; names are
 * never looked up, proxies, redirects and .netrc are off, only plain HTTP is spoken.
 *
 * The answer holds text that the sender of the message chose: what is not UTF-8 in it is
 * repaired before it is parsed (a message must not escape by spoiling its own
 * verdict), everything has a limit, and what is meant for logs and replies is printable.
 */
#ifndef HANDOFF_RSPAMD_H
#define HANDOFF_RSPAMD_H

#include "base/arena.h"
#include "base/err.h"
#include "handoff/edit.h"
#include "handoff/service.h"

struct rspamd_set {
	struct service at;
	const char *password; /* "" or NULL: none */
	const char *hostname; /* MTA-Name */
	size_t most;          /* questions at a time */
};

/* "http://HOST:PORT" (/ at its end is fine, 11333 when it has no port), or any spelling of service_read(). */
int rspamd_service(struct service *s, struct str url, struct err *e);

struct rspamd;
/* To be called before threads and sandbox: libcurl, OpenSSL and jansson read files then.  Within, a question needs a
 * socket of its service's family, connect, and socketpair (libcurl's, which it can do without). */
struct rspamd *rspamd_new(const struct rspamd_set *set, struct err *e);
void rspamd_free(struct rspamd *r); /* no question runs any more */

/* A message with its envelope.  What is "" is not told. */
struct rspamd_question {
	struct str from;         /* without brackets */
	const struct str *rcpts; /* the first 48 KiB of them are told */
	size_t nrcpts;
	struct str ip, helo;
	struct str hostname;   /* the client's name */
	struct str user;       /* who logged in */
	struct str id;         /* Queue-Id */
	struct str deliver_to; /* the one mailbox it is for, where there is one */
	struct str head;       /* with the empty line */
	const struct str *body;
	size_t nbody;
};

enum rspamd_action {
	RSPAMD_NO_ACTION,
	RSPAMD_GREYLIST,
	RSPAMD_ADD_HEADER,
	RSPAMD_REWRITE_SUBJECT,
	RSPAMD_SOFT_REJECT,
	RSPAMD_REJECT,
	RSPAMD_QUARANTINE,
	RSPAMD_DISCARD,
	RSPAMD_OTHER, /* see action_text */
};

enum { RSPAMD_SYMBOLS_MAX = 10, RSPAMD_TEXT_MAX = 400, RSPAMD_ANSWER_MAX = 8 << 20, RSPAMD_DEPTH_MAX = 16 };

struct rspamd_symbol {
	struct str name; /* printable, no spaces */
	double score;
};

struct rspamd_answer {
	enum rspamd_action action;
	struct str action_text; /* as rspamd said it, printable */
	bool skipped;           /* rspamd did not look at all of it; the action counts all the same */
	double score, required; /* finite */
	struct rspamd_symbol top[RSPAMD_SYMBOLS_MAX]; /* the weightiest first, whichever way they weigh */
	size_t ntop, nsymbols;                        /* nsymbols: how many there were */
	struct str message;                           /* what the client should be told; printable, "": nothing */
	struct str subject; /* for RSPAMD_REWRITE_SUBJECT: a value for the Subject field, "" or allowed by edit_ok() */
	struct edit *edits; /* of milter.remove_headers, milter.add_headers, dkim-signature; in that order */
	size_t nedits;
	size_t refused; /* edits that were not allowed, and why the first was not */
	const char *why;
};

/* 0, or -1 with what failed, in words.  Memory of *out from a. */
int rspamd_ask(struct rspamd *r, const struct rspamd_question *q, int64_t deadline, struct arena *a,
	       struct rspamd_answer *out, struct err *e);

/* The reading alone: 0, or -1 when it is no answer of rspamd's. */
int rspamd_read(struct str json, struct arena *a, struct rspamd_answer *out, struct err *e);
const char *rspamd_action_name(enum rspamd_action action); /* "soft reject"; "other" */

#endif
