/* vouch/sha256.h - SHA-256, piece by piece, over OpenSSL. */
#ifndef VOUCH_SHA256_H
#define VOUCH_SHA256_H

#include "base/str.h"

enum { SHA256_SIZE = 32 };

struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *s, struct str piece);
/* Of all that was added so far; more may be added afterwards. */
void sha256_get(const struct sha256 *s, unsigned char out[SHA256_SIZE]);
/* The same, with `last` behind. */
void sha256_get_with(const struct sha256 *s, struct str last, unsigned char out[SHA256_SIZE]);
void sha256_free(struct sha256 *s); /* NULL is allowed */

#endif
