/* session/session.h - a client's visit, from greeting to goodbye.
 *
 * session_run() reads like the conversation: read a line, ask the gate, check
 * the recipient, answer.  All paths that end a transaction go through
 * transaction_end(), which is the only place that forgets one.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <netinet/in.h>
#include "gate/visit.h"
#include "gate/vouched.h"
#include "session/consult.h"
#include "session/record.h"
#include "session/server.h"
#include "wire/command.h"
#include "wire/dot.h"
#include "wire/line.h"

/* Bad commands, refused and repeated recipients after which a session is closed: what a session may make us keep. */
#define SESSION_ERRORS_MAX 1000
/* Slowest client that we wait for inside a message, bytes per second (RFC 5321 asks for nothing; Postfix 500). */
#define SESSION_LEAST_RATE 500
/* Longest waits for telltale-lookup and telltale-queue, ms: then the client is put off. */
#define SESSION_LOOKUP_WAIT 10000
#define SESSION_STORE_WAIT 30000
/* Longest handshake of TLS, ms. */
#define SESSION_HANDSHAKE 30000
/* Failed logins after which a session is closed. */
#define SESSION_LOGINS_MAX 5
/* Longest name in EHLO that we keep. */
#define SESSION_HELO_MAX 255

/* Who is at the other end. */
struct peer {
	struct in6_addr addr; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	char ip[INET6_ADDRSTRLEN];
};

/* A RCPT that was accepted. */
struct named {
	struct str key;           /* lower case, for comparing and the spamdyke log */
	struct str text;          /* as the client named it */
	struct view *view;        /* under which the gate judged it; NULL where it does not run */
	struct standing standing; /* what its stages added up to */
	size_t first, n;          /* where it goes, of transaction.rcpts */
};

/* One message on its way in; a zeroed one is none. */
struct transaction {
	bool open; /* MAIL was accepted */
	struct arena mem;
	struct str sender, sender_key; /* empty: the null path */
	struct str envid;              /* what the client asked about notices: RFC 3461 */
	unsigned ret;                  /* enum ret */
	bool requiretls;
	struct vouched vouched;
	struct signing *signing; /* NULL: it goes unsigned */
	struct str junk;         /* see struct envelope */
	bool gate_told;          /* findings of connect and sender are in the group */
	struct recipient *rcpts; /* where it goes */
	size_t nrcpts, room;
	struct named *named; /* the accepted RCPTs */
	size_t nnamed, named_room;
	bool asked;           /* there was a RCPT, accepted or not; */
	struct str last_rcpt; /* the latest one */
};

struct session {
	struct port *port;
	struct server *server;
	struct session *next, **link; /* in server->sessions */
	struct peer peer;
	struct wire wire;
	struct line line;
	struct arena mem;     /* for the visit */
	struct arena scratch; /* for one command */
	uint64_t number;      /* N of spamdyke[N] */
	int64_t began;        /* ms since 1970 */
	int64_t came;         /* the same, of clock_mono() */
	char helo_text[SESSION_HELO_MAX];
	struct str helo; /* in helo_text */
	int64_t helo_at;
	uint64_t helos; /* HELOs so far */
	bool esmtp;
	int64_t tls_at, login_at; /* when that was, ms since 1970 */
	const char *method;       /* how the client logged in (facts.user); a literal */
	unsigned logins_failed;
	struct facts facts;
	struct visit visit; /* as the gate sees it */
	struct rcpt_state rcpt;
	struct transaction t;
	struct record record;
	struct consulting consulting;
	unsigned errors;
	uint64_t rcpts;  /* RCPTs in a transaction so far: a reference counts them */
	const char *why; /* how the latest transaction, or the visit, was left */
	bool closing;
	bool quit; /* it said so: nothing more will come */
	bool idle; /* it waits for the client to begin: server_stop() ends it at once */
};

/* The whole visit.  The caller has set port, server, peer and wire, the rest is zeroed. */
void session_run(struct session *s);
void session_clear(struct session *s); /* closes the socket */

/* ---- for the files of this folder ---- */

/* Wait until the client says something, or hangs up.  False: the deadline, or the server stops and he is silent. */
bool session_wait(struct session *s, int64_t deadline);
/* His next line, as wire_line() has it.  Who has none while the server stops is not waited for (LINE_CLOSED). */
enum line_end session_line(struct session *s, struct str *text);
/* Wait before the greeting, where the gate does: who talks meanwhile is an early talker (facts.early). */
void session_hold_greeting(struct session *s);

/* Put a reply into the output; it is sent with its batch. */
void session_reply(struct session *s, const struct reply *r);
struct reply session_words(enum reply_id id);
void session_say(struct session *s, enum reply_id id);
/* There was no command line, but this (not LINE_OK): answer it, or end the visit. */
void session_no_line(struct session *s, enum line_end end);
/* The reply of a command inside a transaction: logged, then put out. */
void session_answer(struct session *s, const struct reply *r);
/* Last words: the transaction ends for this reason, and the connection after the reply. */
void session_close(struct session *s, enum reply_id id, const char *why);
/* One more of what SESSION_ERRORS_MAX counts, already answered. */
void session_count_error(struct session *s);
int64_t session_command_deadline(const struct session *s);
/* When the visit of a client who has not logged in is over (connection-timeout-secs); else DEADLINE_NEVER. */
int64_t session_visit_deadline(const struct session *s);
/* What a client is told whose time is up, and who is logged as TIMEOUT. */
struct reply session_timeout_words(struct session *s);
/* Words of ours, or what the postmaster wants said instead (rejection-text-...). */
struct reply session_words_or(struct session *s, enum reply_id id, enum reason why);
int session_flush(struct session *s);

/* ---- refusal.c ---- */

/* The gate's reply to what was found, under that policy: of the latest RCPT, or of the whole message (by->filter->at
 * is AT_DATA). */
void session_refusal(struct session *s, const struct policy *p, const struct finding *by, struct reply *out);
/* The same of what no filter found, under the listener's policy. */
void session_refusal_of(struct session *s, enum reason why, struct reply *out);

/* The handshake of a listener with implicit TLS, before a word is said: 0; -1 when the visit is over. */
int session_begin_tls(struct session *s);
bool session_encrypted(const struct session *s);
bool session_offers_tls(const struct session *s);
bool session_offers_auth(const struct session *s);
/* RFC 8689: promised only inside TLS, and only if telltale-remote keeps the promise. */
bool session_offers_requiretls(const struct session *s);
void session_forget_login(struct session *s);

void session_starttls(struct session *s, const struct command *c);
void session_auth(struct session *s, const struct command *c);
void session_mail(struct session *s, const struct command *c);
void session_rcpt(struct session *s, const struct command *c);
void session_data(struct session *s, const struct command *c);
/* What a fault of a command is answered with. */
struct reply session_fault(struct session *s, const struct command *c);

/* Tell the graylist what a verdict that stands has to be done for it (struct effect). */
void session_effects(struct session *s, const struct effect *effects);
/* The message was taken: to whom elsewhere has our user written? */
void session_correspond(struct session *s);

/* End the transaction, if there is one: write its group (why: how it was left, NULL when it was answered to
 * its end) and forget everything about it. */
void transaction_end(struct session *s, const char *why);

/* Our Received header, CRLF ended. */
void received_put(struct buf *b, const struct session *s, uint64_t qp, int64_t now_ms);

#endif
