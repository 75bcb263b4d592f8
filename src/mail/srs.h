/* mail/srs.h - addresses of the Sender Rewriting Scheme (Meng Weng Wong, Shevek: "The Sender Rewriting Scheme", 2004).
 *
 *	SRS0=HHHH=TT=far.example=bob@us.example         stands for bob@far.example
 *	SRS1=HHHH=first.example==HHHH=TT=far.example=bob@us.example
 *		stands for SRS0=HHHH=TT=far.example=bob@first.example, whose server knows the rest
 *
 * HHHH is a hash that only its maker can make (store/srs.h), TT the day it was
 * made.  Behind SRS0 and SRS1 may stand `=`, `+` or `-`.  Pure text: who signed an
 * address, and whether it is too old, is not known here.
 */
#ifndef MAIL_SRS_H
#define MAIL_SRS_H

#include "mail/addr.h"

enum { SRS_HASH = 4, SRS_STAMP = 2, SRS_DAYS = 21 /* an address is good for */, SRS_WRAP = 1024 /* days of a stamp */ };

/* What an address of ours turned out to be. */
enum srs_word { SRS_NONE, SRS_GOOD, SRS_FORGED, SRS_EXPIRED, SRS_NO_BOUNCE, SRS_WORDS };

struct srs {
	unsigned level; /* 0 or 1 */
	struct str hash;
	struct str stamp;  /* of level 0 */
	struct str domain; /* the sender's; of level 1: of who made the SRS0 address */
	struct str rest;   /* the sender's local part; of level 1: all behind "SRS0", with what parts it */
};

/* Does the local part (unquoted) begin as one? */
bool srs_tagged(struct str local);
/* Borrows from `local`.  False: it is none, or lacks parts. */
bool srs_parse(struct str local, struct srs *out);
void srs_put(struct buf *b, const struct srs *x);
/* What SRS1 says of an SRS0 or SRS1 address at another's domain: hash is not set.  False: it is neither. */
bool srs_again(const struct addr *x, struct srs *out);
/* Whom it stands for.  False: that is no address. */
bool srs_sender(const struct srs *x, struct arena *a, struct addr *out);
/* Who wrote first, as far as the text of `address` tells: for display.  False: it is no such address. */
bool srs_origin(struct str address, struct arena *a, struct addr *out);

/* The day of that moment (seconds since 1970), and how many days ago a stamp was made, 0..1023; -1: no stamp. */
void srs_stamp(int64_t seconds, char out[SRS_STAMP]);
int srs_age(struct str stamp, int64_t seconds);

#endif
