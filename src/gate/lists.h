/* gate/lists.h - all lists of the gate, read once when a program starts.
 *
 * Either all of them are complete, or nothing is to be used and *e names the
 * line, of the configuration or of a list's file, that is in the way.
 */
#ifndef GATE_LISTS_H
#define GATE_LISTS_H

#include "base/conf.h"
#include "gate/list.h"

struct lists {
#define LIST(section, name, kind, option) struct list *name;
#include "gate/lists.def"
#undef LIST
};

int lists_read(const struct conf *c, struct lists *out, struct err *e);
void lists_clear(struct lists *l);
/* Could they be read now? */
int lists_check(const struct conf *c, struct err *e);

#endif
