/* cli/status.h - what `telltale status` finds out beside what telltaled says; each is a value of its JSON. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <jansson.h>
#include "base/conf.h"

/* Seconds since 1970 in `since` become local time with its zone. */
void status_date_programs(json_t *programs);
/* Open sessions, by the census; null when it was not handed over. */
json_t *status_sessions(int census);
/* {"messages":N,"recipients":N,"more":true|false}, counted up to some thousands; null when telltale-queue does not
 * answer. */
json_t *status_queue(struct conf *c);
/* Each folder with its path, free and total bytes. */
json_t *status_disk(const struct conf *c);
/* The last warning or error near the end of server.log, or null. */
json_t *status_trouble(struct conf *c);

#endif
