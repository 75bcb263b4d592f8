#include "words/words.h"

#include <string.h>

#define WORD(f, w, m, a) \
	{ \
		.final = (f), .who = (w), .meaning = (m), .advice = (a) \
	}

static const struct reason_row reasons[] = {
#define REASON(id, c, n, r, e, t, o, all, l, f, w, m, a, p) \
	{ .code = (c), \
	  .name = (n), \
	  .reply = (r), \
	  .enhanced = (e), \
	  .text = (t), \
	  .option = (o), \
	  .whole = (all), \
	  .lifts = (l), \
	  .word = { .final = (f), .who = (w), .meaning = (m), .advice = (a), .passes = (p) } },
#include "words/reasons.def"
#undef REASON
};

static const struct check_row checks[] = {
#define CHECK(id, t, d, r, e, x, f, w, m, a) \
	{ .title = (t), .description = (d), .reply = (r), .enhanced = (e), .text = (x), .word = WORD(f, w, m, a) },
#include "words/checks.def"
#undef CHECK
};

static const struct reply_row replies[] = {
#define REPLY(id, c, e, t, f, w, m, a) { .code = (c), .enhanced = (e), .text = (t), .word = WORD(f, w, m, a) },
#include "words/replies.def"
#undef REPLY
};

static const struct report_row reports[] = {
#define REPORT(p, o, f, w, m, a) { .pattern = (p), .n = sizeof(p) - 1, .outcome = (o), .word = WORD(f, w, m, a) },
#include "words/reports.def"
#undef REPORT
};

static const struct status_row statuses[] = {
#define STATUS(c, t, f, w, m, a) { .code = (c), .title = (t), .word = WORD(f, w, m, a) },
#include "words/status.def"
#undef STATUS
};

static const struct filter_row filters[] = {
#define FILTER(n, f, r, s, m) { .name = (n), .filter = (f), .reason = (r), .shape = (s), .meaning = (m) },
#include "words/filters.def"
#undef FILTER
};

static const struct trouble_row troubles[] = {
#define TROUBLE(p, f, w, m, a) { .pattern = (p), .n = sizeof(p) - 1, .word = WORD(f, w, m, a) },
#include "words/troubles.def"
#undef TROUBLE
};

struct str word_settled(const struct word *w, struct arena *a)
{
	struct str meaning = str_of(w->meaning);
	ptrdiff_t at = str_find(meaning, STR("It is final when "));
	struct str tail = str_skip(meaning, at < 0 ? meaning.n : (size_t)at);
	ptrdiff_t end = str_find(tail, STR(". "));

	if (at < 0)
		return meaning;
	tail = str_skip(tail, end < 0 ? tail.n : (size_t)end + 2);
	return str_trim(arena_fmt(a, "%.*s%.*s", (int)at, meaning.p, STR_ARG(tail)));
}

const struct reason_row *reason_row(enum reason r)
{
	return &reasons[r];
}

const struct check_row *check_row(enum check c)
{
	return &checks[c];
}

const struct reply_row *reply_row(enum reply_id r)
{
	return &replies[r];
}

const struct report_row *report_at(size_t i)
{
	return i < COUNT(reports) ? &reports[i] : NULL;
}

const struct status_row *status_at(size_t i)
{
	return i < COUNT(statuses) ? &statuses[i] : NULL;
}

const struct filter_row *filter_at(size_t i)
{
	return i < COUNT(filters) ? &filters[i] : NULL;
}

const struct trouble_row *trouble_at(size_t i)
{
	return i < COUNT(troubles) ? &troubles[i] : NULL;
}

const struct reason_row *reason_by_code(struct str code)
{
	if (str_eqz(code, "FAILURE_AUTH")) /* the manual's spelling of what the program says as FAILED_AUTH */
		return &reasons[REASON_FAILED_AUTH];
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (str_eqz(code, reasons[i].code))
			return &reasons[i];
	return NULL;
}

/* A stock text with a `*` ends in it. */
static bool opens_with(struct str text, struct str stock)
{
	return stock.n > 0 && (str_istarts(text, stock) || str_glob(stock, text));
}

/* A refusal's number can be configured, that of an answer which lets something go on cannot. */
const struct reason_row *reason_by_reply(int code, struct str text)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (opens_with(text, str_of(reasons[i].text)) && (reasons[i].reply >= 400 || reasons[i].reply == code))
			return &reasons[i];
	return NULL;
}

