#include "trace/explain_parts.h"

#define LONGEST_CODE 64

/* reply numbers and stock texts of the gate, as the client sees them */
void explain_reason_row(struct explaining *x, const struct reason_row *row)
{
	x->out->kind = "gate-code";
	x->out->what = arena_fmt(x->mem, "%s, a verdict of the gate", row->code);
	explain_word(x, &row->word);
	explain_field(x, "code", str_of(row->code));
	if (row->reply > 0)
		explain_number(x, "stock_reply", arena_fmt(x->mem, "%d", row->reply));
	if (row->text[0] != '\0')
		explain_field(x, "stock_text", str_of(row->text));
	if (row->option[0] != '\0')
		explain_field(x, "option", str_of(row->option));
	if (row->name[0] != '\0')
		explain_field(x, "filter", str_of(row->name));
}

/* "GRAYLISTED", "denied_graylisted", "graylisted" (the filter's name in gate lines) */
static const struct reason_row *reason_of(struct arena *a, struct str text)
{
	const struct reason_row *row;
	char *upper;

	if (text.n > LONGEST_CODE)
		return NULL;
	row = reason_by_name(text);
	if (row != NULL)
		return row;
	upper = arena_alloc(a, text.n);
	for (size_t i = 0; i < text.n; i++)
		upper[i] = (char)(text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 'a' + 'A'
				  : text.p[i] == '-'                   ? '_'
								       : text.p[i]);
	text = str_mem(upper, text.n);
	row = reason_by_code(text);
	return row != NULL ? row : reason_by_code(arena_fmt(a, "DENIED_%.*s", STR_ARG(text)));
}

static bool filter_line(struct explaining *x, struct str text)
{
	struct str rest = text, name = str_word(&rest);
	const struct filter_row *row = filter_match(name);
	const struct reason_row *reason;

	if (row == NULL)
		return false;
	reason = reason_row(row->reason);
	x->out->kind = "filter";
	x->out->what = arena_fmt(x->mem, "%s, a note of one of the gate's filters", row->name);
	explain_word(x, &reason->word);
	x->out->meaning = str_of(row->meaning);
	explain_field(x, "filter", str_of(row->name));
	if (row->reason == REASON_ALLOWED) {
		x->out->final = FINAL_UNKNOWN;
		explain_add(x, "It is not a verdict: that is a line of its own.");
	} else {
		explain_add(x, "The verdict line that follows says what was done, usually %s.", reason->code);
		explain_field(x, "code", str_of(reason->code));
	}
	if (str_trim(rest).n > 0)
		explain_field(x, "seen", str_trim(rest));
	return true;
}

bool explain_trouble(struct explaining *x, struct str text)
{
	const struct trouble_row *row = trouble_match(text);

	if (row == NULL)
		return false;
	x->out->kind = "trouble";
	x->out->what = STR("a complaint of the mail programs about themselves, not a verdict on a message");
	explain_word(x, &row->word);
	explain_field(x, "text", text);
	return true;
}

/* The three words of the delivery log. */
static bool outcome_word_alone(struct explaining *x, struct str text)
{
	static const struct {
		const char *name;
		struct word word;
	} outcomes[] = {
		{ "success",
		  { FINAL_YES, WHO_NOBODY, "The delivery to this recipient is done; the report beside it says how.", "",
		    NULL } },
		{ "failure",
		  { FINAL_YES, WHO_SENDER,
		    "The delivery to this recipient failed for good; the report beside it says why, and the sender "
		    "gets the "
		    "message back.",
		    "The sender mends what the report says and sends anew.", NULL } },
		{ "deferral",
		  { FINAL_NO, WHO_NOBODY,
		    "The delivery to this recipient did not work yet; the message stays in the queue and is tried "
		    "again. "
		    "The report beside it says why.",
		    "Nothing at first. If it goes on for hours, the report says who must act.", NULL } },
	};

	for (size_t i = 0; i < COUNT(outcomes); i++)
		if (str_ieq(text, str_of(outcomes[i].name))) {
			x->out->kind = "outcome";
			x->out->what = arena_fmt(x->mem, "%s, an outcome in the delivery log", outcomes[i].name);
			explain_word(x, &outcomes[i].word);
			explain_field(x, "outcome", str_of(outcomes[i].name));
			return true;
		}
	return false;
}

bool explain_code(struct explaining *x, struct str text)
{
	static const struct str gate = STR_INIT("gate: ");
	const struct reason_row *row;

	if (str_istarts(text, gate))
		text = str_trim(str_skip(text, gate.n));
	row = reason_of(x->mem, text);
	if (row != NULL) {
		explain_reason_row(x, row);
		return true;
	}
	if (filter_line(x, text) || outcome_word_alone(x, text))
		return true;
	return str_starts(text, STR("ERROR")) && explain_trouble(x, text);
}
