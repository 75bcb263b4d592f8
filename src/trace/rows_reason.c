/* Why: one number for each row of words/. */
#include "trace/rows.h"

#include <string.h>

#include "logs/foreign.h"
#include "trace/tell_parts.h"

enum { INDEX_BITS = 12, INDEX_MAX = (1 << INDEX_BITS) - 1, TEXTS_MAX = 1 << 14, TEXT_MAX = 200 };

uint16_t row_reason(enum row_kind kind, size_t i)
{
	return kind == REASON_OF_NOTHING || i > INDEX_MAX ? 0 : (uint16_t)((unsigned)kind << INDEX_BITS | i);
}

enum row_kind row_reason_kind(uint16_t reason, size_t *i)
{
	unsigned kind = reason >> INDEX_BITS;

	*i = reason & INDEX_MAX;
	return kind < ROW_KINDS ? (enum row_kind)kind : REASON_OF_NOTHING;
}

static uint16_t of_cause(enum cause_id c)
{
	return row_reason(REASON_OF_CAUSE, c);
}

static uint16_t of_gate(const struct reason_row *row)
{
	return row_reason(REASON_OF_GATE, (size_t)(row - reason_row(0)));
}

static uint16_t of_check(const struct check_row *row)
{
	return row_reason(REASON_OF_CHECK, (size_t)(row - check_row(0)));
}

/* How much of the text's begin is a number that varies from message to message: long, or with dots as an address has
 * them ("5.1.1" is none). */
static size_t number_in(struct str s)
{
	size_t n = 0, digits = 0;

	while (n < s.n && (ascii_isdigit(s.p[n]) || (n > 0 && s.p[n] == '.')))
		digits += s.p[n++] != '.';
	return digits >= 4 ? n : 0;
}

/* A text without what varies from message to message: numbers, addresses, what stands in brackets.  Its length. */
static size_t put_shape(char to[TEXT_MAX], struct str text)
{
	struct str rest = str_take(text, TEXT_MAX);
	size_t n = 0;

	while (rest.n > 0) {
		char c = rest.p[0], close = c == '[' ? ']' : c == '<' ? '>' : '\0';
		ptrdiff_t end = close != '\0' ? str_chr(rest, close) : -1;
		size_t skip = end >= 0 ? (size_t)end + 1 : ascii_isdigit(c) ? number_in(rest) : 0;

		if (skip == 0)
			to[n++] = c;
		rest = str_skip(rest, skip > 0 ? skip : 1);
	}
	return n;
}

/* A reply of ours that neither gate nor check accounts for in another log. */
static uint16_t find_reply(int code, struct str text)
{
	const struct reason_row *gate = reason_by_reply(code, text);
	const struct check_row *check = gate == NULL ? check_by_reply(code, text) : NULL;
	const struct reply_row *reply = gate == NULL && check == NULL ? reply_match(code, text) : NULL;

	if (gate != NULL)
		return of_gate(gate);
	if (check != NULL)
		return of_check(check);
	return reply != NULL ? row_reason(REASON_OF_REPLY, (size_t)(reply - reply_row(0))) : 0;
}

/* The words of another server, and its status or reply number. */
static uint16_t find_cause(struct str status, struct str text)
{
	const struct hint_row *hint = hint_match_beside(status, text);
	struct str rest = text, number = str_word(&rest), enhanced = str_word(&rest);
	enum cause_id cause = hint != NULL ? hint_cause(hint) : CAUSE_UNKNOWN;

	if (cause == CAUSE_UNKNOWN)
		cause = cause_by_status(status);
	if (cause == CAUSE_UNKNOWN)
		cause = cause_by_status(enhanced);
	if (cause == CAUSE_UNKNOWN)
		cause = cause_by_status(str_take(number, 3));
	return of_cause(cause);
}

/* The line of a delivery's report that the vocabulary knows. */
static uint16_t find_report(struct arena *a, struct str report)
{
	struct str rest = log_report_plain(a, report), one;
	const struct report_row *row, *found = NULL;

	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &one, &rest);
		row = str_trim(one).n > 0 ? report_match(str_trim(one)) : NULL;
		if (row != NULL && row->outcome[0] != '\0')
			found = row;
	}
	return found != NULL ? row_reason(REASON_OF_REPORT, (size_t)(found - report_at(0))) : of_cause(CAUSE_UNKNOWN);
}

/* What a text was taken for the last time; 0: that is to be found out, before the next one is asked for. */
static uint32_t *remembered(const struct book *b, char kind, int code, struct str text)
{
	struct taken_for *taken = b->taken_for;
	char key[1 + sizeof(code) + TEXT_MAX];
	struct dict_slot *s;
	struct str whole;

	key[0] = kind;
	memcpy(key + 1, &code, sizeof(code));
	whole = str_mem(key, 1 + sizeof(code) + put_shape(key + 1 + sizeof(code), text));
	if (taken->by_shape.n >= TEXTS_MAX) {
		dict_clear(&taken->by_shape);
		arena_reset(&taken->mem);
	}
	s = dict_slot(&taken->by_shape, whole);
	if (s->p == NULL)
		dict_put(&taken->by_shape, s, arena_str(&taken->mem, whole), 0);
	return &s->number;
}

