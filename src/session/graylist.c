/* What the graylist is to know of this visit. */
#include "base/clock.h"
#include "session/session.h"

enum {
	TELL_MS = 1000,
	CORRESPONDENTS_MAX = 100 /* of one message: with more recipients it is no correspondence */
};

static void tell(struct session *s, const struct gray_event *what, int64_t deadline)
{
	struct err e;

	if (lookup_gray_tell(s->server->lookup, what, deadline, &e) < 0)
		server_trouble(s->server, TROUBLE_GRAYLIST, e.text);
}

static enum gray_note note_of(struct str key)
{
	if (str_eqz(key, "new"))
		return GRAY_NEW;
	return str_eqz(key, "again") ? GRAY_AGAIN : GRAY_PASSED;
}

void session_effects(struct session *s, const struct effect *effects)
{
	const struct facts *f = &s->facts;

	for (const struct effect *x = effects; x != NULL; x = x->next) {
		struct gray_event what = { .time = f->gray_asked };

		if (!str_eqz(str_of(x->what), EFFECT_GRAYLIST))
			continue;
		what.what = note_of(x->key);
		what.until = f->gray_asked + f->policy->set.graylist_max_secs * 1000;
		facts_gray_key(f, &what.key);
		tell(s, &what, deadline_in(TELL_MS));
	}
}

static struct str domain_of(struct str address)
{
	return str_skip(address, (size_t)(str_rchr(address, '@') + 1));
}

/* A login speaks for its own domain: nobody makes himself another domain's correspondent. */
static bool speaks_for(const struct session *s, struct str sender)
{
	return !s->facts.authenticated || str_ieq(domain_of(s->facts.user), domain_of(sender));
}

/* Only one of ours gets a recipient elsewhere accepted; what an alias sends on was not written by whom it came from. */
void session_correspond(struct session *s)
{
	const struct transaction *t = &s->t;
	int64_t deadline = deadline_in(TELL_MS), now = clock_wall();

	if (!s->server->conf->gate.graylist_correspondents || t->sender_key.n == 0 || t->nrcpts > CORRESPONDENTS_MAX ||
	    !speaks_for(s, t->sender_key))
		return;
	for (size_t i = 0; i < t->nrcpts; i++) {
		const struct recipient *r = &t->rcpts[i];
		struct gray_event what = {
			.what = GRAY_WROTE,
			.key = { .rcpt = t->sender_key, .sender = r->final },
			.time = now,
			.until = now + GRAY_CORRESPOND_MS,
		};

		if (r->channel == CHANNEL_REMOTE && str_ieq(r->final, r->original))
			tell(s, &what, deadline);
	}
}
