/* deliver/recovered.h - groups of the SMTP log that a telltale-smtpd did not live to write.
 *
 * Suspects are messages that recovery found by scanning, those that were young
 * when telltale-queue started, and those told of just before a telltale-smtpd
 * went away.  They get a few seconds: a session may be alive and still write
 * its group.  When the log's tail then lacks the message's number, a group is
 * appended that says what the envelope says, and ends in the line `recovered`.
 */
#ifndef DELIVER_RECOVERED_H
#define DELIVER_RECOVERED_H

#include "base/conf.h"
#include "deliver/dlog.h"
#include "queue/depot.h"

struct recovered;

/* c: its listeners' labels are read when a message is seen and when groups are written, its log-dir now. */
struct recovered *recovered_new(const struct conf *c);
/* Writes at once what is still missing. */
void recovered_free(struct recovered *r);
/* A telltale-smtpd told of this message; kept for some seconds. */
void recovered_note(struct recovered *r, const struct item *it, struct str envelope);
/* A telltale-smtpd is gone: what was noted is suspect. */
void recovered_suspect(struct recovered *r);
/* At the start: what was known and is young. */
void recovered_begin(struct recovered *r, struct depot *d);
/* At the start too: bounces and notices, young or found by scanning, that the delivery log does not name get their
 * line. */
void recovered_bounces(const struct conf *c, struct depot *d, struct dlog *log);
/* Before the log is opened, which closes what was left open: attempts that a forward in the depot came out of get
 * their result. */
void recovered_forwards(const struct conf *c, struct depot *d);
/* News of the depot, found by scanning. */
void recovered_see(struct recovered *r, struct depot *d, struct item *it);
/* Write what is due; monotonic ms. */
void recovered_write(struct recovered *r, int64_t now);
/* When recovered_write() has something to do; INT64_MAX: never. */
int64_t recovered_next(const struct recovered *r);

#endif
