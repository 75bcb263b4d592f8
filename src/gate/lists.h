/* gate/lists.h - all lists of the gate, read once for a generation of programs.
 *
 * telltaled reads the files (lists_pack) and hands their bytes to each
 * telltale-smtpd, which opens none: all of them have the same lists for as long
 * as they run, whatever happens to the files, and the files may be readable
 * for their owner only.  Either all lists are complete, or nothing is to be
 * used and *e names the line, of the configuration or of a list's file, that
 * is in the way.
 */
#ifndef GATE_LISTS_H
#define GATE_LISTS_H

#include "base/conf.h"
#include "gate/list.h"

enum { LISTS_PACKED_MAX = 256 << 20 }; /* bytes of all files */

struct lists {
#define LIST(section, name, kind, option) struct list *name;
#include "gate/lists.def"
};

/* The files of all lists of c, read and found to be usable, appended to out. */
int lists_pack(const struct conf *c, struct buf *out, struct err *e);
/* The lists of c; its files' bytes as lists_pack() gave them for the same configuration. */
int lists_read(const struct conf *c, struct str packed, struct lists *out, struct err *e);
void lists_clear(struct lists *l);
/* Could they be read now? */
int lists_check(const struct conf *c, struct err *e);

#endif
