/* store/srs.h - inside of the store: the secrets that sign SRS addresses (mail/srs.h), and who was signed for.
 *
 * The newest secret signs; one before it is believed of the days before its
 * successor was made, so for 21 days more (SRS1, which names no day: 22).  Secrets never leave this file: who
 * may ask gets an address signed, or is told what one stands for.
 */
#ifndef STORE_SRS_H
#define STORE_SRS_H

#include "mail/srs.h"
#include "store/db.h"

enum {
	SRS_ROTATE_DAYS = 30, /* the age at which the newest secret gets a successor */
	SRS_KEPT_DAYS = 90    /* after that a secret is kept, so that an expired address is known from a forged one */
};

/* `local` (unquoted) at a domain of ours: SRS_NONE when it is no such address, or there never was a secret.  SRS_GOOD:
 * *sender is whom it stands for.  now: seconds since 1970.  -1: the file cannot answer. */
int srs_check(struct store *s, struct str local, int64_t now, struct arena *a, enum srs_word *word, struct addr *sender,
	      struct err *e);

/* Is it time for a new secret?  1, 0, -1. */
int srs_due(struct store *s, int64_t now, struct err *e);

enum srs_signed { SRS_SIGNED, SRS_UNSIGNED /* there is no secret yet */, SRS_IMPOSSIBLE, SRS_FAILED };
/* Under which address does mail of `sender` leave that `alias` (an address of ours) sends on?  A sender of ours, or
 * none, stays as he is.  via: the domain to be named instead of the alias's, if it is ours; empty: the alias's.
 * SRS_IMPOSSIBLE, SRS_FAILED: *e says why. */
enum srs_signed srs_sign(struct store *s, struct str sender, struct str alias, struct str via, int64_t now,
			 struct arena *a, struct str *out, struct err *e);

/* The scheme's hash: HMAC-SHA1 over the parts in lower case, in base64, cut. */
void srs_hash(struct str secret, const struct srs *x, char out[SRS_HASH]);

#endif
