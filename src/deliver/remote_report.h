/* deliver/remote_report.h - how a try ended, in qmail-remote's words (LOG-FORMATS 3.4), and which server said so. */
#ifndef DELIVER_REMOTE_REPORT_H
#define DELIVER_REMOTE_REPORT_H

#include "deliver/remote_talk.h"

/* These words are the try's, until others come. */
void remote_report(struct remote_try *t, enum outcome_kind kind, struct str words);
/* What this conversation came to, and what the delivery log says of the server. */
void remote_report_end(struct remote_try *t, const struct remote_talk *k, enum client_end end);

#endif
