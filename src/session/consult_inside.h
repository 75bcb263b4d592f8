/* session/consult_inside.h - what consult.c and consult_message.c share. */
#ifndef SESSION_CONSULT_INSIDE_H
#define SESSION_CONSULT_INSIDE_H

#include "session/session.h"

/* As they stand in gate lines. */
extern const struct filter consult_milter, consult_rspamd;

/* Ask every milter; true when one refuses, with the reply, logged. */
bool consult_step(struct session *s, struct milter_word (*ask)(struct milter *m, const void *about), const void *about,
		  struct reply *r);
/* What the word of the i-th of them means; true when it refuses, logged. */
bool consult_refuses(struct session *s, size_t i, const struct milter_word *w, int64_t began, struct reply *r);

#endif
