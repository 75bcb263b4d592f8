/* handoff/milter.h - a filter that speaks sendmail's milter protocol, version 6: we are its MTA.
 *
 *	m = milter_new(&set, &facts);
 *	milter_connect(m) milter_helo(m, name)                          when these happen
 *	  milter_mail() milter_rcpt()... milter_data()                  each answer concerns that command
 *	  milter_head(m, &h) milter_body(m, piece)...                   the message, in pieces of any size
 *	  milter_end(m, a, &changes)                                    the verdict, and the edits
 *	  or milter_abort(m)                                            the transaction ended otherwise
 *	milter_free(m)
 *
 * One connection per visit, made by milter_connect() and kept for all messages
 * of the visit.  A step that the filter does not want is not sent; one that it
 * accepted is not asked about again.  Steps that were left out before
 * milter_end() are no error.  Memory is constant: one chunk, and what the filter
 * asks for within its limits.
 *
 * Waits are those of a fiber, and none is without end (struct milter_set).  Whatever the
 * filter does wrong - silence, a closed connection, a packet that is malformed,
 * too long, unexpected or not offered - costs its connection and nothing else:
 * MILTER_FAILED with words that name filter and step; so is every later step of the
 * visit, at once.  What that means for the mail is the caller's policy.
 *
 * Several filters in a row: apply `changes` to the head (handoff/edit.h) before the
 * next one is given it.  Who cannot read the body twice asks all filters side by
 * side instead, and applies their edits in order; then they do not see each other's.
 *
 * Not offered: changes of sender, recipients and body (the body may be on disk already); a filter
 * that cannot live without says so in the negotiation and fails there.
 */
#ifndef HANDOFF_MILTER_H
#define HANDOFF_MILTER_H

#include "base/arena.h"
#include "handoff/edit.h"
#include "handoff/service.h"
#include "mail/reply.h"

struct milter_set {
	const char *name; /* "opendkim": for words */
	struct service at;
	/* Milliseconds.  connect: with the negotiation; command: one answer; end: silence after the end of the message
	 * (a sign of progress begins it anew); message: all waiting for one message, from its header on. */
	int64_t connect, command, end, message;
};

/* What is known about the client.  The caller owns it, keeps it until milter_free() and may bring it up to date between
 * two calls (TLS, a login, the queue's number).  Whatever is "" is not told. */
struct milter_facts {
	struct str hostname; /* j: our own name */
	struct str daemon;   /* {daemon_name}: which port */
	struct str version;  /* v: our program */
	struct str ip;       /* {client_addr}; "" is family "unknown" */
	uint16_t port;
	struct str name; /* {client_name}: the name that its address confirms; "": told as [ip] */
	struct str ptr;  /* {client_ptr}: the name that the reverse zone gives, confirmed or not */
	struct str tls_version, cipher, cipher_bits;
	struct str auth_type, auth_authen;
	struct str id; /* i */
};

enum milter_verdict {
	MILTER_CONTINUE, /* go on */
	MILTER_ACCEPT,   /* content: it is asked no more (about this message; after connect or helo: this visit) */
	MILTER_REJECT,   /* with reply */
	MILTER_TEMPFAIL, /* with reply */
	MILTER_DISCARD,  /* take the message and throw it away */
	MILTER_SHUTDOWN, /* with reply (421): and end the visit */
	MILTER_FAILED,   /* with words */
};

/* All but the recipients' verdicts hold for what follows: later steps of that message (visit) answer the same. */
struct milter_word {
	enum milter_verdict is;
	struct reply reply; /* lines are joined by a space; control characters and bytes beyond ASCII are `?` */
	struct str words;   /* "opendkim, end of message: no answer within 30 s" */
};

struct milter_changes {
	struct edit *edits;
	size_t n;
	bool quarantine;
	struct str reason; /* printable */
	size_t refused;    /* edits that were not allowed, and why the first was not */
	const char *why;
};

enum { MILTER_ARGS_MAX = 32, MILTER_TEXT_MAX = 400 };

/* An address without its brackets, and the parameters behind it ("SIZE=100"). */
struct milter_path {
	struct str address, domain;
	const struct str *args;
	size_t nargs;
};

struct milter;

struct milter *milter_new(const struct milter_set *set, const struct milter_facts *facts);
void milter_free(struct milter *m); /* says goodbye without waiting; NULL is fine */

/* Strings of a word live until the next call. */
struct milter_word milter_connect(struct milter *m);
struct milter_word milter_helo(struct milter *m, struct str helo);
struct milter_word milter_mail(struct milter *m, const struct milter_path *p);
struct milter_word milter_rcpt(struct milter *m, const struct milter_path *p);
struct milter_word milter_data(struct milter *m);
struct milter_word milter_head(struct milter *m, const struct head *h);
struct milter_word milter_body(struct milter *m, struct str piece);
/* *out (memory from a) is empty unless the verdict is MILTER_CONTINUE or MILTER_ACCEPT. */
struct milter_word milter_end(struct milter *m, struct arena *a, struct milter_changes *out);
void milter_abort(struct milter *m);

#endif
