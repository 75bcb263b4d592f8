#include "trace/explain.h"

/* What a text begins with when it asks about another text. */
static const struct str openings[] = {
	STR_INIT("what is "), STR_INIT("what's "), STR_INIT("what are "), STR_INIT("what does "), STR_INIT("what do "),
};

/* Cut off in this order: "mean?" is two of them. */
static const struct str endings[] = {
	STR_INIT("?"),
	STR_INIT(" mean"),
	STR_INIT(" stand for"),
};

static bool quoted(struct str *rest, struct str *text)
{
	struct str before, after;

	return str_cut(*rest, STR("`"), &before, &after) && str_cut(after, STR("`"), text, rest);
}

static size_t all_quoted(struct str rest, struct str *texts, size_t max)
{
	struct str text;
	size_t n = 0;

	while (n < max && quoted(&rest, &text))
		if (str_trim(text).n > 0)
			texts[n++] = str_trim(text);
	return n;
}

/* "A / B / C": one text each.  Reports have slashes too, but never between spaces. */
static size_t all_listed(struct str rest, struct str *texts, size_t max)
{
	struct str text;
	size_t n = 0;

	for (size_t i = 0; i < COUNT(endings); i++)
		if (str_iends(rest, endings[i]))
			rest = str_trim(str_take(rest, rest.n - endings[i].n));
	while (n < max && rest.n > 0) {
		str_cut(rest, STR(" / "), &text, &rest);
		if (str_trim(text).n > 0)
			texts[n++] = str_trim(text);
	}
	return n;
}

size_t explain_asked(struct str text, struct str *texts, size_t max)
{
	text = str_trim(text);
	for (size_t i = 0; i < COUNT(openings); i++) {
		size_t n;

		if (!str_istarts(text, openings[i]))
			continue;
		text = str_skip(text, openings[i].n);
		n = all_quoted(text, texts, max);
		return n > 0 ? n : all_listed(text, texts, max);
	}
	texts[0] = text;
	return text.n > 0;
}
