#include "mail/hop.h"

#include "base/inet.h"
#include "mail/date.h"
#include "mail/field.h"

/* The comment that begins at s, with its parentheses, which may be nested; without an end it is all of s. */
static size_t comment_length(struct str s)
{
	int depth = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		depth += s.p[i] == '(';
		depth -= s.p[i] == ')';
		if (depth == 0)
			return i + 1;
	}
	return s.n;
}

static bool is_address_char(char c)
{
	return ascii_isalnum(c) || c == '.' || c == ':';
}

/* An IP address anywhere in the text, without brackets and "IPv6:". */
static struct str find_ip(struct str text)
{
	while (text.n > 0) {
		size_t n = 0;
		struct str word;

		while (n < text.n && is_address_char(text.p[n]))
			n++;
		word = str_take(text, n);
		if (str_istarts(word, STR("IPv6:")))
			word = str_skip(word, 5);
		if (word.n >= 3 && word.n < 46 && inet_is(word))
			return word;
		text = str_skip(text, n + 1);
	}
	return STR("");
}

/* "(mail.x.example [192.0.2.7])": the name the server found itself, "" for none. */
static struct str find_name(struct str comment)
{
	struct str rest = str_skip(comment, 1), word = str_word(&rest);

	while (word.n > 0 && (word.p[word.n - 1] == ')' || word.p[word.n - 1] == '.'))
		word.n--;
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_isalnum(word.p[i]) && word.p[i] != '.' && word.p[i] != '-')
			return STR("");
	return str_chr(word, '.') > 0 && find_ip(word).n == 0 && !str_ieq(word, STR("unknown")) ? word : STR("");
}

static bool is_about_tls(struct str comment)
{
	return str_glob(STR("*TLS*"), comment) || str_glob(STR("*cipher*"), comment) ||
	       str_glob(STR("*via SSL*"), comment);
}

static void read_comment(struct hop *h, struct str comment, struct str after)
{
	struct str rest = comment, word;
	uint64_t n;

	if (str_starts(comment, STR("(qmail "))) {
		rest = str_skip(comment, 7);
		word = str_word(&rest);
		if (str_u64(word, UINT64_MAX, &n))
			h->qp = word;
	}
	if (h->tls.n == 0 && is_about_tls(comment)) {
		h->tls = str_trim(str_take(str_skip(comment, 1), comment.n > 2 ? comment.n - 2 : 0));
		h->encrypted = true;
	}
	if (!str_ieq(after, STR("from")))
		return;
	if (h->ip.n == 0)
		h->ip = find_ip(comment);
	if (h->name.n == 0 && !str_istarts(comment, STR("(HELO")) && !str_istarts(comment, STR("(EHLO")))
		h->name = find_name(comment);
	if (str_istarts(comment, STR("(HELO ")) ||
	    str_istarts(comment, STR("(EHLO "))) { /* qmail: "from NAME (HELO x)" */
		h->name = str_ieq(h->from, STR("unknown")) ? STR("") : h->from;
		rest = str_skip(comment, 6);
		word = str_word(&rest);
		h->from = str_ends(word, STR(")")) ? str_take(word, word.n - 1) : word;
	}
}

static struct str *slot_of(struct hop *h, struct str word)
{
	static const char *const names[] = { "from", "by", "with", "id", "for" };
	struct str *const slots[] = { &h->from, &h->by, &h->with, &h->id, &h->to };

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_ieq(word, str_of(names[i])))
			return slots[i]->n == 0 ? slots[i] : NULL;
	return NULL;
}

static struct str bare(struct str word)
{
	if (str_starts(word, STR("<")) || str_starts(word, STR("[")))
		word = str_skip(word, 1);
	while (word.n > 0 && (word.p[word.n - 1] == '>' || word.p[word.n - 1] == ']' || word.p[word.n - 1] == ';' ||
			      word.p[word.n - 1] == ','))
		word.n--;
	return word;
}

/* Words and comments in their order; `after` is the keyword whose word came last. */
static void read_clauses(struct hop *h, struct str text)
{
	struct str after = STR(""), *want = NULL;

	while ((text = str_trim(text)).n > 0) {
		size_t n = 0;
		struct str word;

		if (text.p[0] == '(') {
			n = comment_length(text);
			read_comment(h, str_take(text, n), after);
			text = str_skip(text, n);
			continue;
		}
		while (n < text.n && text.p[n] != ' ' && (text.p[n] != '(' || n == 0))
			n++;
		word = str_take(text, n);
		text = str_skip(text, n);
		if (want != NULL) {
			*want = bare(word);
			want = NULL;
			continue;
		}
		want = slot_of(h, word);
		if (want != NULL)
			after = word;
	}
}

static void read_protocol(struct hop *h)
{
	static const char *const with[] = {
		"ESMTPS", "ESMTPSA", "LMTPS", "LMTPSA", "UTF8SMTPS", "UTF8SMTPSA", "HTTPS"
	};

	for (size_t i = 0; i < COUNT(with); i++)
		h->encrypted |= str_ieq(h->with, str_of(with[i]));
	h->login = str_iends(h->with, STR("ESMTPA")) || str_iends(h->with, STR("ESMTPSA"));
}

void hop_parse(struct arena *a, struct str value, struct hop *out)
{
	struct str plain = field_plain(a, value);
	ptrdiff_t end = str_rchr(plain, ';');

	*out = (struct hop){ .dated = false };
	if (end >= 0)
		out->dated = date_parse(str_skip(plain, (size_t)end + 1), &out->seconds, &out->offset);
	read_clauses(out, end >= 0 ? str_take(plain, (size_t)end) : plain);
	if (out->ip.n == 0)
		out->ip = find_ip(out->from);
	read_protocol(out);
}
