/* Texts from outside, as many as there are, as lines of JSON: what the command and the page share. */
#include "trace/explain.h"

struct explanation explain_unknown(struct str text, struct arena *a)
{
	struct str near = explain_near_words(text, a);

	return (struct explanation){
		.kind = "unknown",
		.meaning = STR("This text is not known here."),
		.final = FINAL_UNKNOWN,
		.who = WHO_NOBODY,
		.advice = near.n > 0 ? near
				     : STR("Check that the line is whole. A line of another program is explained by "
					   "that program's manual."),
		.fields = { { "text", str_take(text, EXPLAIN_TEXT_MAX), false } },
		.nfields = 1,
	};
}

static void put(struct buf *out, const struct explanation *x)
{
	struct json j = json_to(out);

	explain_json(&j, x);
	buf_addc(out, '\n');
}

static int messages(struct buf *out, struct str text)
{
	struct str message;

	while (explain_next_message(&text, &message)) {
		ARENA(mem);
		struct explanation x;

		explain_message(message, &mem, &x);
		put(out, &x);
	}
	return 0;
}

static bool one(struct buf *out, struct str text)
{
	ARENA(mem);
	struct explanation x;
	bool known = explain_text(text, &mem, &x);

	if (!known)
		x = explain_unknown(text, &mem);
	put(out, &x);
	return known;
}

int explain_lines_json(struct buf *out, struct str text)
{
	struct str line, asked[EXPLAIN_ASKED];
	int rc = 2;

	if (explain_is_message(text))
		return messages(out, text);
	while (text.n > 0) {
		size_t n;

		str_cut(text, STR("\n"), &line, &text);
		n = explain_asked(line, asked, COUNT(asked));
		if (n > 0 && rc == 2)
			rc = 0;
		for (size_t i = 0; i < n; i++)
			if (!one(out, asked[i]))
				rc = 1;
	}
	return rc;
}
