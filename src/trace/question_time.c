/* When: the days and times of a question. */
#include "trace/question_parts.h"

/* A value that a shell has robbed of its quotes goes on in the next words: on:last week. */
static size_t day_and_more(struct asker *k, struct day *d, struct str value, size_t i)
{
	struct str words[8] = { value };
	size_t n = 1, at = 0, used;

	for (; n < COUNT(words) && i + n < k->n; n++)
		words[n] = k->words[i + n];
	while (at < n && (used = day_words(words + at, n - at, d)) > 0)
		at += used;
	return at;
}

/* The text with n words of the question behind it. */
static struct str with_words(struct asker *k, struct str text, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++)
		text = arena_fmt(k->a, "%.*s%s%.*s", STR_ARG(text), text.n > 0 ? " " : "", STR_ARG(k->words[i]));
	return text;
}

int question_when(struct asker *k, const char *key, struct str value, size_t *i)
{
	struct question *q = k->q;
	struct day *d = key[0] == 'o' ? &q->on : key[0] == 'a' ? &q->after : &q->before;
	struct str *text = key[0] == 'o' ? &q->on_text : key[0] == 'a' ? &q->after_text : &q->before_text;
	size_t used;

	if (text->n > 0)
		return err_set(k->e, "%s: stands twice in the question", key);
	used = str_chr(value, ' ') < 0 ? day_and_more(k, d, value, *i) : day_parse(value, d);
	if (used == 0)
		return err_set(k->e,
			       "%s:%.*s is no day or time that I understand (2021-03-09, tuesday, yesterday, "
			       "\"last week\", 2021-03-09T15:00, \"15:00 EST\")",
			       key, STR_ARG(value));
	*text = with_words(k, arena_str(k->a, value), *i + 1, used - 1);
	*i += used - 1;
	return 0;
}

/* All words from there on that are of one DAY. */
static size_t words_of_day(struct asker *k, size_t from, struct day *d)
{
	size_t used = 0, more;

	*d = (struct day){ 0 };
	while (from + used < k->n && (more = day_words(k->words + from + used, k->n - from - used, d)) > 0)
		used += more;
	return used;
}

/* "from monday to wednesday", "between 9:00 and 10:00": up to the end of the last day.  0: no such words. */
static size_t take_range(struct asker *k, size_t i)
{
	static const char *const begins[] = { "from", "between" }, *const ends[] = { "to", "until", "till", "and" };
	struct question *q = k->q;
	struct day first, last;
	size_t n, m;

	if (!question_listed(k->words[i], begins, COUNT(begins)) || (n = words_of_day(k, i + 1, &first)) == 0 ||
	    i + 1 + n >= k->n || !question_listed(k->words[i + 1 + n], ends, COUNT(ends)) ||
	    (m = words_of_day(k, i + 2 + n, &last)) == 0 || q->after_text.n > 0 || q->before_text.n > 0)
		return 0;
	last.end = !last.timed;
	q->after = first;
	q->before = last;
	q->after_text = with_words(k, STR(""), i + 1, n);
	q->before_text = with_words(k, last.end ? STR("end of") : STR(""), i + 2 + n, m);
	return 2 + n + m;
}

static int take_day(struct asker *k, size_t *i)
{
	struct question *q = k->q;
	struct str w = k->words[*i];
	bool after = str_ieq(w, STR("since")) || str_ieq(w, STR("after"));
	bool before = str_ieq(w, STR("before")) || str_ieq(w, STR("until"));
	struct day *d = after ? &q->after : before ? &q->before : &q->on;
	struct str *text = after ? &q->after_text : before ? &q->before_text : &q->on_text;
	size_t from = *i + (after || before), used, more;

	while (from < k->n && (after || before) && str_ieq(k->words[from], STR("the")))
		from++;
	used = day_words(k->words + from, k->n - from, d);
	if (used == 0)
		return !after && !before ? 1 : err_set(k->e, "%.*s needs a day or a time", STR_ARG(w));
	while ((after || before) && (more = day_words(k->words + from + used, k->n - from - used, d)) > 0)
		used += more; /* "since 2021-03-09 15:00" */
	*text = with_words(k, *text, from, used);
	*i = from + used - 1;
	return 0;
}

int question_day(struct asker *k, size_t *i)
{
	size_t used = take_range(k, *i);

	if (used == 0)
		return take_day(k, i);
	*i += used - 1;
	return 0;
}
