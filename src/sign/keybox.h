/* sign/keybox.h - the active keys of all domains, in memory, as the folder has them now.
 *
 * Each look asks the file system whether DOMAIN/keys is still the one that was
 * read: what `telltale dkim` changes counts for the next message.  What cannot be
 * read is said once for each state of that file, and the domain has no key.
 */
#ifndef SIGN_KEYBOX_H
#define SIGN_KEYBOX_H

#include <openssl/types.h>
#include "sign/keyring.h"

struct keybox;
struct keybox_key {
	char selector[KEYRING_SELECTOR_MAX + 1];
	EVP_PKEY *key;
};
struct keybox_domain;

struct keybox *keybox_new(const char *folder);
void keybox_free(struct keybox *b);
/* The domain's active keys, good until the next look; *n is 0 when it has none.  domain: keyring_domain_ok(). */
const struct keybox_key *keybox_look(struct keybox *b, struct str domain, size_t *n);

#endif
