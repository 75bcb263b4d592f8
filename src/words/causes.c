#include "words/words.h"

#include <pthread.h>

#define WORD(f, w, m, a) \
	{ \
		.final = (f), .who = (w), .meaning = (m), .advice = (a) \
	}

static const struct cause_row causes[] = {
#define CAUSE(id, n, f, w, m, a) { .name = (n), .word = WORD(f, w, m, a) },
#include "words/causes.def"
#undef CAUSE
};

static const struct {
	const char *code;
	enum cause_id cause;
} statuses[] = {
#define CAUSE(...)
#define STATUS_CAUSE(code, id) { (code), CAUSE_##id },
#include "words/causes.def"
#undef STATUS_CAUSE
#undef CAUSE
};

/* A row without a meaning has the words of its cause; one without a cause those of the row before it. */
static const struct hint_row hints[] = {
#define HINT(p, c, w, m, a) { .pattern = (p), .cause = CAUSE_##c, .word = WORD(FINAL_UNKNOWN, w, m, a) },
#define PHRASE(p, c) { .pattern = (p), .cause = CAUSE_##c },
#define WEAK(p, c) { .pattern = (p), .cause = CAUSE_##c, .weak = true },
#define SAME(p) { .pattern = (p), .cause = CAUSE_COUNT },
#include "words/hints.def"
#undef SAME
#undef WEAK
#undef PHRASE
#undef HINT
};

const struct cause_row *cause_row(enum cause_id c)
{
	return &causes[c];
}

enum cause_id cause_by_status(struct str code)
{
	if (status_class(code) == NULL)
		return CAUSE_UNKNOWN;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct str row = str_of(statuses[i].code);

		if (row.p[0] == 'x' && str_chr(code, '.') == 1
			? str_glob(str_skip(row, 1), str_skip(code, 1)) /* ".7.*" stands behind the others */
			: str_eq(code, row))
			return statuses[i].cause;
	}
	return CAUSE_UNKNOWN;
}

const struct hint_row *hint_at(size_t i)
{
	return i < COUNT(hints) ? &hints[i] : NULL;
}

enum cause_id hint_cause(const struct hint_row *row)
{
	while (row->cause == CAUSE_COUNT)
		row--;
	return row->cause;
}

const struct word *hint_word(const struct hint_row *row)
{
	while (row->cause == CAUSE_COUNT)
		row--;
	return row->word.meaning != NULL ? &row->word : &causes[row->cause].word;
}

/* "550", "550-5.7.1", "5.7.1": said elsewhere, and in the middle of a sentence of several lines. */
static bool is_code(struct str word)
{
	struct str head, tail;
	bool cut = str_cut(word, STR("-"), &head, &tail);

	return head.n >= 3 && status_class(head) != NULL && (!cut || tail.n == 0 || status_class(tail) != NULL);
}

/* "550-Please", "550-'5.2.2" */
static struct str without_code(struct str word)
{
	return word.n > 4 && word.p[3] == '-' && status_class(str_take(word, 3)) != NULL ? str_skip(word, 4) : word;
}

struct smooth {
	char text[HINT_TEXT_MAX];
	size_t n;
};

static void smooth_put(struct smooth *s, struct str word)
{
	for (size_t i = 0; i < word.n && s->n < sizeof(s->text) - 1; i++)
		s->text[s->n++] = ascii_lower(word.p[i]);
	s->text[s->n++] = ' ';
}

/* The text as hints.def has its patterns. */
static void smooth_text(struct smooth *s, struct str text)
{
	s->text[0] = ' ';
	s->n = 1;
	while (text.n > 0 && s->n < sizeof(s->text) - 1) {
		size_t n = 0;
		struct str word;

		while (n < text.n && str_chr(STR(" \t\r\n"), text.p[n]) < 0)
			n++;
		word = without_code(str_take(text, n));
		text = str_skip(text, n + 1);
		if (word.n == 0 || is_code(word))
			continue;
		smooth_put(s, str_chr(word, '@') >= 0 ? STR("<>") : word);
	}
}

/* The pieces between the stars stand in the text one behind the other. */
static bool stands_in(struct str pattern, struct str text)
{
	struct str piece;

	do {
		ptrdiff_t at;

		str_cut(pattern, STR("*"), &piece, &pattern);
		at = str_find(text, piece);
		if (at < 0)
			return false;
		text = str_skip(text, (size_t)at + piece.n);
	} while (pattern.n > 0);
	return true;
}

/* Hundreds of patterns, of which at most a few are in a text: a pattern is looked for where some runs of three bytes
 * of it are.  Runs have numbers, which several may share; 0 is in every text. */
enum { RUN = 3, RUNS = 3, RUN_NUMBERS = 4096 };

struct runs {
	uint64_t bits[RUN_NUMBERS / 64];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint16_t runs_of_hint[COUNT(hints)][RUNS];

static unsigned run_number(const char *p)
{
	uint32_t run = (uint32_t)(unsigned char)p[0] << 16 | (uint32_t)(unsigned char)p[1] << 8 | (unsigned char)p[2];

	return run * UINT32_C(0x9e3779b1) >> 20;
}

static struct str longest_piece(struct str pattern)
{
	struct str piece, longest = STR("");

	while (pattern.n > 0) {
		str_cut(pattern, STR("*"), &piece, &pattern);
		if (piece.n > longest.n)
			longest = piece;
	}
	return longest;
}

/* Of the beginning, the middle and the end of its longest piece. */
static void number_hints(void)
{
	for (size_t i = 0; i < COUNT(hints); i++) {
		struct str piece = longest_piece(str_of(hints[i].pattern));

		for (size_t k = 0; k < RUNS && piece.n >= RUN; k++)
			runs_of_hint[i][k] = (uint16_t)run_number(piece.p + k * (piece.n - RUN) / (RUNS - 1));
	}
}

static void find_runs(struct runs *r, const struct smooth *s)
{
	*r = (struct runs){ .bits = { 1 } };
	for (size_t i = 0; i + RUN <= s->n; i++) {
		unsigned number = run_number(s->text + i);

		r->bits[number / 64] |= UINT64_C(1) << number % 64;
	}
}

static bool may_hold(const struct runs *r, const uint16_t numbers[RUNS])
{
	for (size_t k = 0; k < RUNS; k++)
		if ((r->bits[numbers[k] / 64] >> numbers[k] % 64 & 1) == 0)
			return false;
	return true;
}

static const struct hint_row *match(struct str text, bool weak)
{
	struct smooth s;
	struct runs runs;

	pthread_once(&once, number_hints);
	smooth_text(&s, text);
	find_runs(&runs, &s);
	for (size_t i = 0; i < COUNT(hints); i++)
		if (hints[i].weak == weak && may_hold(&runs, runs_of_hint[i]) &&
		    stands_in(str_of(hints[i].pattern), str_mem(s.text, s.n)))
			return &hints[i];
	return NULL;
}

const struct hint_row *hint_match(struct str text)
{
	const struct hint_row *row = match(text, false);

	return row != NULL ? row : match(text, true);
}

const struct hint_row *hint_match_strong(struct str text)
{
	return match(text, false);
}

const struct hint_row *hint_match_beside(struct str status, struct str text)
{
	bool named = status.n > 0 && cause_by_status(status) != CAUSE_UNKNOWN;

	if (text.n == 0)
		return NULL;
	return named ? hint_match_strong(text) : hint_match(text);
}
