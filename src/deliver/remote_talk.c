#include "deliver/remote_talk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { IDLE_TIME = 2000, IDLE_MOST = 50, MESSAGES_MOST = 100 };

/* The address of ours for one of that family. */
static struct str source_for(const struct remote_try *t, const struct route_stop *stop)
{
	int family = str_chr(stop->ip, ':') >= 0 ? AF_INET6 : AF_INET;

	return way_source(&t->way->source, t->message.sender, family);
}

struct remote_talk *remote_talk_open(const struct remote_try *t, struct remote_race *r, int64_t deadline)
{
	struct str sources[ROUTE_ADDRESSES_MOST], source;
	int64_t begun = clock_mono();
	const struct route_stop *stop;
	struct remote_talk *k;
	int fd;

	for (size_t i = 0; i < r->n; i++)
		sources[i] = source_for(t, &r->at[i]);
	fd = race_run(r, sources, deadline);
	if (fd < 0)
		return NULL;
	stop = &r->at[r->won];
	source = sources[r->won];
	k = mem_alloc(sizeof(*k));
	k->key = mem_dup(t->key);
	k->host = mem_dup(stop->host);
	k->ip = mem_dup(stop->ip);
	k->source = mem_dup(source);
	k->port = stop->port;
	k->connected = clock_mono() - begun + 1; /* never 0 */
	k->set = t->way->client;
	k->set.peer.name = k->host; /* without a policy: nobody in particular */
	wire_init(&k->client.wire, fd);
	return k;
}

void remote_talk_close(struct remote_talk *k)
{
	client_end(&k->client);
	client_clear(&k->client);
	free(k->key);
	free(k->host);
	free(k->ip);
	free(k->source);
	free(k);
}

static struct remote_talk *unlink_talk(struct remote_world *w, struct remote_talk **at)
{
	struct remote_talk *k = *at;

	*at = k->next;
	k->next = NULL;
	w->nidle--;
	return k;
}

/* All of a key but its destination, which is the last of its words. */
static struct str way_in(struct str key)
{
	return str_take(key, (size_t)(str_rchr(key, ' ') + 1));
}

/* Would the certificate that was good for one domain be good for the other?  Those under a CA's pin may bear the
 * domain's own name (RFC 7672, 3.2.3). */
static bool protects_alike(const struct remote_talk *k, const struct remote_policy *p)
{
	for (size_t i = 0; i < p->peer.npins; i++)
		if (p->peer.pins[i].usage != TLS_PIN_SERVER)
			return false;
	return k->proof == p->proof;
}

static bool serves(const struct remote_talk *k, const struct remote_try *t, const struct remote_race *r)
{
	if (r == NULL)
		return str_eqz(t->key, k->key);
	return k->port == r->at->port && str_eqz(r->at->host, k->host) &&
	       str_eq(way_in(t->key), way_in(str_of(k->key))) && protects_alike(k, t->policy);
}

static struct remote_talk *find(struct remote_try *t, const struct remote_race *r)
{
	for (struct remote_talk **at = &t->world->idle; *at != NULL; at = &(*at)->next)
		if (serves(*at, t, r))
			return unlink_talk(t->world, at);
	return NULL;
}

/* Who has closed it meanwhile, or said something unasked ("421 idle too long"), is not asked. */
struct remote_talk *remote_talk_take(struct remote_try *t, const struct remote_race *r)
{
	struct remote_talk *k;

	while ((k = find(t, r)) != NULL && wire_more(&k->client.wire, 0))
		remote_talk_close(k);
	if (k != NULL && r != NULL) {
		free(k->key);
		k->key = mem_dup(t->key);
	}
	return k;
}

void remote_talk_keep(struct remote_world *w, struct remote_talk *k)
{
	if (++k->messages >= MESSAGES_MOST || w->nidle >= IDLE_MOST || k->client.wire.shut) {
		remote_talk_close(k);
		return;
	}
	k->until = deadline_in(IDLE_TIME);
	k->next = w->idle;
	w->idle = k;
	w->nidle++;
}

/* Closing may wait, and another fiber may take from the list meanwhile: so each look begins at its start. */
static struct remote_talk *next_to_close(struct remote_world *w, bool all)
{
	for (struct remote_talk **at = &w->idle; *at != NULL; at = &(*at)->next)
		if (all || clock_mono() >= (*at)->until)
			return unlink_talk(w, at);
	return NULL;
}

void remote_tidy(struct remote_world *w, bool all)
{
	struct remote_talk *k;

	while ((k = next_to_close(w, all)) != NULL)
		remote_talk_close(k);
}
