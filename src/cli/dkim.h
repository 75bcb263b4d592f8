/* cli/dkim.h - what `telltale dkim` works on: the folder of keys (sign/keyring.h) and their records in DNS. */
#ifndef CLI_DKIM_H
#define CLI_DKIM_H

#include <openssl/types.h>
#include "base/conf.h"
#include "base/json.h"
#include "sign/keyring.h"

enum {
	DKIM_BITS = 2048,
	DKIM_KEEP_DAYS = 7 /* a retired key's record is needed by mail that waits somewhere; ours waits two days */
};

/* ---- the folder ---- */

/* One domain's keys, locked against another command. */
struct dkim_folder {
	struct str domain;
	int fd; /* DIR/DOMAIN */
	struct keyring keys;
	bool first; /* the folder of all keys was made now */
};

/* Open and lock it, reading its keys; made when it is not there and `make`, else -1.  When we are root, what is made
 * belongs to telltale-signer's user. */
int dkim_open(struct dkim_folder *f, struct conf *c, struct str domain, bool make, struct err *e);
void dkim_close(struct dkim_folder *f);
int dkim_store(const struct dkim_folder *f, struct conf *c, struct err *e);
/* Make a key and put it among the others as the next one; not stored yet. */
int dkim_make(struct dkim_folder *f, struct conf *c, enum key_type type, int bits, struct err *e);
EVP_PKEY *dkim_key(const struct dkim_folder *f, const struct keyring_key *k, struct err *e);
/* Take the file of a key away that is none any more (after dkim_store()). */
void dkim_erase(const struct dkim_folder *f, const char *selector);

/* ---- DNS ---- */

/* As a zone file has it: NAME IN TXT "..." "..." */
void dkim_zone_line(const char *selector, struct str domain, struct str record, struct buf *out);
/* Is the key's record in DNS, as the running server sees it?  false: *why says what is there instead. */
bool dkim_visible(struct conf *c, const char *selector, struct str domain, EVP_PKEY *key, struct buf *why);
/* On stderr: what of SPF and DMARC the domain lacks, and how it may look (cli/dkim_needs.c). */
void dkim_say_needs(struct conf *c, struct str domain);

#endif
