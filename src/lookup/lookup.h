/* lookup/lookup.h - client of telltale-lookup: what the accounts say.
 *
 * Blocking, thread-safe, under the caller's deadline; a lookup that cannot be
 * answered in time is RESOLVED_TEMPORARY with the sentence in *e, never a no.
 */
#ifndef LOOKUP_LOOKUP_H
#define LOOKUP_LOOKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ipc.h"
#include "mail/envelope.h"
#include "mail/recipient.h"

#define IPC_PROTO "lookup/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const lookup_messages[];

struct lookup_answer {
	enum resolved result;
	struct recipient *targets; /* final and channel are set, original is the address asked about */
	size_t n;
};

enum resolved lookup_ask(struct ipc_client *c, struct str address, struct arena *a, struct lookup_answer *out,
			 int64_t deadline, struct err *e);

#endif
