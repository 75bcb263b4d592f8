/* trace/moment.h - the moment at which a line was written, and how far a log's clock is off.
 *
 * A stamp names two moments in the repeated hour of autumn.  The line's file
 * tells which: by its own stamp where that names the moment, by the epoch that
 * stands in the line or in its neighbours, else by the place where the stamps went back.  Other lines cost no look-up.
 */
#ifndef TRACE_MOMENT_H
#define TRACE_MOMENT_H

#include "trace/record.h"

/* Once all files are known; book_clear() clears. */
void moment_begin(struct book *b);
void moment_clear(struct book *b);
/* While a file is read, in the order of its lines: this line names an epoch; here the stamps went back. */
void moment_epoch(struct book *b, const struct line *x, int64_t local, int64_t epoch);
void moment_back(struct book *b, const struct line *x);
/* The line's stamp is this moment, whatever the zone: sets local and pass.  After zone_settle(). */
void moment_known(const struct book *b, struct line *x, int64_t moment);

/* UTC seconds, by the clock of the line's own log. */
int64_t moment_of(const struct book *b, const struct line *x);
/* The same by the clock of the SMTP log: what joins compare. */
int64_t moment_joined(const struct book *b, const struct line *x);

#endif
