/* Names of ours, misspelt: which ones resemble the text. */
#include "trace/explain_parts.h"
#include "trace/select.h"

struct spelling {
	struct str text;
	unsigned limit;
	struct str *names; /* EXPLAIN_NEAR of them, the nearest first */
	unsigned distance[EXPLAIN_NEAR];
	size_t n;
};

static void look_at(struct spelling *s, const char *name)
{
	unsigned d = near_distance(s->text, str_of(name), s->limit);
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++)
		if (str_eqz(s->names[i], name))
			return;
	while (at < s->n && s->distance[at] <= d)
		at++;
	if (d > s->limit || at == EXPLAIN_NEAR)
		return;
	s->n += s->n < EXPLAIN_NEAR;
	for (size_t i = s->n - 1; i > at; i--) {
		s->names[i] = s->names[i - 1];
		s->distance[i] = s->distance[i - 1];
	}
	s->names[at] = str_of(name);
	s->distance[at] = d;
}

/* "gate: DENIED_GRAYLIST", as statistics write it. */
static struct str without_lead(struct str text)
{
	ptrdiff_t at = str_find(text, STR(": "));

	return at < 0 ? text : str_trim(str_skip(text, (size_t)at + 2));
}

/* One letter in five may be wrong, three at most. */
size_t explain_near(struct str text, struct str names[EXPLAIN_NEAR])
{
	struct spelling s = { .text = without_lead(text), .names = names };

	s.limit = s.text.n < 15 ? (unsigned)s.text.n / 5 : 3;
	if (s.limit == 0)
		return 0;
	for (int i = 0; i < REASON_COUNT; i++) {
		look_at(&s, reason_row((enum reason)i)->code);
		look_at(&s, reason_row((enum reason)i)->name);
	}
	for (size_t i = 0; filter_at(i) != NULL; i++)
		look_at(&s, filter_at(i)->name);
	for (size_t i = 0; explain_option_name(i) != NULL; i++)
		look_at(&s, explain_option_name(i));
	for (int i = 0; i < CAUSE_COUNT; i++)
		look_at(&s, cause_row((enum cause_id)i)->name);
	return s.n;
}

struct str explain_near_words(struct str text, struct arena *a)
{
	struct str names[EXPLAIN_NEAR];
	size_t n = explain_near(text, names);
	BUF(b);

	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%.*s", i == 0 ? "Did you mean " : i + 1 < n ? ", " : " or ", STR_ARG(names[i]));
	if (n > 0)
		buf_addc(&b, '?');
	return arena_str(a, buf_str(&b));
}

/* "graylist-min-secs": letters, digits and dashes. */
static bool is_dashed(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-')
			return false;
	return str_chr(s, '-') >= 0;
}

bool explain_is_name(struct str text)
{
	static const char *const leads[] = { "DENIED_", "FILTER_", "ERROR_" };
	struct str s = without_lead(text), near[EXPLAIN_NEAR];

	for (size_t i = 0; i < COUNT(leads); i++)
		if (str_istarts(s, str_of(leads[i])))
			return str_chr(s, ' ') < 0;
	return is_dashed(s) && explain_near(s, near) > 0;
}
