/* supervise/users.h - who the programs are: users { } of the configuration, when we were started as root.
 *
 * A program whose user is not named stays what we are.  When nobody is named,
 * or we are not root, nobody is changed and nothing is owned by anybody else.
 */
#ifndef SUPERVISE_USERS_H
#define SUPERVISE_USERS_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/proc.h"

enum role {
	ROLE_SMTPD,
	ROLE_DNS,
	ROLE_LOOKUP,
	ROLE_QUEUE,
	ROLE_LOCAL,
	ROLE_REMOTE,
	ROLE_SIGNER,
	ROLE_POLICY,
	ROLE_PIPE,
	ROLE_WEB,
	ROLE_SEARCH,
	ROLES
};

struct users {
	bool apart; /* somebody is named, and we can change users */
	struct {
		bool named;
		struct proc_user as;
	} of[ROLES];
};

/* Are all users that are named known here?  -1: "FILE: users { smtpd }: ..." */
int users_check(const struct conf *c, struct err *e);
/* Who they are; telltale-queue gets the group of telltale-smtpd besides: it writes that one's logs after a crash;
 * so does telltale-search, which reads them. */
int users_find(struct users *u, const struct conf *c, struct err *e);
/* The user that the program ("telltale-smtpd") is to be started as; telltale-digest and telltale-index read logs as
 * telltale-search does; NULL: as we are. */
const struct proc_user *users_of(const struct users *u, const char *program);
/* What proc_peer_is() reads: "smtpd=101,dns=102,..." */
void users_put_peers(const struct users *u, struct buf *out);

#endif
