/* base/intern.h - texts of which many are the same, each kept once and counted.
 *
 * A million deferred recipients have few reports and few domains.  What intern_keep() gives is a NUL-terminated text
 * that lives until it is dropped as often as it was kept.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/map.h"

struct intern {
	struct map texts;
};

const char *intern_keep(struct intern *t, struct str text);
void intern_drop(struct intern *t, const char *text); /* NULL: nothing happens */
void intern_clear(struct intern *t);                  /* all of them are gone */

#endif
