/* sts/sts.h - ask telltale-policy: which servers, by its own word, take mail for a domain?
 *
 * That no policy could be fetched in time is an answer: the mail then goes as if there were none (RFC 8461, 5.1).  No
 * answer at all is none: a policy that is enforced may be in telltale-policy's cache.
 */
#ifndef STS_STS_H
#define STS_STS_H

#include "base/ipc.h"
#include "sts/policy.h"
#include "sts/results.h"

#define IPC_PROTO "sts/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const sts_messages[];

struct sts_answer {
	enum sts_mode mode;
	const struct str *mx;
	size_t nmx;
	struct str id; /* empty: no policy is known */
	int64_t fetched, until;
	enum sts_result fault; /* STS_SUCCESS: nothing is wrong with it */
	struct str why;
	bool unheard; /* telltale-policy gave no answer */
};

/* Memory from `a`.  A channel that broke is tried again until the time is over. */
void sts_find(struct ipc_client *c, struct str domain, int64_t wait, struct arena *a, struct sts_answer *out);
/* Believe an answer only after a look at all of it; -1: it is malformed, and *out then knows of no policy. */
int sts_told_read(const struct sts_told *told, struct arena *a, struct sts_answer *out);

#endif
