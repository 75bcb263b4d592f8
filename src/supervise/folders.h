/* supervise/folders.h - the folders of the house, and whose they are.
 *
 * Where the programs are users of their own:
 *
 *	data-dir    root           0711   (accounts.db in it: group of lookup, 01731)
 *	run/        root           0711   sockets 0666, for proc_peer_is(); the control sockets 0600
 *	spool-dir   queue          0700
 *	mail-dir    local          0700
 *	tls-policy  policy         0700   files 0600
 *	log-dir     root, group of smtpd  02770: smtpd and queue make and append to logs; delivery.log is queue's alone
 *	why.key     root           0600
 *	index       search         02750: telltale-index makes it; what root builds there is its group's to read
 *	delivery.log   queue, group of search  0640
 *	accounts.db, graylist.db, each with -wal, -shm    lookup 0600
 *
 * Otherwise all are ours, 0700.  Only what a symbolic link does not lead to is given away.
 */
#ifndef SUPERVISE_FOLDERS_H
#define SUPERVISE_FOLDERS_H

#include "supervise/users.h"

int folders_make(struct conf *c, const struct users *u, struct err *e);

#endif
