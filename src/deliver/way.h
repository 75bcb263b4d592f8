/* deliver/way.h - by which way a recipient's mail leaves: relay { }, or the first route { } that fits.
 *
 * A row fits when the recipient is one of its `to` and the sender one of its `from`; a list that is empty fits all.
 * What a row does not say comes from relay { }.  Login and implicit TLS go with the host: a row that names its own
 * host inherits neither, so that no password goes to a host that it is not for.
 * telltale-queue and telltale-remote ask here alike, each of the configuration that it has.
 */
#ifndef DELIVER_WAY_H
#define DELIVER_WAY_H

#include "base/conf.h"

struct way {
	unsigned number; /* 0: relay { }; else of the row, from 1 */
	struct str name; /* the row's title, or empty */
	struct str host; /* the smart host, or empty: the recipients' own servers */
	int64_t port;    /* where the host names none, and of the recipients' own servers */
	struct str user, password_file;
	struct str tls; /* a word of relay { tls } */
	bool implicit;  /* TLS first */
	struct conf_list source;
	struct conf_rate rate;
	int64_t concurrency;
	int line; /* of the row, or 0 */
};

/* The number of the way for that recipient ("user@domain") of a message of that sender. */
unsigned way_find(const struct conf *c, struct str sender, struct str rcpt);
void way_of(const struct conf *c, unsigned number, struct way *out);
/* Whose deliveries are counted together by a way with that host: the smart host's, or the recipient's domain's; in
 * small letters. */
struct str way_destination(struct str host, struct str rcpt, struct arena *a);
/* Which of the addresses a message of that sender leaves from, for an address of that family: always the same for a
 * sender's domain.  Empty: whichever the machine chooses. */
struct str way_source(const struct conf_list *source, struct str sender, int family);
/* Of connections that may serve each other's mail: the same `kind`, left from the same address. */
struct str way_key(const char *kind, bool requiretls, const struct conf_list *source, struct str sender,
		   struct str destination, struct arena *a);
/* Are all patterns such?  -1: "FILE:LINE: ...". */
int ways_check(const struct conf *c, struct err *e);
/* A number that changes when anything does that says which way, how fast or how many. */
uint64_t ways_print(const struct conf *c);

#endif
