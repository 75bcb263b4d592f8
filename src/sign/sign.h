/* sign/sign.h - client of telltale-signer: a message in, its DKIM-Signature fields out, or an ARC set's.
 *
 * The keys are in telltale-signer alone.  It gets what a signature is made
 * over (vouch/dkim_sign.h, arc_seal.h), not the message, and writes the fields itself:
 * whoever asks decides neither d= nor t=, and gets nothing signed but these fields.
 * Blocking, thread-safe, under the caller's deadline.  No answer in time is
 * SIGN_FAILED with the sentence in *e; the mail then goes its way unsigned.
 */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ipc.h"
#include "vouch/canon.h"

#define IPC_PROTO "sign/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const sign_messages[];

enum sign_result { SIGN_DONE, SIGN_NO_KEY, SIGN_FAILED };

enum {
	SIGN_DOMAINS_MAX = 4,
	SIGN_NAMES_MAX = 4096,        /* bytes of h= */
	SIGN_FIELDS_MAX = 256 * 1024, /* bytes of what is signed of the header */
	SIGN_RESULTS_MAX = 8 * 1024,  /* bytes of an ARC-Authentication-Results */
	SIGN_ANSWER_MAX = 16 * 1024   /* bytes of all signatures of a message */
};

/* Which fields of that header are signed (h=), appended to out: what its reader sees and what decides how it is
 * shown, those once more than they are there, so that nobody can add one; and `more`, where they are there.  False:
 * there are too many, or no From. */
bool sign_names(const struct canon_head *h, const struct conf_list *more, struct buf *out);
/* What the fields of these names are hashed as (vouch/dkim_sign.h), appended to out.  False: that is too much. */
bool sign_fields(struct canon_head *h, struct str names, struct buf *out);
/* The domain of a From that says clearly whose it is; empty: it does not. */
struct str sign_author(const struct canon_head *h, struct arena *a);
/* Are these names of fields?  -1: "FILE: dkim { headers }: ..." */
int sign_check(const struct conf *c, struct err *e);

/* SIGN_DONE: *fields, CRLF ended, from the arena, to be put above all that was signed. */
enum sign_result sign_message(struct ipc_client *c, const struct sign_ask *ask, struct arena *a, struct str *fields,
			      int64_t deadline, struct err *e);
/* The same for an ARC set: *fields are its seal and signature, to be put above seal->results.  SIGN_NO_KEY: nobody
 * named has an RSA key, which alone every verifier knows. */
enum sign_result sign_chain(struct ipc_client *c, const struct sign_seal *seal, struct arena *a, struct str *fields,
			    int64_t deadline, struct err *e);

#endif
