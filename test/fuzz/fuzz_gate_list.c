/* A list file: first byte the kind, then up to a newline a value to ask for, then the file.  What is taken can be
 * asked, and an entry that was hit is an entry of that kind by itself, which hits the same value; a refusal names its
 * line. */
#include <string.h>
#include "base/err.h"
#include "gate/list.h"

static void hits_alone(enum list_kind kind, struct str entry, struct str value)
{
	struct list *l = list_new(kind);
	const char *why = NULL;
	struct hit h;

	MUST(list_add(l, entry, &why) == 0);
	list_seal(l);
	MUST(list_find(l, value, &h));
	MUST(str_eq(h.entry, entry) && h.file.n == 0);
	list_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum list_kind kind = size > 0 ? (enum list_kind)(data[0] & 3) : LIST_IP;
	struct str rest = str_skip(str_mem(data, size), 1), value;
	struct list *l = list_new(kind);
	struct err e = { 0 };
	struct hit h = { 0 };
	int rc;

	str_cut(rest, STR("\n"), &value, &rest);
	rc = list_add_text(l, rest, "f", &e);
	MUST(rc == 0 || strncmp(e.text, "f:", 2) == 0);
	MUST(rc < 0 || rest.n == 0 || rest.p[rest.n - 1] == '\n');
	list_seal(l);
	if (list_find(l, value, &h)) {
		MUST(h.line > 0 && h.entry.n > 0 && str_eqz(h.file, "f"));
		hits_alone(kind, h.entry, value);
	}
	list_free(l);
	return 0;
}
