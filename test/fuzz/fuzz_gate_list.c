/* A list file: first byte the kind, then up to a newline a value to ask for, then the file.  What is taken can be
 * asked, and an entry that was hit is an entry of that kind by itself, which hits the same value; a refusal names its
 * line.  The same text as the paths of a folder makes names, or is refused. */
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

/* What is left of a list in DNS: its zones. */
static void look_at_zones(const struct list *l)
{
	size_t n;
	const struct list_zone *z = list_zones(l, &n);

	for (size_t i = 0; i < n; i++)
		MUST(z[i].name.n > 0 && (z[i].ncodes == 0 || z[i].codes != NULL));
}

static void as_folder(struct str paths, struct str value)
{
	struct list *l = list_new(LIST_NAME);
	struct err e;
	struct hit h;

	if (list_add_paths(l, paths, "/d", &e) == 0) {
		list_seal(l);
		MUST(!list_find(l, value, &h) || (h.line == 0 && str_starts(h.file, STR("/d/"))));
	}
	list_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum list_kind kind = size > 0 ? (enum list_kind)(data[0] % (LIST_ZONE + 1)) : LIST_IP;
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
	if (kind == LIST_ZONE) {
		look_at_zones(l);
	} else if (list_find(l, value, &h)) {
		MUST(h.line > 0 && h.entry.n > 0 && str_eqz(h.file, "f"));
		hits_alone(kind, h.entry, value);
	}
	list_free(l);
	as_folder(rest, value);
	return 0;
}
