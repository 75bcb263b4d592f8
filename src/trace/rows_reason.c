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

/* A text without what varies from message to message: numbers, addresses, what stands in brackets. */
static void put_shape(struct buf *b, struct str text)
{
	struct str rest = str_take(text, TEXT_MAX);

	while (rest.n > 0) {
		char close = rest.p[0] == '[' ? ']' : rest.p[0] == '<' ? '>' : '\0';
		ptrdiff_t end = close != '\0' ? str_chr(rest, close) : -1;
		size_t skip = end >= 0 ? (size_t)end + 1 : number_in(rest);

		if (skip == 0)
			buf_addc(b, rest.p[0]);
		rest = str_skip(rest, skip > 0 ? skip : 1);
	}
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

/* What a text was taken for the last time, as id plus 1 behind a kind; NULL where it is to be found out. */
static uint16_t *remembered(struct rows_maker *m, char kind, int code, struct str text)
{
	struct buf key = BUF_INIT;
	uint16_t *known;

	buf_fmt(&key, "%c%d ", kind, code);
	put_shape(&key, text);
	known = map_get(&m->reasons, buf_str(&key));
	if (known == NULL) {
		if (m->reasons.n >= TEXTS_MAX)
			map_clear(&m->reasons); /* their memory goes with the book */
		known = arena_alloc(&m->book->mem, sizeof(*known));
		*known = 0;
		map_put(&m->reasons, arena_str(&m->book->mem, buf_str(&key)), known);
	}
	buf_clear(&key);
	return known;
}

/* Of another server's line what stands from the answer on: " 550 5.1.1 ...". */
static struct str answer_in(struct str raw)
{
	for (size_t i = 0; i + 5 < raw.n; i++)
		if (raw.p[i] == ' ' && (raw.p[i + 1] == '4' || raw.p[i + 1] == '5') && ascii_isdigit(raw.p[i + 2]) &&
		    ascii_isdigit(raw.p[i + 3]) && (raw.p[i + 4] == ' ' || raw.p[i + 4] == '-'))
			return str_skip(raw, i);
	return raw;
}

/* Such a line is costly to read: it is read once for each answer that occurs. */
static uint16_t why_foreign(struct rows_maker *m, struct told *t, const struct line *resp)
{
	uint16_t *known = remembered(m, 'f', 0, answer_in(line_raw(m->book, resp)));
	struct str text;
	int code;

	if (*known == 0)
		*known = find_cause(STR(""), tell_reply(t, resp, &code, &text));
	return *known;
}

static bool is_foreign(const struct told *t)
{
	return t->story->visit != NULL && t->story->visit->foreign != NULL;
}

static uint16_t why_said(struct rows_maker *m, struct told *t, const struct line *resp)
{
	struct str text, said;
	uint16_t *known;
	int code;

	if (is_foreign(t))
		return why_foreign(m, t, resp);
	said = tell_reply(t, resp, &code, &text);
	known = remembered(m, 'r', code, text);
	if (*known == 0)
		*known = find_reply(code, text);
	if (*known == 0)
		*known = find_cause(STR(""), said);
	return *known;
}

/* DENIED_OTHER without an SMTP log: the gate quotes the reply. */
static uint16_t why_quoted(struct rows_maker *m, struct told *t, const struct gate *g)
{
	const struct reason_row *row = reason_by_code(g->code);
	struct str said = log_reason_plain(t->mem, g->reason);
	uint64_t code = 0;
	uint16_t *known;

	if (!str_u64(str_take(said, 3), 599, &code))
		return row != NULL ? of_gate(row) : of_cause(CAUSE_UNKNOWN);
	known = remembered(m, 'r', (int)code, str_skip(said, 4));
	if (*known == 0)
		*known = find_reply((int)code, str_skip(said, 4));
	if (*known == 0)
		*known = find_cause(STR(""), said);
	return *known;
}

static uint16_t why_refused(struct rows_maker *m, struct told *t, const struct party *p)
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
		return why_said(m, t, p->resp);
	if (p->visit != NULL && p->visit->final != NULL)
		return why_said(m, t, p->visit->final);
	return p->gates != NULL ? why_quoted(m, t, p->last_gate) : of_cause(CAUSE_UNKNOWN);
}

static uint16_t why_attempt(struct rows_maker *m, struct told *t, const struct attempt *a)
{
	ptrdiff_t at = a->plain ? -1 : str_find(a->report, STR("Remote_host_said:_"));
	uint16_t *known = remembered(m,
				     a->plain  ? 'p'
				     : at >= 0 ? 's'
					       : 'a',
				     (int)a->outcome, str_skip(a->report, at >= 0 ? (size_t)at : 0));
	struct remote said;

	if (*known > 0)
		return *known;
	if (a->plain) {
		struct str answer = foreign_answer(a->report);

		*known = find_cause(a->dsn, answer.n > 0 ? answer : a->report);
		return *known;
	}
	tell_read_remote(t, a, &said);
	*known = said.said.n > 0 ? find_cause(STR(""), said.said) : find_report(t->mem, a->report);
	return *known;
}

/* Where our own delivery went well, the next server's log tells of the failure (chains are short and never circles). */
static uint16_t why_failed(struct rows_maker *m, const struct story *s, const struct party *p)
{
	struct told t = { .story = s, .book = m->book, .scope = m->scope, .mem = &m->scratch };
	const struct attempt *a = p->attempts != NULL ? tell_troubled(p) : NULL;
	const struct party *there;

	if (a == NULL || !a->resulted)
		return 0;
	if (a->outcome != OUTCOME_SUCCESS)
		return why_attempt(m, &t, a);
	there = a->onward != NULL ? story_party(a->onward, a->to) : NULL;
	return there != NULL ? why_failed(m, a->onward, there) : 0;
}

static uint16_t why_left(const struct visit *v)
{
	const struct end_row *row = v != NULL && v->ended.n > 0 ? end_match(v->ended) : NULL;

	return row_reason(REASON_OF_END, row != NULL ? (size_t)(row - end_at(0)) : END_LEFT);
}

/* A visit without a recipient. */
static uint16_t why_lost(struct rows_maker *m, struct told *t, enum verdict v)
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
	return said != NULL ? why_said(m, t, said) : of_cause(CAUSE_UNKNOWN);
}

uint16_t rows_why(struct rows_maker *m, const struct story *s, const struct party *p, enum verdict v)
{
	struct told t = { .story = s, .book = m->book, .scope = m->scope, .mem = &m->scratch };

	if (p == NULL)
		return why_lost(m, &t, v);
	switch (v) {
	case VERDICT_REFUSED:
	case VERDICT_REFUSED_TEMPORARILY:
		return why_refused(m, &t, p);
	case VERDICT_RETURNED:
	case VERDICT_WAITING:
	case VERDICT_DISCARDED:
		return why_failed(m, s, p);
	case VERDICT_ABANDONED:
		return why_left(p->visit);
	default:
		return 0;
	}
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
		return *word = &check_row(i)->word, check_row(i)->description;
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
