/* digest/digest.h - telltale-digest: each owner who wants it gets a letter about the weeks that are over.
 *
 * telltaled starts it when a day begins, and after its own start; mostly nobody is due, and it ends at once.  That an
 * owner was told is noted in the accounts before his letter goes to telltale-queue, and taken back when that one
 * refuses it: a crash may lose a letter, never doubles one.
 */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include "base/conf.h"
#include "base/err.h"

struct digest_set {
	struct conf *conf;
	const char *lookup, *queue; /* paths of sockets */
	struct str key;             /* SEAL_KEY bytes, for links that end a letter */
};

/* 0: all who were due have been told; -1: somebody could not be, *e says why: it is to be tried again. */
int digest_run(const struct digest_set *set, struct err *e);
/* "https://host/" of the page, by web { address }, or as policy-url tells it (".../why/%ref"); empty: nobody knows. */
struct str digest_page(struct str address, struct str policy_url);

#endif
