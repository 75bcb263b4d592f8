/* deliver/summary.h - the queue by destination: how much waits, since when, how it stands there, its last reply. */
#ifndef DELIVER_SUMMARY_H
#define DELIVER_SUMMARY_H

#include "base/json.h"
#include "deliver/pick.h"
#include "deliver/schedule.h"

struct summary;

struct summary *summary_new(struct schedule *s);
void summary_free(struct summary *y);
/* One recipient more. */
void summary_add(struct summary *y, struct item *it, size_t rcpt);
/* All of it: the `most` destinations with the most recipients, and how many there are. */
void summary_put(struct summary *y, struct json *j, size_t most);

#endif
