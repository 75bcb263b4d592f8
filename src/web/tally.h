/* web/tally.h - what came of mail since somebody asked first, counted as the logs grow (telltale-search, worker 0).
 *
 * Counters for a monitoring system: they only grow, and begin anew with the program.
 */
#ifndef WEB_TALLY_H
#define WEB_TALLY_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

struct follow_tally;

/* Begins with what happens from now on. */
struct follow_tally *follow_tally_new(const struct conf *c, struct err *e);
void follow_tally_free(struct follow_tally *t); /* NULL is nothing to do */
/* Count what is new; to be called when follow_tally_watch() can be read, and once a second. */
void follow_tally_look(struct follow_tally *t);
int follow_tally_watch(const struct follow_tally *t);
/* As Prometheus reads it. */
void follow_tally_put(struct buf *out, const struct follow_tally *t);

#endif
