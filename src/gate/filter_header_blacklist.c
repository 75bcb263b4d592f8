/* Header lines that are refused: each unfolded, its blanks collapsed. */
#include "gate/filter.h"
#include "mail/field.h"

enum {
	LOOKED_AT_MAX = 64 << 10, /* bytes of a header */
	SHOWN_MAX = 200,          /* of the line that matched */
};

static const char *off(const struct facts *f)
{
	return policy_no_list(f->policy, header_blacklist) ? GATE_OFF : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next field of *rest with its folds; without blanks in runs or at its ends. */
static struct str next_line(struct str *rest, struct arena *a)
{
	struct str raw = field_raw(rest);
	char *to = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (!is_blank(c))
			to[n++] = c;
		else if (n > 0 && to[n - 1] != ' ')
			to[n++] = ' ';
	}
	return str_trim(str_mem(to, n));
}

static struct str printable(struct str line, struct arena *a)
{
	char *to = arena_alloc(a, line.n + 1);

	line = str_take(line, SHOWN_MAX);
	for (size_t i = 0; i < line.n; i++)
		to[i] = (char)(ascii_isprint(line.p[i]) ? line.p[i] : '?');
	return str_mem(to, line.n);
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	struct str rest = str_take(f->header, LOOKED_AT_MAX);

	while (rest.n > 0) {
		ARENA(a);
		struct str line = next_line(&rest, &a);

		if (line.n == 0 || !policy_lists(f->policy, header_blacklist, line, &v->hit))
			continue;
		v->about = printable(line, v->mem);
		return gate_refuse(
		    v, REASON_HEADER_BLACKLISTED,
		    arena_fmt(v->mem, "\"%.*s\" matches %.*s", STR_ARG(v->about), STR_ARG(v->hit.entry)));
	}
	return PASS;
}

const struct filter filter_header_blacklist = {
	.name = "header-blacklist",
	.at = AT_DATA,
	.off = off,
	.decide = decide,
	.doc = "Refuse a message with a header line that matches a pattern of this list.",
};
