/* digest/owners.h - who is to get a letter, and what was refused for him. */
#ifndef DIGEST_OWNERS_H
#define DIGEST_OWNERS_H

#include "base/map.h"
#include "lookup/own.h"
#include "mail/digest.h"
#include "trace/refused.h"

struct owner {
	struct owner *next;
	struct str mailbox;
	struct str domains[OWN_DOMAINS_MAX];
	size_t ndomains;
	int64_t told;  /* the last week that he was told of */
	int64_t since; /* what is told now begins here, UTC seconds */
	struct digest_line *lines;
	size_t n, room;
	struct map by_key; /* sender and reason -> index of his line plus 1 */
};

enum { OWNER_LINES_MAX = 20000 /* senders of one owner that are told apart */ };

struct owners {
	struct arena mem;
	struct owner *first, **last;
	size_t n;
	int64_t week;  /* the last one that is over: all are told of weeks up to it */
	int64_t since; /* the earliest of theirs */
	struct map of; /* mailbox or domain -> struct stake */
};

void owners_init(struct owners *o, int64_t now);
void owners_clear(struct owners *o);
/* An answer of `digest list`, whose owners are added unless they have been told of the week; *after: the last one of
 * it, empty when that was all.  -1: it is no such answer. */
int owners_read(struct owners *o, struct str json, struct str *after, struct err *e);
/* Count a refusal for whoever it concerns. */
void owners_count(struct owners *o, const struct refused *row);

#endif
