/* sign/serve.h - telltale-signer at work: telltale-smtpd's and telltale-remote's questions, one after another. */
#ifndef SIGN_SERVE_H
#define SIGN_SERVE_H

#include "base/conf.h"
#include "base/err.h"
#include "sign/keybox.h"
#include "sign/sign.h"

/* Until a signal says that it is over.  SIGHUP: a successor takes who comes, those who are here are served until they
 * leave; SIGTERM: all is over. */
int sign_serve(const struct conf *c, int service, int signals, struct err *e);

/* The answer to one question; told's strs live in the arena.  now: seconds since 1970. */
void sign_answer_seal(struct keybox *box, const struct sign_seal *seal, int64_t now, struct arena *a,
		      struct sign_told *told);
void sign_answer(struct keybox *box, const struct sign_ask *ask, int64_t now, struct arena *a, struct sign_told *told);

#endif
