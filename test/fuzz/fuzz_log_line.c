/* Any bytes, read as a line of each log: what is read prints back byte for byte, from its fields. */
#include "logs/logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_from_fields(const struct log_line *l)
{
	struct log_line copy = *l;
	struct str want = l->raw;
	BUF(b);

	if (l->kind != LOG_UNKNOWN)
		copy.raw = (struct str){ NULL, 0 };
	log_print(&b, &copy);
	MUST(b.n == want.n + 1 && b.p[want.n] == '\n');
	MUST(str_eq(str_take(buf_str(&b), want.n), want));
}

/* Every value of a row lies in the line, and undoing its escapes never grows it. */
static void look_at_fields(const struct log_line *l, struct str text)
{
	ARENA(a);

	for (int f = 0; f < LOG_FIELDS; f++) {
		struct str v = l->field[f];

		if (v.p == NULL)
			continue;
		MUST(l->kind > LOG_EMPTY && v.p >= text.p && v.p + v.n <= text.p + text.n);
		MUST(log_plain(&a, v).n <= v.n);
	}
}

static bool same(struct str a, struct str b)
{
	return a.p == b.p && a.n == b.n;
}

/* Nothing of the line before is left. */
static void look_at_next(const struct log_line *a, const struct log_line *b)
{
	for (int f = 0; f < LOG_FIELDS; f++)
		MUST(same(a->field[f], b->field[f]));
	MUST(a->kind == b->kind && a->stamped == b->stamped && a->quoted == b->quoted && a->cr == b->cr);
	MUST(a->ambiguous == b->ambiguous && a->padded_day == b->padded_day && same(a->raw, b->raw));
	MUST(same(a->host, b->host) && same(a->connection, b->connection) && same(a->again, b->again));
	MUST(same(a->verb, b->verb));
	MUST(!a->stamped || civil_to_seconds(a->stamp) == civil_to_seconds(b->stamp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_line next[LOG_FOREIGN] = { 0 };
	struct str text = str_mem(data, size), line, rest = text;
	enum log_family family;
	struct log_line l;

	if (size > 0 && log_recognise(text, &family))
		MUST(family < LOG_FAMILIES);
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		for (int f = 0; f < LOG_FOREIGN; f++) { /* fuzz_foreign_line.c has the others */
			log_parse((enum log_family)f, line, &l);
			print_from_fields(&l);
			look_at_fields(&l, line);
			log_parse_next((enum log_family)f, line, &next[f]);
			look_at_next(&l, &next[f]);
		}
	}
	return 0;
}
