/* What the gate found, by the filter's name. */
#ifndef RULING_H
#define RULING_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "gate/gate.h"

static const struct finding *of(const struct ruling *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->findings[i].filter->name, name) == 0)
			return &r->findings[i];
	fail_msg("no filter %s", name);
	return NULL;
}

#endif
