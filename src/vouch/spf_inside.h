/* vouch/spf_inside.h - one SPF check under way; for vouch/spf*.c only. */
#ifndef VOUCH_SPF_INSIDE_H
#define VOUCH_SPF_INSIDE_H

#include "base/inet.h"
#include "vouch/spf_record.h"

struct spf_run {
	const struct vouch_ask *ask;
	struct arena *a;
	int64_t deadline;
	/* what macros stand for */
	struct str sender, local, sender_domain, helo, host;
	struct str domain;  /* whose record is evaluated */
	struct str address; /* the client's, as text */
	int family;         /* AF_INET, AF_INET6 */
	unsigned char ip[INET_BYTES_MAX];
	/* its names that lead back to it, asked for once */
	bool names_known;
	struct str names[SPF_HOSTS_MAX];
	size_t names_n;
	/* where we are */
	struct str trail[SPF_LOOKUPS_MAX + 1]; /* includes and redirects */
	size_t depth;
	struct str term, where, exp;
	struct str *parts; /* for spf_expand() */
	unsigned lookups, voids;
	struct str why;
};

enum spf_match { SPF_NO_MATCH, SPF_MATCH, SPF_MATCH_TEMPERROR, SPF_MATCH_PERMERROR };

/* Text with its macros expanded: an explanation, which may have spaces and keeps its beginning if it is long, or a
 * name, which keeps at least its last 512 bytes. */
struct str spf_expand(struct spf_run *r, struct str text, bool explanation);
/* The name of a domain-spec (none: the current domain), cut from the left to 253 bytes. */
struct str spf_target(struct spf_run *r, struct str spec);

/* One question; a name that cannot be asked does not exist. */
struct dns_question spf_ask(struct spf_run *r, struct str name, int type);
/* The client's validated names (5.5). */
void spf_names(struct spf_run *r);
bool spf_name_within(struct str name, struct str domain); /* the domain itself or below it */

/* a, mx, ptr, exists, ip4, ip6 and all; include is spf.c's. */
enum spf_match spf_match(struct spf_run *r, const struct spf_term *t);

enum spf_match spf_temperror(struct spf_run *r, const struct dns_question *q);
enum spf_match spf_permerror(struct spf_run *r, const char *what);

#endif
