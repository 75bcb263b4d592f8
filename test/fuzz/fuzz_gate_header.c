/* A pattern, a reverse name, and the header of a message: lines one and two, and the rest.  Where only stars are
 * special the pattern means what str_glob() means; the filter finds a line that is in the header, printable. */
#include <string.h>
#include "base/err.h"
#include "gate/filter.h"
#include "gate/ip_spelling.h"

static bool only_stars(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]) || strchr("?[\\", s.p[i]) != NULL ||
		    (s.p[i] == ' ' && i > 0 && s.p[i - 1] == ' '))
			return false;
	return true;
}

static void filter_it(const struct list *l, struct str header)
{
	ARENA(a);
	struct policy p = { .on = true };
	struct facts f = { .policy = &p, .header = header };
	struct verdict v = { .mem = &a };

	p.lists.header_blacklist = (struct list *)(uintptr_t)l;
	if (filter_header_blacklist.decide(&f, &v) == PASS)
		return;
	MUST(v.reason == REASON_HEADER_BLACKLISTED && v.about.n > 0 && v.about.n <= 200);
	for (size_t i = 0; i < v.about.n; i++)
		MUST(ascii_isprint(v.about.p[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str pattern, name, rest = str_mem(data, size), line, tail;
	struct list *l = list_new(LIST_HEADER);
	const char *why;
	struct hit h;

	str_cut(rest, STR("\n"), &pattern, &rest);
	str_cut(rest, STR("\n"), &name, &rest);
	(void)ip_in_name(STR("192.0.2.7"), name);
	(void)ip_in_name(STR("2001:db8::7"), name);
	if (list_add(l, pattern, &why) == 0) {
		list_seal(l);
		str_cut(rest, STR("\r\n"), &line, &tail);
		if (only_stars(str_trim(pattern)) && only_stars(line))
			MUST(list_find(l, line, &h) == str_glob(str_trim(pattern), line));
		filter_it(l, rest);
	}
	list_free(l);
	return 0;
}
