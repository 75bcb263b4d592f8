/* gate/rules.h - all that the gate is told, read once for a generation of programs.
 *
 * telltaled reads the files (rules_pack): those of the lists, and config-dir with
 * the files that its settings name.  It hands their bytes to each
 * telltale-smtpd, which opens none: all of them have the same rules for as long
 * as they run, whatever happens to the files, and the files may be readable
 * for their owner only.  Either everything is right and complete, or nothing is to be
 * used and *e names the line, of the configuration or of a file, that is in the way.
 */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "gate/config_dir.h"
#include "gate/lists.h"
#include "gate/policy.h"

enum { RULES_PACKED_MAX = 2 * LISTS_PACKED_MAX + 1 }; /* bytes of the lists, and of config-dir */

struct rules {
	struct list_files files;
	struct lists lists;      /* of the configuration */
	struct config_dirs dirs; /* its config-dir */
	struct buf packed;       /* what both were made of */
};

/* The files that c names, read and found to be usable, appended to out. */
int rules_pack(const struct conf *c, struct buf *out, struct err *e);
/* The rules of c; packed as rules_pack() gave it for the same configuration; its memory is taken. */
int rules_read(const struct conf *c, struct buf *packed, struct rules *out, struct err *e);
void rules_clear(struct rules *r);
/* Could they be read now? */
int rules_check(const struct conf *c, struct err *e);

#endif
