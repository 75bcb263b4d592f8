/* session/server.h - one telltale-smtpd process: what its sessions share, and their coming and going.
 *
 * A session is a fiber (base/fiber.h): it reads as if it had the process for itself, and waits under
 * deadlines.  server_take() gives an accepted socket its fiber, or refuses it with 421 when a limit is met.
 * All but server_open() and server_close() is called by fibers of one loop.
 * server_stop() lets sessions finish what they are at, a message or an answer that
 * is waited for, and tells each 421 then: at once where it is for the client to begin
 * (a command, a line of his login, a handshake under implicit TLS); those who are not
 * done when the grace is over at its end.  Whoever only wants no new clients takes
 * none, and waits until server_empty().
 */
#ifndef SESSION_SERVER_H
#define SESSION_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include "base/cond.h"
#include "base/conf.h"
#include "gate/rules.h"
#include "logs/logs.h"
#include "queue/spool.h"
#include "rcpt/rcpt.h"
#include "base/census.h"
#include "wire/tls.h"

struct server;
struct consult;
struct session;

/* What sessions could not do, told in server.log without flooding it (see server_trouble). */
enum trouble_kind {
	TROUBLE_CLIENT,
	TROUBLE_LOGIN,
	TROUBLE_SENDER,
	TROUBLE_RECIPIENT,
	TROUBLE_GRAYLIST,
	TROUBLE_SETTINGS,
	TROUBLE_RSPAMD,
	TROUBLE_MILTER,
	TROUBLE_MESSAGE,
	TROUBLE_SIGNING,
	TROUBLE_LOG,
	TROUBLES
};
struct trouble {
	pthread_mutex_t mutex;
	struct {
		int64_t told;    /* clock_mono() of the last line, 0: never */
		uint64_t untold; /* since then */
	} of[TROUBLES];
};

/* A listener as its sessions see it. */
struct port {
	struct server *server;
	const struct conf_port *conf;
	struct policy policy;
	struct log_writer *smtp; /* smtp-LABEL.log */
};

struct server {
	const struct conf *conf;
	struct rules *rules;
	struct port *ports;
	size_t nports;
	struct ipc_client *dns, *lookup;
	struct ipc_client *signer; /* NULL: nothing is signed */
	struct spool *spool;
	struct census *census;
	struct log_writer *spamdyke;
	struct tls *tls;               /* NULL: no listener wants any */
	const struct consult *consult; /* NULL: nobody is asked */
	struct rcpt_set rcpt;
	struct str why_key; /* of references to refusals (mail/reference.h) */
	bool every_check;   /* logs { checks = all } */
	bool verbose;       /* logs { level = verbose } */

	atomic_bool stopping;
	struct trouble trouble;
	pthread_mutex_t mutex; /* guards the next two */
	struct cond left;
	struct session *sessions;
};

/* What a server is made of; all of it outlives the server. */
struct server_set {
	struct conf *conf;
	struct rules *rules;           /* of the gate */
	const struct consult *consult; /* NULL: nobody is asked */
	struct tls *tls;               /* NULL: no listener wants any; freed by server_close() */
	unsigned worker;               /* which of the telltale-smtpd programs this is */
	int census;                    /* the shared table, or -1 */
	struct str why_key;            /* REFERENCE_KEY bytes, or none */
	bool signs;                    /* there is a telltale-signer */
};
/* What telltaled handed over for TLS, as a context for server_set.tls, before the sandbox: 0; -1 when a listener wants
 * TLS and cannot have it. */
int server_tls(const struct conf *c, struct tls **out, struct err *e);
/* The key of references, where telltaled handed one over: REFERENCE_KEY bytes in a; empty: there is none. */
int server_why_key(struct arena *a, struct str *out, struct err *e);
int server_open(struct server *s, const struct server_set *set, struct err *e);
/* Serve one client; takes the (non-blocking) socket. */
void server_take(struct port *p, int fd);
/* Has the last session left? */
bool server_empty(struct server *s);
/* True when all sessions have left; only then may the server be closed. */
bool server_stop(struct server *s, int64_t grace_ms);
void server_close(struct server *s);

/* Say in server.log what failed: each kind at most once in ten seconds, with the number of those left out. */
void server_trouble(struct server *s, enum trouble_kind kind, const char *why);

#endif
