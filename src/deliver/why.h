/* deliver/why.h - why a recipient waits, in one sentence for people and one word for programs. */
#ifndef DELIVER_WHY_H
#define DELIVER_WHY_H

#include "deliver/schedule.h"

/* The word: damaged, bounce-due, held, delivering, paused, left-alone, no-place, away, put-off, new, done. */
const char *why_waits(struct schedule *s, struct item *it, size_t rcpt, struct buf *sentence);
/* A delivery's report in one sentence without its stop, of at most 200 bytes: "192.0.2.1 did not take the recipient's
 * address: 450 4.2.1 try later". */
void why_put_report(struct buf *b, struct str report);
/* "2021-03-09 12:43:51", this machine's time. */
void why_put_time(struct buf *b, int64_t wall_ms);

#endif
