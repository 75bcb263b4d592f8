/* gate/vouched.h - who vouches for one message: asked of vouch/, kept as facts, told in its header.
 *
 *	vouched_begin()                         at MAIL: facts.sender and facts.helo are known
 *	vouched_header() vouched_body()...      while the message comes in
 *	vouched_end()                           it is there: FACT_SIGNATURES is known from now on
 *	vouched_put()                           the Authentication-Results field (RFC 8601)
 *	vouched_clear()
 *
 * SPF and DMARC are costly facts (FACT_SPF, FACT_DMARC): facts_gather() asks for them through
 * vouched_gather().  What policy turns off is not asked and not told.  All
 * waiting is part of the session's time for DNS.
 */
#ifndef GATE_VOUCHED_H
#define GATE_VOUCHED_H

#include "base/buf.h"
#include "gate/facts.h"
#include "gate/gate.h"
#include "vouch/dmarc.h"
#include "vouch/signatures.h"
#include "vouch/spf.h"

struct vouched {
	struct arena *mem; /* the message's */
	struct str header; /* the whole of it, once it is there */
	struct vouch_ask ask;
	struct spf_question spf_question;
	struct spf spf;               /* where FACT_SPF is known */
	struct signatures signatures; /* where they were begun */
	bool begun;
	struct dmarc dmarc; /* where FACT_DMARC is known */
};

/* v is written, and is that of f until the next one; memory from a. */
void vouched_begin(struct vouched *v, struct facts *f, struct arena *a);
/* f has a message: its whole header, which stays where it is.  now: seconds since 1970. */
void vouched_header(struct facts *f, struct str header, int64_t now);
void vouched_body(struct facts *f, struct str piece);
void vouched_end(struct facts *f);
/* Ask what of `needs` is ours and not known yet. */
void vouched_gather(struct facts *f, unsigned needs);
/* The message is taken: what the options want told is asked, whether or not a filter needed it. */
void vouched_complete(struct facts *f);
/* What came of DKIM and ARC, where there was something: no filter decides by them alone, the log tells them. */
enum { VOUCHED_FINDINGS = 2 };
size_t vouched_findings(const struct facts *f, struct arena *a, struct finding out[VOUCHED_FINDINGS]);
/* Our field, CRLF ended: of what was found, and of a login.  Nothing when there is nothing to tell. */
void vouched_put(const struct facts *f, struct str host, struct buf *out);
/* The fields of a header without those that claim to be ours, appended to out.  False: there
 * were none such, and out is as it was. */
bool vouched_disown(struct str header, struct str host, struct buf *out);
void vouched_clear(struct vouched *v);

#endif
