#include "supervise/generation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "supervise/secret.h"

const char *generation_fixed_option(const struct conf *now, const struct conf *next)
{
	const struct {
		const char *name;
		struct str now, next;
	} fixed[] = {
		{ "data-dir", now->top.data_dir, next->top.data_dir },
		{ "log-dir", now->top.log_dir, next->top.log_dir },
		{ "spool-dir", now->top.spool_dir, next->top.spool_dir },
		{ "mail-dir", now->top.mail_dir, next->top.mail_dir },
		{ "accounts { sqlite }", now->accounts.sqlite, next->accounts.sqlite },
		{ "dkim { dir }", now->dkim.dir, next->dkim.dir },
		{ "users { smtpd }", now->users.smtpd, next->users.smtpd },
		{ "users { dns }", now->users.dns, next->users.dns },
		{ "users { lookup }", now->users.lookup, next->users.lookup },
		{ "users { queue }", now->users.queue, next->users.queue },
		{ "users { local }", now->users.local, next->users.local },
		{ "users { signer }", now->users.signer, next->users.signer },
		{ "users { remote }", now->users.remote, next->users.remote },
		{ "users { policy }", now->users.policy, next->users.policy },
		{ "users { pipe }", now->users.pipe, next->users.pipe },
		{ "users { web }", now->users.web, next->users.web },
		{ "users { search }", now->users.search, next->users.search },
	};

	for (size_t i = 0; i < COUNT(fixed); i++)
		if (!str_eq(fixed[i].now, fixed[i].next))
			return fixed[i].name;
	return NULL;
}

bool generation_asks_policies(const struct generation *g)
{
	return g->conf.relay.enabled && (g->conf.relay.mta_sts || g->conf.relay.tls_report);
}

bool generation_has_page(const struct generation *g)
{
	return g->conf.web.bind.n > 0;
}

static struct generation *generation_new(unsigned number)
{
	struct generation *g = mem_alloc(sizeof(*g));

	g->number = number;
	g->text = g->rules = g->why_key = -1;
	g->keys = g->web_keys = (struct keys)KEYS_NONE;
	return g;
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	sockets_close(&g->sockets);
	keys_clear(&g->keys);
	keys_clear(&g->web_keys);
	fd_clear(&g->text);
	fd_clear(&g->rules);
	fd_clear(&g->why_key);
	conf_clear(&g->conf);
	free(g);
}

static int read_rules(struct generation *g, const struct house *h, struct err *e)
{
	BUF(rules);

	if (h->rules(&g->conf, &rules, e) < 0)
		return -1;
	g->rules = io_memfd("gate-rules", buf_str(&rules), e);
	return g->rules < 0 ? -1 : 0;
}

/* The text, the rules and the key of references: the same for all programs of this generation, whatever happens to the
 * files. */
static int freeze(struct generation *g, const struct house *h, struct err *e)
{
	if (g->rules < 0 && read_rules(g, h, e) < 0)
		return -1;
	g->text = io_memfd("telltale.conf", g->conf.text, e);
	g->why_key = g->text < 0 ? -1 : secret_open(&g->conf, e);
	return g->why_key < 0 ? -1 : 0;
}

/* Whoever has no keys needs no program for them. */
static bool has_keys(const struct conf *c)
{
	return (!str_eqz(c->dkim.sign, "none") || c->forward.arc) && access(conf_z(c->dkim.dir), F_OK) == 0;
}

static int open_sockets(struct generation *g, const struct generation *now, const struct generation_set *set,
			struct err *e)
{
	struct sockets_set s = { now != NULL ? &now->sockets : NULL, set->service_mode, g->signs,
				 generation_asks_policies(g), generation_has_page(g) };

	return sockets_open(&g->sockets, &g->conf, &s, e);
}

/* All that comes after the configuration has been read. */
static struct generation *furnish(struct generation *g, const struct generation *now, const struct generation_set *set,
				  struct err *e)
{
	if (g->conf.nports == 0)
		err_set(e, "%s: no listener is configured", conf_z(g->conf.file));
	else if (set->house->usable(&g->conf, e) == 0 && freeze(g, set->house, e) == 0 &&
		 keys_read(&g->keys, KEYS_OF_LISTENERS, &g->conf, set->house, e) == 0 &&
		 keys_read(&g->web_keys, KEYS_OF_PAGE, &g->conf, set->house, e) == 0 &&
		 open_sockets(g, now, set, e) == 0)
		return g;
	generation_free(g);
	return NULL;
}

struct generation *generation_first(struct conf *c, const struct generation_set *set, struct err *e)
{
	struct generation *g = generation_new(1);

	g->conf = *c;
	*c = (struct conf){ .mem = ARENA_INIT };
	g->signs = has_keys(&g->conf);
	return furnish(g, NULL, set, e);
}

struct generation *generation_again(const struct generation *now, const struct generation_set *set, struct err *e)
{
	struct generation *g = generation_new(0);
	const char *fixed;

	if (conf_load(&g->conf, conf_z(now->conf.file), e) < 0) {
		generation_free(g);
		return NULL;
	}
	g->signs = has_keys(&g->conf);
	fixed = generation_fixed_option(&now->conf, &g->conf);
	if (fixed == NULL)
		return furnish(g, now, set, e);
	err_set(e, "%s: %s has changed; that needs a restart", conf_z(g->conf.file), fixed);
	generation_free(g);
	return NULL;
}

struct generation *generation_with_new_keys(const struct generation *now, const struct generation_set *set,
					    struct err *e)
{
	struct generation *g = generation_new(0);

	/* Nobody asked for other rules: what is broken now does not keep an old certificate in use. */
	g->signs = now->signs; /* only the sessions are exchanged */
	g->rules = fcntl(now->rules, F_DUPFD_CLOEXEC, 3);
	if (conf_parse(&g->conf, now->conf.text, conf_z(now->conf.file), e) == 0)
		return furnish(g, now, set, e);
	generation_free(g);
	return NULL;
}
