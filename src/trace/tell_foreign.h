/* trace/tell_foreign.h - what another server's log says, in words. */
#ifndef TRACE_TELL_FOREIGN_H
#define TRACE_TELL_FOREIGN_H

#include "trace/tell_parts.h"

/* Is the story told by another server's log? */
const struct foreign *tell_is_foreign(const struct story *s);
/* A line of it; what: empty when it says nothing that the others do not. */
struct foreign_event {
	struct str what;
	const char *station;
	bool ends; /* nothing of the message comes after it */
};
struct foreign_event tell_foreign_line(struct told *t, const struct line *x, const char *station);
/* A refusal or the outcome of the attempts; false: the words for our own logs serve. */
bool tell_foreign_party(struct told *t, struct told_party *out, const struct party *p);
bool tell_foreign_lost(struct told *t, struct told_party *out);
void tell_foreign_notes(struct told *t);

/* What a message is called, and what to ask for it: "message 4DsZWm29b7zh6cp on mx1", "id:4DsZWm29b7zh6cp". */
struct str tell_called(struct arena *a, const struct story *s);
struct str tell_question(struct arena *a, const struct story *s);

/* " at RCPT", " after DATA"; empty where the line names no moment. */
struct str tell_stage(struct told *t, const struct foreign_line *l);
/* A visit in which nothing happened but logins that failed. */
bool tell_failed_login(struct told *t, struct told_party *out);
/* Of an answer whose number the log leaves out. */
#define TELL_UNSAID "(The log holds the words of this answer, not its number.)"

#endif
