/* mail/dsn_report.c - what a delivery report says, in the vocabulary's words. */
#include "mail/dsn_text.h"

#include <string.h>

enum { REMOTE_MAX = 900 /* bytes of another server's reply */ };

static struct str behind(struct str line, const char *words)
{
	ptrdiff_t at = str_find(line, str_of(words));

	return at < 0 ? STR("") : str_trim(str_skip(line, (size_t)at + strlen(words)));
}

/* Lines of ours that follow another server's reply. */
static bool is_ours(struct str line)
{
	static const char *const words[] = { "Giving up",
					     "Asked server ",
					     "STARTTLS proto=",
					     "I'm not going to try again",
					     "The sender asked not",
					     "This message has no sender" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_starts(line, str_of(words[i])))
			return true;
	return false;
}

/* "192.0.2.1 does not like recipient.", "Connected to 192.0.2.1 but ..." */
static struct str address_in(struct str line)
{
	struct str rest = str_starts(line, STR("Connected to ")) ? str_skip(line, 13) : line;
	struct str word = str_word(&rest);

	if (word.n < 2 || word.n > 45 || (str_chr(word, '.') < 0 && str_chr(word, ':') < 0))
		return STR("");
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_isalnum(word.p[i]) && word.p[i] != '.' && word.p[i] != ':')
			return STR("");
	return ascii_isdigit(word.p[word.n - 1]) || str_chr(word, ':') >= 0 ? word : STR("");
}

static void add_line(struct buf *said, struct str line)
{
	if (said->n > 0)
		buf_addc(said, ' ');
	buf_addstr(said, str_take(line, said->n < REMOTE_MAX ? REMOTE_MAX - said->n : 0));
}

void dsn_report_read(struct str report, struct arena *mem, struct dsn_report *out)
{
	struct str line, asked = STR(""), ip = STR("");
	bool theirs = false;
	BUF(said);

	*out = (struct dsn_report){ .over = false };
	while (report.n > 0) {
		str_cut(report, STR("\n"), &line, &report);
		line = str_trim(line);
		if (str_find(line, STR("Remote host said: ")) >= 0) {
			theirs = true;
			add_line(&said, behind(line, "Remote host said: "));
			continue;
		}
		theirs = theirs && !is_ours(line);
		if (theirs)
			add_line(&said, line);
		if (ip.n == 0 && !theirs)
			ip = address_in(line);
		if (str_starts(line, STR("Asked server ")) && str_ends(line, STR(".")))
			asked = str_mem(line.p + 13, line.n - 14);
		out->over = out->over || str_starts(line, STR("I'm not going to try again"));
	}
	out->remote = arena_str(mem, str_trim(buf_str(&said)));
	if (asked.n > 0 && str_chr(asked, ' ') < 0)
		out->host = arena_str(mem, asked);
	else if (ip.n > 0)
		out->host = arena_fmt(mem, str_chr(ip, ':') >= 0 ? "[IPv6:%.*s]" : "[%.*s]", STR_ARG(ip));
}

/* The number and the enhanced code in front of a reply. */
static struct str codes_of(struct str reply, struct str *enhanced, struct str *text)
{
	struct str rest = str_skip(reply, 4), word;

	*text = str_trim(rest);
	word = str_word(&rest);
	*enhanced = STR("");
	if (str_chr(word, '.') > 0 && status_class(word) != NULL) {
		*enhanced = word;
		*text = str_trim(rest);
	}
	return str_take(reply, 3);
}

/* As trace/explain_reply.c: the words, where they say more than the code; else the code; else the number. */
static const struct word *reply_word(struct str reply)
{
	struct str enhanced, text, number = codes_of(reply, &enhanced, &text);
	const struct hint_row *hint = hint_match_beside(enhanced, text);
	const struct status_row *row = enhanced.n > 0 ? status_match(enhanced) : NULL;

	if (hint != NULL)
		return hint_word(hint);
	if (row == NULL)
		row = status_match(number);
	return row != NULL ? &row->word : NULL;
}

/* The first line of ours that tells an outcome. */
static const struct word *report_word(struct str report)
{
	const struct report_row *row, *found = NULL;
	struct str line;

	while (report.n > 0 && found == NULL) {
		str_cut(report, STR("\n"), &line, &report);
		row = str_trim(line).n > 0 ? report_match(str_trim(line)) : NULL;
		if (row != NULL && row->outcome[0] != '\0')
			found = row;
	}
	return found != NULL ? &found->word : NULL;
}

const struct word *dsn_word(struct str report, const struct dsn_report *r)
{
	uint64_t code;
	const struct word *word = NULL;

	if (r->remote.n > 3 && str_u64(str_take(r->remote, 3), 599, &code) && code >= 400)
		word = reply_word(r->remote);
	return word != NULL ? word : report_word(report);
}

/* "5.1.1" in front of what follows; else empty. */
static struct str code_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 12 && (ascii_isdigit(s.p[n]) || s.p[n] == '.'))
		n++;
	if (n < 5 || (s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.' || !ascii_isdigit(s.p[2]) ||
	    !ascii_isdigit(s.p[n - 1]) || str_chr(str_take(str_skip(s, 2), n - 2), '.') <= 0)
		return STR("");
	return str_take(s, n);
}

/* Of another server's reply: "550 5.1.1 no such user". */
static struct str code_of_reply(struct str report)
{
	struct str said = str_take(behind(report, "Remote host said: "), 20), code;

	if (said.n < 9 || (said.p[3] != ' ' && said.p[3] != '-'))
		return STR("");
	code = code_at(str_skip(said, 4));
	return code.n > 0 && code.p[0] == said.p[0] ? code : STR("");
}

struct str dsn_status(struct str report)
{
	bool expired = str_find(report, STR("I'm not going to try again")) >= 0;
	struct str found = code_of_reply(report);

	if (found.n == 0)
		found = expired ? STR("5.4.7") : STR("5.0.0");
	for (struct str rest = report; rest.n > 0;) {
		ptrdiff_t at = str_find(rest, STR("(#"));
		struct str code;

		if (at < 0)
			break;
		rest = str_skip(rest, (size_t)at + 2);
		code = code_at(rest);
		if (code.n > 0 && code.n < rest.n && rest.p[code.n] == ')')
			found = code;
	}
	return found;
}