/* Of another server's line what stands from the answer on: " 550 5.1.1 ..."; empty: it quotes none. */
static struct str answer_in(struct str raw)
{
	for (struct str rest = raw; rest.n > 5; rest = str_skip(rest, 1)) {
		ptrdiff_t at = str_chr(str_take(rest, rest.n - 5), ' ');
		const char *p;

		if (at < 0)
			break;
		rest = str_skip(rest, (size_t)at);
		p = rest.p;
		if ((p[1] == '4' || p[1] == '5') && ascii_isdigit(p[2]) && ascii_isdigit(p[3]) &&
		    (p[4] == ' ' || p[4] == '-'))
			return rest;
	}
	return (struct str){ NULL, 0 };
}

/* Such a line is costly to read, and its words to tell: that is done once for each answer that occurs. */
static uint16_t why_foreign(struct told *t, const struct line *resp)
{
	struct str answer = answer_in(line_raw(t->book, resp)), said = { NULL, 0 }, text;
	uint32_t *known;
	int code;

	if (answer.n == 0)
		said = tell_reply(t, resp, &code, &text);
	known = remembered(t->book, answer.n > 0 ? 'f' : 'w', 0, answer.n > 0 ? answer : said);
	if (*known == 0)
		*known = find_cause(STR(""), answer.n > 0 ? tell_reply(t, resp, &code, &text) : said);
	return (uint16_t)*known;
}

static bool is_foreign(const struct told *t)
{
	return t->story->visit != NULL && t->story->visit->foreign != NULL;
}

static uint16_t why_said(struct told *t, const struct line *resp)
{
	struct str text, said;
	uint32_t *known;
	int code;

	if (is_foreign(t))
		return why_foreign(t, resp);
	said = tell_reply(t, resp, &code, &text);
	known = remembered(t->book, 'r', code, text);
	if (*known == 0)
		*known = find_reply(code, text);
	if (*known == 0)
		*known = find_cause(STR(""), said);
	return (uint16_t)*known;
}

/* DENIED_OTHER without an SMTP log: the gate quotes the reply. */
static uint16_t why_quoted(struct told *t, const struct gate *g)
{
	const struct reason_row *row = reason_by_code(g->code);
	struct str said = log_reason_plain(t->mem, g->reason);
	uint64_t code = 0;
	uint32_t *known;

	if (!str_u64(str_take(said, 3), 599, &code))
		return row != NULL ? of_gate(row) : of_cause(CAUSE_UNKNOWN);
	known = remembered(t->book, 'r', (int)code, str_skip(said, 4));
	if (*known == 0)
		*known = find_reply((int)code, str_skip(said, 4));
	if (*known == 0)
		*known = find_cause(STR(""), said);
	return (uint16_t)*known;
}

static uint16_t why_refused(struct told *t, const struct party *p)
{
	const struct reason_row *gate = NULL;
	const struct check_row *check;
	struct log_line l;

	if (!is_foreign(t) || p->gates != NULL)
		gate = tell_gate_reason(t, p);
	if (gate != NULL)
		return of_gate(gate);
	if (p->check != NULL && p->code >= 400) {
		line_fields(t->book, p->check, &l);
		check = check_by_words(l.field[LOG_F_title], l.field[LOG_F_description]);
		if (check != NULL)
			return of_check(check);
	}
	if (p->resp != NULL && p->code >= 400)
		return why_said(t, p->resp);
	if (p->visit != NULL && p->visit->final != NULL)
		return why_said(t, p->visit->final);
	return p->gates != NULL ? why_quoted(t, p->last_gate) : of_cause(CAUSE_UNKNOWN);
}

static uint16_t why_attempt(struct told *t, const struct attempt *a)
{
	ptrdiff_t at = a->plain ? -1 : str_find(a->report, STR("Remote_host_said:_"));
	uint32_t *known = remembered(t->book,
				     a->plain  ? 'p'
				     : at >= 0 ? 's'
					       : 'a',
				     (int)a->outcome, str_skip(a->report, at >= 0 ? (size_t)at : 0));
	struct remote said;

	if (*known > 0)
		return (uint16_t)*known;
	if (a->plain) {
		struct str answer = foreign_answer(a->report);

		*known = find_cause(a->dsn, answer.n > 0 ? answer : a->report);
		return (uint16_t)*known;
	}
	tell_read_remote(t, a, &said);
	*known = said.said.n > 0 ? find_cause(STR(""), said.said) : find_report(t->mem, a->report);
	return (uint16_t)*known;
}

