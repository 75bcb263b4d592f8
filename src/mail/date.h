/* mail/date.h - read the time of a Date or Received field (RFC 5322 3.3, with its obsolete forms). */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

/* "Tue, 09 Mar 2021 12:43:51 +0200 (EET)": seconds since 1970 and seconds east of UTC.  False when it is none.  A zone
 * that is missing or not known counts as UTC. */
bool date_parse(struct str text, int64_t *seconds, int *offset);

#endif
