/* logs/frame.h - the front of a line that another program wrote: when, where, who.
 *
 *	Mar  9 12:43:51 host postfix/smtpd[123]: rest		RFC 3164: no year, no zone
 *	2021-03-09T12:43:51.123456+02:00 host prog[123]: rest	RFC 3339
 *	@4000000060475f7d075bca00 rest				TAI64N, by multilog
 *	1615286631.123456 rest					by splogger
 *	2021-03-09 12:43:51.123 +0200 [123] rest		Exim; zone, fraction and number may be missing
 *
 * Behind a syslog front the last two may stand once more; then the inner stamp, which knows more, counts.
 * Strs borrow from the line.
 */
#ifndef LOGS_FRAME_H
#define LOGS_FRAME_H

#include "base/clock.h"
#include "base/str.h"

struct frame {
	struct civil stamp; /* as it stands there; year 0: it has none */
	bool absolute;      /* the moment is known without knowing a zone */
	bool zoned;         /* the stamp names its zone: `offset` */
	int offset;         /* seconds east */
	int64_t moment;     /* UTC seconds, when absolute */
	struct str host;    /* empty: the line names none */
	struct str program; /* "postfix/smtpd"; empty: none */
	struct str pid;     /* digits; may be empty */
	struct str again;   /* N of syslog's "message repeated N times: [ rest]" around it; empty: none */
	struct str rest;
	struct str front, behind; /* inside: the bytes of the stamp up to its second, and behind its fraction */
};

/* False: the line begins with no stamp that we know. */
bool frame_read(struct str line, struct frame *out);
/* The same for a line behind the one that *f was read from, whose text is still there: most have its stamp.
 * False: *f is empty. */
bool frame_next(struct str line, struct frame *f);
/* The same for who wants nothing but stamp and host: where both are plain to see, `rest` is all behind the host, and
 * what else the front tells is empty. */
bool frame_glance(struct str line, struct frame *f);

#endif
