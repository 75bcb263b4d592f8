#include "base/buf.h"
#include "mail/notice_parts.h"

enum { LABEL_MAX = 40 }; /* "The following address could not be found:" is none */

/* Lines (without the dashes and stars around them) behind which the message that failed is quoted. */
static const char *const quotes[] = {
	"below this line is a copy of the message*",
	"this is a copy of *message*",
	"this is a copy of your message*",
	"original message",
	"original message follows*",
	"original message headers*",
	"original message header",
	"original message text*",
	"original mail*",
	"the original message follows*",
	"the header of the original message*",
	"the headers of the original message*",
	"a copy of the original message*",
	"unsent message follows*",
	"unsent message below*",
	"returned message*",
	"message header follows*",
	"message headers follow*",
	"message text follows*",
	"message contents follow*",
	"included is a copy of the message header*",
	"the following is a copy*",
	"enclosed is a copy of the message*",
	"bounced e-mail",
	"the following message*could not be*",
	"your original message*",
	"your message follows*",
	"undelivered message*",
	"received: *",
	"return-path: *",
	"dkim-signature: *",
};

static bool is_rule(char c)
{
	return c == '-' || c == '*' || c == '=' || c == ' ' || c == '\t' || c == '_' || c == '+' || c == '#' ||
	       c == '|';
}

static struct str without_rules(struct str line)
{
	while (line.n > 0 && is_rule(line.p[0]))
		line = str_skip(line, 1);
	while (line.n > 0 && (is_rule(line.p[line.n - 1]) || str_chr(STR(".:"), line.p[line.n - 1]) >= 0))
		line.n--;
	return line;
}

size_t notice_quote(struct str text)
{
	struct str rest = text, line;

	while (rest.n > 0) {
		const char *at = rest.p;

		str_cut(rest, STR("\n"), &line, &rest);
		line = str_take(without_rules(line), 200);
		for (size_t i = 0; i < COUNT(quotes); i++)
			if (str_glob(str_of(quotes[i]), line))
				return (size_t)(at - text.p);
	}
	return text.n;
}

/* Addresses in such lines are not recipients that failed. */
static const char *const others[] = {
	"*from:*",  "*mail from*", "*sender*",    "*reply-to*", "*return-path*", "*message-id*", "*contact*",
	"subject*", "*http*",      "*e-mail us*", "*write to*", "*cc:*",         "*assistance*", "*envelope-from*",
};

static bool is_about_others(struct str before)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (str_glob(str_of(others[i]), before))
			return true;
	return false;
}

/* Does what stands before the address let it open a block about it: nothing, marks, a reply's number, a label? */
static bool opens(struct str before)
{
	for (size_t i = 0; i < before.n; i++)
		if (ascii_isalpha(before.p[i]))
			return str_chr(before, ':') >= 0 && str_trim(before).n <= LABEL_MAX;
	return true;
}

static bool is_system(struct str address)
{
	static const char *const names[] = { "mailer-daemon@", "postmaster@", "mail-daemon@", "mailerdaemon@",
					     "abuse@" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_istarts(address, str_of(names[i])))
			return true;
	return false;
}

struct notice_rcpt *notice_rcpt(struct notice *n, struct str address)
{
	for (size_t i = 0; i < n->n; i++)
		if (str_ieq(n->rcpts[i].address, address) || (address.n > 0 && str_ieq(n->rcpts[i].original, address)))
			return &n->rcpts[i];
	if (n->n == NOTICE_RCPTS_MAX) {
		n->more++;
		return NULL;
	}
	n->rcpts[n->n].address = address;
	return &n->rcpts[n->n++];
}

struct reading {
	struct arena *a;
	struct notice *n;
	struct str self;          /* who got the notice: the sender of what failed */
	struct notice_rcpt *open; /* the recipient whose block this is */
	struct buf block;         /* its lines so far */
	bool known;               /* only the recipients that are known already */
	bool loose;               /* every address counts, wherever it stands */
};

