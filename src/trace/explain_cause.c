#include "trace/explain_parts.h"

static struct caused by_hint(struct str text)
{
	const struct hint_row *hint = text.n > 0 ? hint_match(text) : NULL;

	if (hint == NULL)
		return (struct caused){ .word = NULL };
	return (struct caused){ hint_cause(hint), hint_word(hint), text };
}

static struct caused by_status(struct str code, struct str text)
{
	enum cause_id cause = cause_by_status(code);

	if (cause == CAUSE_UNKNOWN)
		return (struct caused){ .word = NULL };
	return (struct caused){ cause, &cause_row(cause)->word, text };
}

/* The first reply number or enhanced code in the text that names a cause: "550 5.2.2 <bob>: ..." */
static struct caused by_code(struct str text)
{
	struct str rest = str_take(text, 400), word;
	struct caused c = { .word = NULL };

	while (c.word == NULL && (word = str_word(&rest)).n > 0) {
		size_t n = 0;

		while (n < word.n && (ascii_isdigit(word.p[n]) || word.p[n] == '.'))
			n++;
		if (n >= 3 && (word.p[0] == '4' || word.p[0] == '5') && status_class(str_take(word, n)) != NULL)
			c = by_status(str_take(word, n), text);
		if (c.word == NULL && n == 3 && word.n > 8 && word.p[3] == '-') /* "550-5.2.2" */
			c = by_status(str_skip(word, 4), text);
	}
	return c;
}

struct caused explain_cause(const struct said_words *said)
{
	struct caused c = { .word = NULL };

	for (size_t i = 0; i < 2 && c.word == NULL; i++)
		c = by_hint(said->texts[i]);
	if (c.word == NULL)
		c = by_status(said->status, STR(""));
	for (size_t i = 0; i < 2 && c.word == NULL; i++)
		c = by_code(said->texts[i]);
	for (size_t i = 2; i < COUNT(said->texts) && c.word == NULL; i++)
		c = by_hint(said->texts[i]);
	if (c.word == NULL)
		c = (struct caused){ CAUSE_UNKNOWN, &cause_row(CAUSE_UNKNOWN)->word, STR("") };
	if (c.text.n == 0)
		c.text = said->texts[0].n > 0 ? said->texts[0] : said->texts[1];
	return c;
}
