/* Entries of lists as tables: what each may be, and whom it means. */
#ifndef LIST_ROWS_H
#define LIST_ROWS_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "gate/list.h"

/* An entry, some who are on the list by it, some who are not (ended by NULL); why: it is refused. */
struct row {
	enum list_kind kind;
	const char *entry, *on[5], *off[5], *why;
};

static void check_entries(const struct row *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct list *l = list_new(entries[i].kind);
		const char *why = NULL;
		struct hit h;
		int rc = list_add(l, str_of(entries[i].entry), &why);

		if (rc != (entries[i].why == NULL ? 0 : -1) || (rc < 0 && strcmp(why, entries[i].why) != 0))
			fail_msg("%s: %d %s", entries[i].entry, rc, why);
		assert_int_equal(list_empty(l), rc < 0);
		list_seal(l);
		for (size_t k = 0; k < 5 && entries[i].on[k] != NULL; k++)
			if (!list_find(l, str_of(entries[i].on[k]), &h) || !str_eqz(h.entry, entries[i].entry) ||
			    h.file.n > 0)
				fail_msg("%s: %s is not on it", entries[i].entry, entries[i].on[k]);
		for (size_t k = 0; k < 5 && entries[i].off[k] != NULL; k++)
			if (list_find(l, str_of(entries[i].off[k]), &h))
				fail_msg("%s: %s is on it", entries[i].entry, entries[i].off[k]);
		list_free(l);
	}
}

#endif
