#include "supervise/users.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static const char *const roles[ROLES] = { "smtpd",  "dns",    "lookup", "queue", "local", "remote",
					  "signer", "policy", "pipe",   "web",   "search" };

static struct str name_of(const struct conf *c, enum role r)
{
	const struct str names[ROLES] = { c->users.smtpd, c->users.dns,    c->users.lookup, c->users.queue,
					  c->users.local, c->users.remote, c->users.signer, c->users.policy,
					  c->users.pipe,  c->users.web,    c->users.search };

	return names[r];
}

static int find(const struct conf *c, enum role r, struct proc_user *out, struct err *e)
{
	const char *name = conf_z(name_of(c, r));
	const struct passwd *p = getpwnam(name);

	if (p == NULL)
		return err_set(e, "%s: users { %s }: there is no user \"%s\" on this machine", conf_z(c->file),
			       roles[r], name);
	*out = (struct proc_user){ .uid = p->pw_uid, .gid = p->pw_gid };
	return 0;
}

int users_check(const struct conf *c, struct err *e)
{
	struct proc_user u;

	for (enum role r = 0; r < ROLES; r++)
		if (name_of(c, r).n > 0 && find(c, r, &u, e) < 0)
			return -1;
	return 0;
}

int users_find(struct users *u, const struct conf *c, struct err *e)
{
	*u = (struct users){ 0 };
	if (geteuid() != 0)
		return 0;
	for (enum role r = 0; r < ROLES; r++) {
		if (name_of(c, r).n == 0)
			continue;
		if (find(c, r, &u->of[r].as, e) < 0)
			return -1;
		u->of[r].named = u->apart = true;
	}
	u->of[ROLE_QUEUE].as.extra[0] = u->of[ROLE_SEARCH].as.extra[0] = u->of[ROLE_SMTPD].as.gid;
	/* Whoever rotates the delivery log gives the next one, and the archive, the group that may read them. */
	u->of[ROLE_QUEUE].as.extra[1] = u->of[ROLE_SEARCH].as.gid;
	return 0;
}

/* Programs that are the user of another one. */
static const struct {
	const char *program, *as;
} likewise[] = { { "telltale-digest", "telltale-search" }, { "telltale-index", "telltale-search" } };

const struct proc_user *users_of(const struct users *u, const char *program)
{
	for (size_t i = 0; i < COUNT(likewise); i++)
		if (strcmp(program, likewise[i].program) == 0)
			program = likewise[i].as;
	for (enum role r = 0; r < ROLES; r++)
		if (strcmp(program + strlen("telltale-"), roles[r]) == 0)
			return u->of[r].named ? &u->of[r].as : NULL;
	return NULL;
}

void users_put_peers(const struct users *u, struct buf *out)
{
	for (enum role r = 0; r < ROLES; r++)
		buf_fmt(out, "%s%s=%u", r > 0 ? "," : "", roles[r], (unsigned)u->of[r].as.uid);
}
