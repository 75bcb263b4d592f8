/* supervise/privilege.h - what telltaled keeps of root's power once the programs are users of their own.
 *
 * To start them (SETUID, SETGID), to stop them (KILL), to bind ports of a later
 * configuration (NET_BIND_SERVICE).  It reads and writes what root owns.
 */
#ifndef SUPERVISE_PRIVILEGE_H
#define SUPERVISE_PRIVILEGE_H

#include "base/err.h"

/* Give up all else, for good, for us and whomever we start. */
int privilege_keep_few(struct err *e);

#endif
