#include "trace/explain_parts.h"

static struct caused by_hint(struct str text, const struct hint_row *(*match)(struct str))
{
	const struct hint_row *hint = text.n > 0 ? match(text) : NULL;

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

/* Up to what is no digit and no dot. */
static struct str code_at(struct str word)
{
	size_t n = 0;

	while (n < word.n && (ascii_isdigit(word.p[n]) || word.p[n] == '.'))
		n++;
	return str_take(word, n);
}

/* The first enhanced code, else the first reply number, in the text that names a cause: "550 5.2.2 <bob>: ..." */
static struct caused by_code(struct str text, bool enhanced)
{
	struct str rest = str_take(text, 400), word;
	struct caused c = { .word = NULL };

	while (c.word == NULL && (word = str_word(&rest)).n > 0) {
		struct str code;

		if (enhanced && word.n > 8 && word.p[3] == '-') /* "550-5.2.2", "550-'5.2.2" */
			word = str_skip(word, 4);
		while (word.n > 0 && str_chr(STR("'\"([#<"), word.p[0]) >= 0)
			word = str_skip(word, 1);
		code = code_at(word);
		if (code.n >= 3 && (code.p[0] == '4' || code.p[0] == '5') && (str_chr(code, '.') > 0) == enhanced &&
		    status_class(code) != NULL)
			c = by_status(code, text);
	}
	return c;
}

/* "X-Unix; 75": what a delivery program ended with. */
static bool is_exit_code(struct str text)
{
	uint64_t n;

	return str_u64(text, 255, &n);
}

/* What the server objected to, by the moment at which it did. */
static struct caused in_context(struct caused c, struct str words)
{
	static const struct {
		const char *moment;
		enum cause_id means;
	} moments[] = {
		{ "*after MAIL FROM*", CAUSE_SENDER },
		{ "*in reply to MAIL FROM*", CAUSE_SENDER },
		{ "*but sender was rejected*", CAUSE_SENDER },
		{ "*after initial connection*", CAUSE_CLIENT },
		{ "*in reply to HELO*", CAUSE_CLIENT },
		{ "*in reply to EHLO*", CAUSE_CLIENT },
		{ "*my name was rejected*", CAUSE_CLIENT },
		{ "*after EHLO*", CAUSE_CLIENT },
		{ "*after HELO*", CAUSE_CLIENT },
	};

	if (c.cause != CAUSE_NO_MAILBOX && c.cause != CAUSE_HOST_UNKNOWN && c.cause != CAUSE_UNKNOWN &&
	    c.cause != CAUSE_POLICY)
		return c;
	for (size_t i = 0; i < COUNT(moments); i++) {
		if (!str_glob(str_of(moments[i].moment), words))
			continue;
		if (c.cause == CAUSE_POLICY && moments[i].means == CAUSE_SENDER)
			return c;
		c.cause = moments[i].means;
		c.word = &cause_row(c.cause)->word;
		return c;
	}
	return c;
}

static struct caused by_near(const struct said_words *said)
{
	struct caused c = { .word = NULL };

	for (size_t i = 0; i < COUNT(said->near) && c.word == NULL; i++)
		c = by_hint(said->near[i], hint_match_strong);
	if (c.word == NULL)
		c = by_status(said->status, STR(""));
	for (size_t i = 0; i < COUNT(said->near) && c.word == NULL; i++)
		c = by_code(said->near[i], true);
	for (size_t i = 0; i < COUNT(said->near) && c.word == NULL; i++)
		c = by_code(said->near[i], false);
	for (size_t i = 0; i < COUNT(said->near) && c.word == NULL; i++)
		c = by_hint(said->near[i], hint_match);
	return c;
}

struct caused explain_cause(const struct said_words *said)
{
	struct caused c = by_near(said);

	if (c.word == NULL && is_exit_code(said->near[1]))
		c = (struct caused){ CAUSE_SYSTEM, &cause_row(CAUSE_SYSTEM)->word, said->near[1] };
	for (size_t i = 0; i < COUNT(said->far) && c.word == NULL; i++)
		c = by_hint(said->far[i], hint_match_strong);
	if (c.word == NULL)
		c = by_hint(said->far[0], hint_match);
	if (c.word == NULL)
		c = (struct caused){ CAUSE_UNKNOWN, &cause_row(CAUSE_UNKNOWN)->word, STR("") };
	for (size_t i = 0; i < COUNT(said->near) && c.text.n == 0; i++)
		c.text = said->near[i];
	return in_context(c, said->near[COUNT(said->near) - 1]);
}
