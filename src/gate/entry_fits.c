#include "gate/entry_fits.h"

#include "gate/list.h"

static int fits(enum list_kind kind, struct str value, struct err *e)
{
	struct list *l = list_new(kind);
	const char *why;
	int rc = list_add(l, value, &why);

	list_free(l);
	return rc == 0 ? 0 : err_set(e, "\"%.*s\": %s", STR_ARG(str_take(value, 100)), why);
}

int entry_fits(struct str option, struct str value, struct err *e)
{
#define LIST(section, name, kind, list_option) \
	if (str_eqz(option, list_option "-entry")) \
		return fits(kind, value, e);
#include "gate/lists.def"
	return 0;
}
