#include "trace/explain_parts.h"

void explain_check_row(struct explaining *x, const struct check_row *row)
{
	x->out->kind = "recipient-check";
	x->out->what = STR("an outcome of the recipient check");
	explain_word(x, &row->word);
	if (row->title[0] != '\0') {
		explain_field(x, "title", str_of(row->title));
		explain_field(x, "description", str_of(row->description));
	}
	if (row->reply > 0)
		explain_field(x, "reply", arena_fmt(x->mem, "%d %s", row->reply, row->text));
}

/* chkuser's own line (LOG-FORMATS 2.1):
 * "CHKUSER title: from <..> remote <..> rcpt <..> : description" */
static const struct check_row *raw_line(struct str text)
{
	struct str title, rest, description;
	ptrdiff_t at = str_find(text, STR("CHKUSER "));

	if (at < 0 || !str_cut(str_skip(text, (size_t)at + 8), STR(": "), &title, &rest))
		return NULL;
	at = str_find(rest, STR("> : "));
	description = at < 0 ? STR("") : str_trim(str_skip(rest, (size_t)at + 4));
	return check_by_words(title, description);
}

static bool names(const struct check_row *row, struct str text)
{
	return row->title[0] != '\0' && (str_ieq(text, str_of(row->title)) || str_ieq(text, str_of(row->description)));
}

/* What tells two outcomes apart when one of their words is given: the other one. */
static const char *other_words(const struct check_row *row, struct str text)
{
	return str_ieq(text, str_of(row->title)) ? row->description : row->title;
}

/* A title or a description alone may stand for several outcomes: then all are told. */
static bool word_alone(struct explaining *x, struct str text)
{
	const struct check_row *first = NULL, *row;
	size_t n = 0;

	for (int i = 0; i < CHECK_COUNT; i++) {
		row = check_row((enum check)i);
		if (!names(row, text))
			continue;
		if (n++ == 0) {
			explain_check_row(x, first = row);
			continue;
		}
		if (n == 2) {
			x->out->nfields = 0;
			x->out->meaning = STR("");
			explain_field(x, str_ieq(text, str_of(first->title)) ? "title" : "description", text);
			explain_add(x, "With \"%s\": %s", other_words(first, text), first->word.meaning);
		}
		explain_add(x, "With \"%s\": %s", other_words(row, text), row->word.meaning);
		x->out->final = x->out->final == row->word.final ? row->word.final : FINAL_UNKNOWN;
		x->out->advice = STR("It depends on the whole line: explain that.");
	}
	return n > 0;
}

bool explain_check(struct explaining *x, struct str text)
{
	const struct check_row *row = raw_line(text);
	struct str title, description;

	if (row == NULL && str_cut(text, STR(", "), &title, &description))
		row = check_by_words(title, description);
	if (row == NULL)
		return word_alone(x, text);
	explain_check_row(x, row);
	return true;
}