/* What was read since the block began belongs to its recipient, who may have had blocks before. */
static void close_block(struct reading *r)
{
	struct notice_rcpt *rcpt = r->open;
	struct str text = str_take(buf_str(&r->block), NOTICE_WORDS_MAX);

	if (rcpt != NULL && rcpt->words.n < NOTICE_WORDS_MAX && str_trim(text).n > 0)
		rcpt->words = field_plain(r->a, arena_fmt(r->a, "%.*s %.*s", STR_ARG(rcpt->words), STR_ARG(text)));
	buf_reset(&r->block);
}

/* Does the text hold the number of a refusal, so that the server's words have come? */
static bool has_reply(struct str text)
{
	struct str word;

	while (text.n > 0) {
		struct str line;

		str_cut(text, STR("\n"), &line, &text);
		while ((word = str_word(&line)).n > 0)
			if (word.n >= 3 && (word.p[0] == '4' || word.p[0] == '5') && ascii_isdigit(word.p[1]) &&
			    ascii_isdigit(word.p[2]) && (word.n == 3 || word.p[3] == '-'))
				return true;
	}
	return false;
}

/* An empty line ends a block in which the server's words have come: what follows is for everybody. */
static void say(struct reading *r, struct str line)
{
	if (str_trim(line).n == 0 && r->open != NULL && has_reply(buf_str(&r->block))) {
		close_block(r);
		r->open = NULL;
	}
	if (r->open == NULL || r->block.n >= NOTICE_WORDS_MAX)
		return;
	buf_addstr(&r->block, line);
	buf_addc(&r->block, '\n');
}

static bool is_known(const struct notice *n, struct str address)
{
	for (size_t i = 0; i < n->n; i++)
		if (str_ieq(n->rcpts[i].address, address) || str_ieq(n->rcpts[i].original, address))
			return true;
	return false;
}

/* The address in the line that opens a block, if there is one. */
static bool opener(struct reading *r, struct str line)
{
	struct str rest = line, address;
	size_t at;

	while ((address = field_address(&rest, &at)).n > 0) {
		struct str before = str_take(line, (size_t)(address.p - line.p));

		if (is_about_others(before) || is_system(address))
			continue;
		if (r->known ? !is_known(r->n, address) : str_ieq(address, r->self))
			continue;
		if (!r->loose && !opens(before))
			continue;
		close_block(r);
		r->open = notice_rcpt(r->n, address);
		return r->open != NULL;
	}
	return false;
}

static void read_lines(struct reading *r)
{
	struct str rest = r->n->human, line;

	r->open = NULL;
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		opener(r, str_take(line, 1000));
		say(r, line);
	}
	close_block(r);
	buf_clear(&r->block);
}

static void add_listed(struct reading *r, struct str value)
{
	struct str address;
	size_t at;

	while ((address = field_address(&value, &at)).n > 0)
		notice_rcpt(r->n, address);
}

/* The first address of a field of the quoted message. */
static void add_quoted(struct reading *r)
{
	static const char *const fields[] = { "X-Envelope-To", "X-Original-To", "To" };
	struct str value, address;
	size_t at;

	for (size_t i = 0; i < COUNT(fields) && r->n->n == 0; i++) {
		value = field_get(r->n->returned, fields[i]);
		while (r->n->n == 0 && (address = field_address(&value, &at)).n > 0)
			if (!str_ieq(address, r->self))
				notice_rcpt(r->n, address);
	}
}

void notice_read_words(struct arena *a, struct notice *n)
{
	struct str to = field_get(n->head, "To");
	size_t at;
	struct reading r = { .a = a, .n = n, .self = field_address(&to, &at) };

	if (n->n == 0)
		add_listed(&r, field_get(n->head, "X-Failed-Recipients"));
	r.known = n->n > 0;
	read_lines(&r);
	if (n->n == 0) {
		r.loose = true;
		read_lines(&r);
	}
	if (n->n == 0)
		add_quoted(&r);
	if (n->n == 0)
		n->rcpts[n->n++] = (struct notice_rcpt){ .address = STR("") };
}
