#include "trace/ledger.h"

static const char *const words[LEDGER_OUTCOMES] = {
	[LEDGER_PASSED] = "passed", [LEDGER_REFUSED] = "refused", [LEDGER_ALLOWED] = "allowed",
	[LEDGER_ERROR] = "error",   [LEDGER_SKIPPED] = "skipped",
};

enum { MS_MAX = 86400000 };

const char *ledger_word(enum ledger_outcome o)
{
	return words[o];
}

static bool outcome_of(struct str word, enum ledger_outcome *out)
{
	for (int i = 0; i < LEDGER_OUTCOMES; i++)
		if (str_eqz(word, words[i])) {
			*out = (enum ledger_outcome)i;
			return true;
		}
	return false;
}

/* A word, and whether a comma stood behind it. */
static struct str word_of(struct str *rest, bool *ends)
{
	struct str w = str_word(rest);

	*ends = str_ends(w, STR(","));
	return *ends ? str_take(w, w.n - 1) : w;
}

bool ledger_next(struct ledger *x, struct ledger_check *out)
{
	while (x->rest.n > 0) {
		struct str rest = x->rest, name, value;
		bool ends, ignored;
		uint64_t ms;

		if (!x->begun) {
			x->begun = outcome_of(word_of(&rest, &ignored), &x->outcome);
			x->rest = rest;
			continue;
		}
		name = word_of(&rest, &ignored);
		value = word_of(&rest, &ends);
		x->rest = rest;
		x->begun = !ends;
		if (name.n == 0 || value.n == 0)
			continue;
		*out = (struct ledger_check){ .name = name, .outcome = x->outcome, .ms = -1 };
		if (x->outcome == LEDGER_SKIPPED)
			out->said = value;
		else if (str_u64(value, MS_MAX, &ms))
			out->ms = (int64_t)ms;
		return true;
	}
	return false;
}

/* "192.0.2.7 is listed at zen.example (127.0.0.2), 12 ms" */
static void cut_ms(struct ledger_check *x)
{
	struct str s = x->said, head;
	ptrdiff_t at;
	uint64_t ms;

	if (!str_ends(s, STR(" ms")))
		return;
	head = str_take(s, s.n - 3);
	at = str_rchr(head, ' ');
	if (!str_u64(str_skip(head, (size_t)(at + 1)), MS_MAX, &ms))
		return;
	x->ms = (int64_t)ms;
	head = str_take(head, (size_t)(at < 0 ? 0 : at));
	x->said = str_ends(head, STR(",")) ? str_take(head, head.n - 1) : head;
}

bool ledger_line(const struct log_line *l, struct ledger_check *out)
{
	static const struct {
		enum log_kind kind;
		enum ledger_outcome outcome;
	} kinds[] = {
		{ LOG_SMTP_GATE_PASSED, LEDGER_PASSED },   { LOG_SMTP_GATE_REFUSED, LEDGER_REFUSED },
		{ LOG_SMTP_GATE_ALLOWED, LEDGER_ALLOWED }, { LOG_SMTP_GATE_ERROR, LEDGER_ERROR },
		{ LOG_SMTP_GATE_SKIPPED, LEDGER_SKIPPED },
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (l->kind != kinds[i].kind)
			continue;
		*out =
		    (struct ledger_check){ l->field[LOG_F_filter], kinds[i].outcome, -1, l->field[LOG_F_description] };
		if (l->kind != LOG_SMTP_GATE_SKIPPED)
			cut_ms(out);
		return true;
	}
	return false;
}
