/* A report of several lines as one sentence: who would not take it, and in which words. */
#include "deliver/why.h"

#include <string.h>

#include "words/words.h"

enum { SENTENCE_MAX = 200 /* bytes; the report itself is shown beside it */ };

static const struct str said = STR_INIT("Remote host said:");

/* How it was asked, and what follows from the answer: the rest of what is shown says it. */
static bool is_aside(struct str line)
{
	static const char *const begins[] = { "STARTTLS proto=", "Asked server ", "Giving up on " };

	for (size_t i = 0; i < COUNT(begins); i++)
		if (str_starts(line, str_of(begins[i])))
			return true;
	return false;
}

/* Whatever another server ends its lines with. */
static struct str without_stop(struct str s)
{
	s = str_trim(s);
	while (s.n > 0 && strchr(".,;: \t", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/* "450-4.2.1 " of "450-4.2.1 try later": the number, and the status code if there is one. */
static size_t number_of(struct str line)
{
	struct str rest = str_skip(line, 4), word = str_word(&rest);

	if (line.n < 4 || !str_u64(str_take(line, 3), 599, &(uint64_t){ 0 }) || (line.p[3] != '-' && line.p[3] != ' '))
		return 0;
	return str_chr(word, '.') > 0 && status_class(word) != NULL ? (size_t)(rest.p - line.p) : 4;
}

/* The first line of a reply bears its number for all. */
static void put_reply(struct buf *b, struct str line, bool first)
{
	size_t number = first ? 0 : number_of(line);

	line = str_trim(str_skip(line, number));
	if (line.n == 0)
		return;
	if (!first && b->p[b->n - 1] != ' ')
		buf_addc(b, ' ');
	buf_addstr(b, line);
	if (first && line.n > 3 && line.p[3] == '-')
		b->p[b->n - line.n + 3] = ' ';
}

/* "192.0.2.1 did not take the recipient's address" */
static void put_ours(struct buf *b, struct str line)
{
	const char *did = stage_words(line);
	struct str rest = str_starts(line, STR("Connected to ")) ? str_skip(line, 13) : line, ip = str_word(&rest);

	if (b->n > 0)
		buf_adds(b, "; ");
	if (did != NULL)
		buf_fmt(b, "%.*s %s", STR_ARG(ip), did);
	else
		buf_addstr(b, without_stop(line));
}

/* Not within a word, nor within a character. */
static struct str shortened(struct str s)
{
	size_t n = SENTENCE_MAX - 4;

	while (n > SENTENCE_MAX / 2 && s.p[n] != ' ')
		n--;
	if (s.p[n] != ' ')
		n = SENTENCE_MAX - 4;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return without_stop(str_take(s, n));
}

void why_put_report(struct buf *b, struct str report)
{
	BUF(ours);
	BUF(theirs);
	struct str line, all;
	bool asked = false;

	while (report.n > 0) {
		str_cut(report, STR("\n"), &line, &report);
		line = str_trim(line);
		if (is_aside(line))
			asked = false;
		else if (str_starts(line, said)) {
			asked = true;
			put_reply(&theirs, str_trim(str_skip(line, said.n)), theirs.n == 0);
		} else if (asked)
			put_reply(&theirs, line, theirs.n == 0);
		else if (without_stop(line).n > 0)
			put_ours(&ours, line);
	}
	if (without_stop(buf_str(&theirs)).n > 0)
		buf_fmt(&ours, "%s%.*s", ours.n > 0 ? ": " : "", STR_ARG(without_stop(buf_str(&theirs))));
	all = ours.n > 0 ? buf_str(&ours) : STR("put off, and nothing was said why");
	buf_addstr(b, all.n > SENTENCE_MAX ? shortened(all) : all);
	if (all.n > SENTENCE_MAX)
		buf_adds(b, " ...");
}