const struct reason_row *reason_by_name(struct str name)
{
	for (size_t i = 0; i < COUNT(reasons) && name.n > 0; i++)
		if (str_eqz(name, reasons[i].name))
			return &reasons[i];
	return NULL;
}

const char *reason_enhanced(enum reason r, int reply, struct arena *a)
{
	if (reasons[r].enhanced[0] == '\0')
		return "";
	return arena_fmt(a, "%d.%s", reply / 100, reasons[r].enhanced).p;
}

const struct check_row *check_by_words(struct str title, struct str description)
{
	for (size_t i = 0; i < COUNT(checks) && title.n > 0; i++)
		if (str_eqz(title, checks[i].title) && str_eqz(description, checks[i].description))
			return &checks[i];
	return NULL;
}

/* A reply's text without the enhanced code that may stand in front of it. */
static struct str bare_text(struct str text)
{
	struct str head, tail;

	if (text.n > 0 && ascii_isdigit(text.p[0]) && str_cut(text, STR(" "), &head, &tail) && str_chr(head, '.') > 0 &&
	    status_class(head) != NULL)
		return str_trim(tail);
	return str_trim(text);
}

/* Does the pattern fit the text?  If so, how many bytes of it are not `*`: the more, the better the fit. */
static size_t fit(struct str pattern, struct str text)
{
	size_t score = 1;

	if (!str_glob(pattern, text))
		return 0;
	for (size_t i = 0; i < pattern.n; i++)
		score += pattern.p[i] != '*';
	return score;
}

/* Is that the best fit so far?  *score becomes it. */
static bool fits_better(size_t n, size_t *score)
{
	if (n <= *score)
		return false;
	*score = n;
	return true;
}

/* 0 asks for every refusal. */
static bool number_fits(int row, int code)
{
	return code == 0 ? row >= 400 : row == code;
}

const struct reply_row *reply_match(int code, struct str text)
{
	const struct reply_row *best = NULL;
	struct str bare = bare_text(text);
	size_t score = 0;

	for (size_t i = 0; i < COUNT(replies); i++)
		if (number_fits(replies[i].code, code) &&
		    fits_better(fit(bare_text(str_of(replies[i].text)), bare), &score))
			best = &replies[i];
	return best;
}

const struct check_row *check_by_reply(int code, struct str text)
{
	struct str bare = bare_text(text);

	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i].reply >= 400 && number_fits(checks[i].reply, code) &&
		    str_ieq(bare_text(str_of(checks[i].text)), bare))
			return &checks[i];
	return NULL;
}

/* As fit(), anywhere in the text; 0 too if that is no better than `least`.  Half of a pattern at least is no `*`: most
 * are too long for a short text, which is known without looking. */
static size_t fit_within(const char *pattern, size_t n, struct str text, size_t least)
{
	char around[256];

	if (n < least || n / 2 > text.n || n + 2 > sizeof(around))
		return 0;
	around[0] = '*';
	memcpy(around + 1, pattern, n);
	around[n + 1] = '*';
	return fit(str_mem(around, n + 2), text);
}

const struct report_row *report_match(struct str decoded_line)
{
	const struct report_row *best = NULL;
	size_t score = 0;

	for (size_t i = 0; i < COUNT(reports); i++)
		if (fits_better(fit_within(reports[i].pattern, reports[i].n, decoded_line, score), &score))
			best = &reports[i];
	return best;
}

const struct trouble_row *trouble_match(struct str text)
{
	const struct trouble_row *best = NULL;
	size_t score = 0;

	for (size_t i = 0; i < COUNT(troubles); i++)
		if (fits_better(fit_within(troubles[i].pattern, troubles[i].n, text, score), &score))
			best = &troubles[i];
	return best;
}

const struct filter_row *filter_match(struct str name)
{
	for (size_t i = 0; i < COUNT(filters); i++)
		if (str_eqz(name, filters[i].name))
			return &filters[i];
	return NULL;
}

const struct filter_row *filter_by_gate(struct str filter)
{
	for (size_t i = 0; i < COUNT(filters) && filter.n > 0; i++)
		if (str_eqz(filter, filters[i].filter))
			return &filters[i];
	return NULL;
}

bool freemail_has(struct str domain)
{
	static const char *const names[] = {
#define FREEMAIL(name) name,
#include "words/freemail.def"
#undef FREEMAIL
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eqz(domain, names[i]))
			return true;
	return false;
}