/* Where our own delivery went well, the next server's log tells of the failure (chains are short and never circles). */
static uint16_t why_failed(struct told *t, const struct party *p)
{
	const struct attempt *a = p->attempts != NULL ? tell_troubled(p) : NULL;
	const struct party *there;

	if (a == NULL || !a->resulted)
		return 0;
	if (a->outcome != OUTCOME_SUCCESS)
		return why_attempt(t, a);
	there = a->onward != NULL ? story_party(a->onward, a->to) : NULL;
	if (there == NULL)
		return 0;
	t->story = a->onward;
	return why_failed(t, there);
}

static uint16_t why_left(const struct visit *v)
{
	const struct end_row *row = v != NULL && v->ended.n > 0 ? end_match(v->ended) : NULL;

	return row_reason(REASON_OF_END, row != NULL ? (size_t)(row - end_at(0)) : END_LEFT);
}

/* A visit without a recipient. */
static uint16_t why_lost(struct told *t, enum verdict v)
{
	const struct visit *x = t->story->visit;
	const struct line *said = NULL;

	if (v != VERDICT_REFUSED && v != VERDICT_REFUSED_TEMPORARILY)
		return v == VERDICT_ABANDONED ? why_left(x) : 0;
	for (const struct line *y = x->mail != NULL ? x->mail : x->lines.first; y != NULL && said == NULL; y = y->next)
		if (y->kind == LOG_SMTP_RESP)
			said = y;
	if (x->foreign != NULL)
		said = x->final;
	return said != NULL ? why_said(t, said) : of_cause(CAUSE_UNKNOWN);
}

uint16_t rows_why(const struct told *of, const struct party *p, enum verdict v)
{
	struct told t = { .story = of->story, .book = of->book, .scope = of->scope, .mem = of->mem };

	if (p == NULL)
		return why_lost(&t, v);
	switch (v) {
	case VERDICT_REFUSED:
	case VERDICT_REFUSED_TEMPORARILY:
		return why_refused(&t, p);
	case VERDICT_RETURNED:
	case VERDICT_WAITING:
	case VERDICT_DISCARDED:
		return why_failed(&t, p);
	case VERDICT_ABANDONED:
		return why_left(p->visit);
	default:
		return 0;
	}
}

/* One that leaves no line of its own is known by its reply. */
static const char *check_text(const struct check_row *row)
{
	return row->description[0] != '\0' ? row->description : row->text;
}

/* What people and programs call it; NULL: no such row. */
static const char *reason_text(uint16_t reason, const char **lead, const struct word **word)
{
	size_t i;
	enum row_kind kind = row_reason_kind(reason, &i);
	static const char *const leads[ROW_KINDS] = { "",         "gate: ",  "recipient check: ", "reply: ",
						      "report: ", "cause: ", "client: " };

	*lead = leads[kind];
	if (kind == REASON_OF_GATE && i < REASON_COUNT)
		return *word = &reason_row(i)->word, reason_row(i)->code;
	if (kind == REASON_OF_CHECK && i < CHECK_COUNT)
		return *word = &check_row(i)->word, check_text(check_row(i));
	if (kind == REASON_OF_REPLY && i < REPLY_COUNT)
		return *word = &reply_row(i)->word, reply_row(i)->text;
	if (kind == REASON_OF_REPORT && report_at(i) != NULL)
		return *word = &report_at(i)->word, report_at(i)->pattern;
	if (kind == REASON_OF_CAUSE && i < CAUSE_COUNT)
		return *word = &cause_row(i)->word, cause_row(i)->name;
	if (kind == REASON_OF_END && end_at(i) != NULL)
		return *word = &end_at(i)->word, end_at(i)->text;
	return NULL;
}

struct str row_reason_words(struct arena *a, uint16_t reason)
{
	const struct word *word;
	const char *lead, *text = reason_text(reason, &lead, &word);

	return text != NULL ? arena_fmt(a, "%s%s", lead, text) : STR("");
}

const struct word *row_reason_word(uint16_t reason)
{
	const struct word *word = NULL;
	const char *lead;

	return reason_text(reason, &lead, &word) != NULL ? word : NULL;
}

/* Of all names in their order: a row more, less or moved is another vocabulary. */
uint64_t row_vocabulary(void)
{
	static const uint64_t key[2] = { 0x74656c6c74616c65, 0x726f7773 };
	const struct word *word;
	const char *lead, *text;
	BUF(all);

	for (unsigned kind = 1; kind < ROW_KINDS; kind++)
		for (size_t i = 0; i <= INDEX_MAX; i++)
			if ((text = reason_text(row_reason((enum row_kind)kind, i), &lead, &word)) != NULL)
				buf_fmt(&all, "%s%s\n", lead, text);
#define ROW(type, name, meaning) buf_fmt(&all, "%zu " #name "\n", sizeof(type));
#include "trace/rows.def"
#undef ROW
	return hash_keyed(buf_str(&all), key);
}
