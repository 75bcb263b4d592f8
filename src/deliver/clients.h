/* deliver/clients.h - who is connected to telltale-queue: workers of telltale-smtpd, the one telltale-local, a
 * telltale-remote (two, while one hands over to its successor), commands.
 *
 * Roles come from the socket and the hello.  A client that breaks the protocol,
 * is too slow or has gone is lost: what it had in work is settled at once, the
 * rest when the turn ends (clients_bury), since epoll may still name it.
 */
#ifndef DELIVER_CLIENTS_H
#define DELIVER_CLIENTS_H

#include "deliver/recovered.h"
#include "deliver/schedule.h"
#include "deliver/settings.h"

/* What epoll points at. */
enum source_kind { SOURCE_SIGNALS, SOURCE_SERVICE, SOURCE_CONTROL, SOURCE_DEPOT, SOURCE_LOOKUP, SOURCE_CLIENT };

struct source {
	enum source_kind kind;
	int fd;
};

enum { CLIENTS_MUTED = 200 }; /* ms */

int source_watch(int epoll, struct source *s, enum source_kind kind, int fd);

struct clients {
	int epoll;
	struct depot *depot;
	struct schedule *schedule;
	struct recovered *recovered;
	struct settings *settings;    /* NULL: a new configuration is not heard of */
	struct client *first, *local; /* local: the one telltale-local, or NULL */
	size_t n;
	const struct source
	    *muted[2]; /* listening sockets that are not listened to until listen_again (monotonic ms) */
	size_t nmuted;
	int64_t listen_again;
	bool again; /* something is left to do without waiting */
};

/* Take who waits at a listening socket.  Commands are root's, and our own user's. */
void clients_take(struct clients *s, const struct source *from);
/* A client's source is ready: take its messages, all that came before its end. */
void clients_hear(struct clients *s, struct source *source);
/* What commands asked for goes on, a little. */
void clients_work(struct clients *s);
/* telltale-lookup's word for one of them. */
void clients_answer(struct clients *s, uint64_t id, const struct lookup_answer *answer);
/* Send what is to be said: to telltale-smtpd always, to all others only when the journal is synced. */
void clients_tell(struct clients *s, bool synced);
void clients_check_deadlines(struct clients *s);
void clients_bury(struct clients *s);
/* Is a telltale-smtpd connected? */
bool clients_smtpd(const struct clients *s);
void clients_clear(struct clients *s);

#endif
