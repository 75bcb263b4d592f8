#include <inttypes.h>
#include "base/clock.h"
#include "base/say.h"
#include "session/server.h"

enum { EVERY = 10000 };

static const struct {
	enum say_level level;
	const char *what;
} kinds[TROUBLES] = {
	[TROUBLE_CLIENT] = { SAY_ERROR, "a client is sent away" },
	[TROUBLE_LOGIN] = { SAY_ERROR, "a login is put off" },
	[TROUBLE_SENDER] = { SAY_WARNING, "a sender is put off" },
	[TROUBLE_RECIPIENT] = { SAY_WARNING, "a recipient is put off" },
	[TROUBLE_GRAYLIST] = { SAY_WARNING, "the graylist does not learn of a mail" },
	[TROUBLE_SETTINGS] = { SAY_WARNING, "settings of a recipient do not count" },
	[TROUBLE_RSPAMD] = { SAY_WARNING, "a message is not looked at by rspamd" },
	[TROUBLE_MILTER] = { SAY_WARNING, "a message is not looked at by a milter" },
	[TROUBLE_MESSAGE] = { SAY_ERROR, "a message is put off" },
	[TROUBLE_SIGNING] = { SAY_WARNING, "a message goes unsigned" },
	[TROUBLE_LOG] = { SAY_ERROR, "a log cannot be written, lines are lost" },
};

/* May this one be told now?  Then *untold is how many before it were not. */
static bool due(struct trouble *t, enum trouble_kind kind, uint64_t *untold)
{
	int64_t now = clock_mono();
	bool yes;

	pthread_mutex_lock(&t->mutex);
	yes = t->of[kind].told == 0 || now - t->of[kind].told >= EVERY;
	*untold = t->of[kind].untold;
	t->of[kind].untold = yes ? 0 : *untold + 1;
	if (yes)
		t->of[kind].told = now;
	pthread_mutex_unlock(&t->mutex);
	return yes;
}

void server_trouble(struct server *s, enum trouble_kind kind, const char *why)
{
	uint64_t untold;

	if (!due(&s->trouble, kind, &untold))
		return;
	if (untold > 0)
		say(kinds[kind].level, "%s: %s (and %" PRIu64 " more since the last such line)", kinds[kind].what, why,
		    untold);
	else
		say(kinds[kind].level, "%s: %s", kinds[kind].what, why);
}
