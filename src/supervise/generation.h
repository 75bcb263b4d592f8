/* supervise/generation.h - one configuration at work: its text, its keys, its sockets.
 *
 * There is one now, and one more while a reload is under way.  The programs of
 * generations before it only finish what they have: they hold their own
 * descriptors and are not started again, so nothing is kept for them here.
 */
#ifndef SUPERVISE_GENERATION_H
#define SUPERVISE_GENERATION_H

#include "base/conf.h"
#include "base/err.h"
#include "supervise/house.h"
#include "supervise/keys.h"
#include "supervise/sockets.h"

struct generation {
	unsigned number; /* 1, 2 ...; a next one gets its from the crew */
	struct conf conf;
	int text;   /* sealed memfd of the configuration's bytes */
	int rules;  /* and of the gate's (house.h) */
	bool signs; /* telltale-signer is one of its programs */
	struct keys keys;
	struct keys web_keys; /* the page's own */
	int why_key;          /* sealed memfd (secret.h) */
	struct sockets sockets;
};

struct generation_set {
	const struct house *house;
	mode_t service_mode; /* of sockets our programs serve each other on */
};

/* The first one; takes the contents of c.  NULL: *e says why. */
struct generation *generation_first(struct conf *c, const struct generation_set *set, struct err *e);
/* The same file read again.  NULL when it is refused: *e says where and why. */
struct generation *generation_again(const struct generation *now, const struct generation_set *set, struct err *e);
/* The same configuration with the certificate and key that lie there now. */
struct generation *generation_with_new_keys(const struct generation *now, const struct generation_set *set,
					    struct err *e);
void generation_free(struct generation *g);

/* The option that differs and cannot while the server runs ("data-dir"), or NULL. */
const char *generation_fixed_option(const struct conf *now, const struct conf *next);

/* Is telltale-policy one of its programs? */
bool generation_asks_policies(const struct generation *g);
/* Are telltale-web and telltale-search? */
bool generation_has_page(const struct generation *g);

#endif
