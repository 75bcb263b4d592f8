/* sign/told.h - believe what came over the socket only after looking at all of it; for both ends. */
#ifndef SIGN_TOLD_H
#define SIGN_TOLD_H

#include "sign/sign.h"

/* Which fields an answer may hold, NULL at the end: any number of the first kind, or one of each in this order. */
extern const char *const sign_dkim_fields[];
extern const char *const sign_arc_fields[];

/* An answer: SIGN_FAILED with the reason in *e when it is malformed or says so. */
enum sign_result sign_told_read(const struct sign_told *told, const char *const *which, struct arena *a,
				struct str *fields, struct err *e);

/* A question: false when anything in it is not as proto.def has it. */
bool sign_asked_ok(const struct sign_ask *ask);
bool sign_seal_ok(const struct sign_seal *seal);

/* Is this the name of a field that may stand in h=? */
bool sign_name_ok(struct str name);

#endif
