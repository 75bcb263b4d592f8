/* deliver/remote_talk.h - a connection to another server, and those that are kept for the next message. */
#ifndef DELIVER_REMOTE_TALK_H
#define DELIVER_REMOTE_TALK_H

#include "deliver/remote_race.h"
#include "deliver/remote_try.h"

struct remote_talk {
	struct client client;
	struct client_set set;
	char *key, *host, *ip, *source; /* ours; source is empty unless one was chosen */
	uint16_t port;
	enum policy_proof proof;
	int64_t connected; /* ms that it took */
	unsigned messages; /* sent over it */
	int64_t until;     /* while it is idle */
	struct remote_talk *next;
};

/* Connect, for that try, to whichever stop of the race lets us in first: NULL, when none did before the deadline. */
struct remote_talk *remote_talk_open(const struct remote_try *t, struct remote_race *r, int64_t deadline);
void remote_talk_close(struct remote_talk *k);
/* One that was kept, or NULL: for t->key; or, where `r` is given, for another domain that a host of it serves too (one
 * MX set for many domains), by the same way and under the protection that t->policy demands here. */
struct remote_talk *remote_talk_take(struct remote_try *t, const struct remote_race *r);
/* It may be used again, or is closed. */
void remote_talk_keep(struct remote_world *w, struct remote_talk *k);

#endif
