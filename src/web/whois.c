#include "web/whois.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"

/* asked: when it was answered; tried: when it was asked last.  Its domains live in mem. */
struct known {
	char *account;
	enum account_known known;
	struct account_now who;
	struct arena mem;
	int64_t asked, tried;
};

struct whois {
	whois_asker *ask;
	void *with;
	pthread_mutex_t mutex;
	struct map by_account;
};

struct whois *whois_new(whois_asker *ask, void *with)
{
	struct whois *w = mem_alloc(sizeof(*w));

	w->ask = ask;
	w->with = with;
	pthread_mutex_init(&w->mutex, NULL);
	return w;
}

static void forget_all(struct whois *w)
{
	struct known *k;
	size_t i = 0;

	while ((k = map_next(&w->by_account, &i, NULL)) != NULL) {
		arena_clear(&k->mem);
		free(k->account);
		free(k);
	}
	map_clear(&w->by_account);
}

void whois_free(struct whois *w)
{
	if (w == NULL)
		return;
	forget_all(w);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

static void copy(const struct account_now *from, struct arena *a, struct account_now *to)
{
	*to = *from;
	for (size_t i = 0; i < from->ndomains; i++)
		to->domains[i] = arena_str(a, from->domains[i]);
}

static struct known *new_entry(struct whois *w, struct str account)
{
	struct known *k;

	if (w->by_account.n >= WHOIS_MAX)
		forget_all(w);
	k = mem_alloc(sizeof(*k));
	k->account = mem_dup(account);
	k->known = ACCOUNT_LATER;
	map_put(&w->by_account, str_of(k->account), k);
	return k;
}

/* What is remembered, if it is not older than that; else ACCOUNT_LATER. */
static enum account_known recall(struct whois *w, struct str account, int64_t since, struct arena *a,
				 struct account_now *out)
{
	const struct known *k = map_get(&w->by_account, account);

	if (k == NULL || k->known == ACCOUNT_LATER || k->asked < since)
		return ACCOUNT_LATER;
	if (k->known == ACCOUNT_HERE)
		copy(&k->who, a, out);
	return k->known;
}

/* Names that nobody has leave no trace: whoever tries to log in with many of them crowds out nobody. */
static void remember(struct whois *w, struct str account, int64_t now, enum account_known known,
		     const struct account_now *who)
{
	struct known *k = map_get(&w->by_account, account);

	if (k == NULL && known != ACCOUNT_HERE)
		return;
	if (k == NULL)
		k = new_entry(w, account);
	k->tried = now;
	if (known == ACCOUNT_LATER)
		return;
	k->known = known;
	k->asked = now;
	arena_reset(&k->mem);
	if (known == ACCOUNT_HERE)
		copy(who, &k->mem, &k->who);
}

/* Who waits for telltale-lookup holds up nobody else: it is asked without the lock. */
enum account_known whois_ask_anew(struct whois *w, struct str account, int64_t now, struct arena *a,
				  struct account_now *out, struct err *e)
{
	enum account_known known = w->ask(w->with, account, a, out, e);

	pthread_mutex_lock(&w->mutex);
	remember(w, account, now, known, out);
	pthread_mutex_unlock(&w->mutex);
	return known;
}

enum account_known whois_ask(struct whois *w, struct str account, int64_t now, struct arena *a, struct account_now *out,
			     struct err *e)
{
	const struct known *k;
	enum account_known known;
	bool tried;

	pthread_mutex_lock(&w->mutex);
	k = map_get(&w->by_account, account);
	tried = k != NULL && now - k->tried < WHOIS_FRESH;
	known = recall(w, account, now - (tried ? WHOIS_STALE : WHOIS_FRESH), a, out);
	pthread_mutex_unlock(&w->mutex);
	if (known != ACCOUNT_LATER)
		return known;
	if (!tried)
		known = whois_ask_anew(w, account, now, a, out, e);
	else
		err_set(e, "the accounts cannot be asked now");
	if (known != ACCOUNT_LATER)
		return known;
	pthread_mutex_lock(&w->mutex);
	known = recall(w, account, now - WHOIS_STALE, a, out);
	pthread_mutex_unlock(&w->mutex);
	return known;
}

enum account_known whois_lookup(void *with, struct str account, struct arena *a, struct account_now *out, struct err *e)
{
	return lookup_who(with, account, a, out, deadline_in(WHOIS_WAIT), e);
}
