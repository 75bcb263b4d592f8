/* logs/erased.h - which addresses were erased from a folder of logs, and when, without saying them.
 *
 * .erased beside the logs: a salt, and a slow hash of each address with its day.
 * Who asks for an address by name can be told that it was erased; who reads the
 * file learns no address that he could not guess.
 */
#ifndef LOGS_ERASED_H
#define LOGS_ERASED_H

#include "base/err.h"
#include "base/str.h"

/* day: "2026-11-29".  The address is local@domain in lower case (trace/erase.h).  Synced. */
int erased_note(int dir, struct str address, const char *day, struct err *e);
/* False: it was not, or no address was. */
bool erased_find(const char *folder, struct str address, char day[11]);

#endif
