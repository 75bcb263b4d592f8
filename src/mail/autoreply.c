#include "mail/autoreply.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "mail/addr.h"
#include "mail/dsn_text.h"
#include "mail/encode.h"
#include "mail/field.h"

enum {
	ADDRESSES_MOST = 2000, /* of the header, that are compared */
	IDS_MAX = 900,         /* bytes of the message's names that an answer carries on */
	SUBJECT_MAX = 200,
	WORD_BYTES = 42 /* of an encoded word: 75 characters with all around them (RFC 2047) */
};

/* ---- may it be answered? ---- */

static bool robot(struct str sender)
{
	static const char *const begins[] = { "mailer-daemon", "owner-",   "listserv", "majordomo",
					      "noreply",       "no-reply", "bounce-",  "bounces+" };
	static const char *const ends[] = { "-request", "-owner", "-bounces", "-bounce", "-noreply", "-no-reply" };
	ptrdiff_t at = str_rchr(sender, '@');
	struct str local = str_take(sender, at < 0 ? sender.n : (size_t)at);

	for (size_t i = 0; i < COUNT(begins); i++)
		if (str_istarts(local, str_of(begins[i])))
			return true;
	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_iends(local, str_of(ends[i])))
			return true;
	return false;
}

static bool is(struct str name, const char *what)
{
	return str_ieq(name, str_of(what));
}

/* "no; comment" */
static struct str first_token(struct str value)
{
	size_t n = 0;

	while (n < value.n && (ascii_isalnum(value.p[n]) || value.p[n] == '-'))
		n++;
	return str_take(value, n);
}

static bool one_of(struct str value, const char *const *words, size_t n)
{
	struct str word, rest = value;

	while (rest.n > 0) {
		str_cut(rest, STR(","), &word, &rest);
		word = first_token(str_trim(word));
		for (size_t i = 0; i < n; i++)
			if (is(word, words[i]))
				return true;
	}
	return false;
}

/* A field that forbids an answer. */
static const char *forbids(const struct field *f)
{
	static const char *const precedence[] = { "bulk", "list", "junk" };
	static const char *const suppress[] = { "all", "oof", "autoreply", "dr" };

	if (is(f->name, "Auto-Submitted") && !is(first_token(str_trim(f->value)), "no"))
		return "it was sent by a program (Auto-Submitted)";
	if (is(f->name, "Precedence") && one_of(f->value, precedence, COUNT(precedence)))
		return "it went to many (Precedence)";
	if (str_istarts(f->name, STR("List-")))
		return "it came from a mailing list";
	if (is(f->name, "X-Auto-Response-Suppress") && one_of(f->value, suppress, COUNT(suppress)))
		return "its sender wants no automatic answer (X-Auto-Response-Suppress)";
	return NULL;
}

static bool names_recipient(const struct autoreply_ask *q, struct str value, size_t *budget)
{
	struct str address;
	size_t at;

	while (*budget > 0 && (address = field_address(&value, &at)).n > 0) {
		(*budget)--;
		if (str_ieq(address, q->final) || str_ieq(address, q->original))
			return true;
	}
	return false;
}

static bool recipients_field(struct str name)
{
	static const char *const names[] = { "To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (is(name, names[i]))
			return true;
	return false;
}

static void take(struct str *out, struct str value)
{
	if (out->n == 0)
		*out = str_trim(value);
}

const char *autoreply_refuses(const struct autoreply_ask *q, struct arena *a, struct autoreply_of *out)
{
	struct str head, body;
	struct field f;
	size_t budget = ADDRESSES_MOST;
	bool named = false;

	*out = (struct autoreply_of){ 0 };
	if (addr_is_nobody(q->sender))
		return "it has no sender";
	if (robot(q->sender))
		return "its sender is a program";
	if (str_ieq(q->sender, q->final) || str_ieq(q->sender, q->original))
		return "it is from the mailbox itself";
	field_split(field_lines(a, q->message), &head, &body);
	while (field_next(&head, &f)) {
		const char *why = forbids(&f);

		if (why != NULL)
			return why;
		if (recipients_field(f.name))
			named = named || names_recipient(q, f.value, &budget);
		else if (is(f.name, "Message-ID"))
			take(&out->message_id, field_plain(a, f.value));
		else if (is(f.name, "References"))
			take(&out->references, field_plain(a, f.value));
		else if (is(f.name, "Subject"))
			take(&out->subject, field_plain(a, f.value));
	}
	return named ? NULL : "the mailbox is not named in its header";
}

/* ---- the answer ---- */

/* How many bytes of s, of whole characters, fit into n. */
static size_t whole(struct str s, size_t n)
{
	if (s.n <= n)
		return s.n;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* A subject in UTF-8 as encoded words, one to a line (RFC 2047). */
static void put_encoded(struct buf *b, struct str s)
{
	while (s.n > 0) {
		size_t n = whole(s, WORD_BYTES);

		if (n == 0)
			n = 1;
		buf_adds(b, "=?utf-8?B?");
		base64_encode(str_take(s, n), b);
		buf_adds(b, "?=");
		s = str_skip(s, n);
		buf_adds(b, s.n > 0 ? "\r\n " : "");
	}
}

static void put_subject(struct buf *b, const struct autoreply *r)
{
	BUF(subject);
	BUF(line);

	if (r->subject.n > 0) {
		dsn_put_clean(&subject, r->subject, true);
	} else {
		buf_adds(&subject, "Auto: ");
		dsn_put_clean(&subject, str_take(r->of.subject, whole(r->of.subject, SUBJECT_MAX)), true);
	}
	if (str_ascii(buf_str(&subject))) {
		buf_fmt(&line, "Subject: %.*s", STR_ARG(buf_str(&subject)));
		dsn_put_field(b, buf_str(&line));
		return;
	}
	buf_adds(b, "Subject: ");
	put_encoded(b, buf_str(&subject));
	buf_adds(b, "\r\n");
}

/* "<a@b> <c@d>": only such words, the last ones that fit; what else there is could be anything. */
static void put_ids(struct buf *b, const char *name, struct str ids)
{
	struct str word;
	bool any = false;

	while (ids.n > IDS_MAX && str_chr(str_skip(ids, 1), '<') >= 0)
		ids = str_skip(ids, (size_t)str_chr(str_skip(ids, 1), '<') + 1);
	while ((word = str_word(&ids)).n > 0) {
		if (word.n > IDS_MAX || word.p[0] != '<' || word.p[word.n - 1] != '>')
			continue;
		if (!any)
			buf_fmt(b, "%s: ", name);
		else
			buf_adds(b, "\r\n ");
		any = true;
		dsn_put_clean(b, word, false);
	}
	if (any)
		buf_adds(b, "\r\n");
}

static bool is_atom(struct str local)
{
	for (size_t i = 0; i < local.n; i++)
		if (local.p[i] == '"' || local.p[i] == '\\' || local.p[i] == ' ' ||
		    str_chr(STR("()<>[]:;@,"), local.p[i]) >= 0)
			return false;
	return local.n > 0;
}

/* "From: <local@domain>", the local part in quotes where it needs them. */
static void put_mailbox(struct buf *b, const char *name, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str local = str_take(address, at < 0 ? address.n : (size_t)at);
	bool atom = is_atom(local);

	buf_fmt(b, "%s: <%s", name, atom ? "" : "\"");
	for (struct str rest = local, piece; rest.n > 0; rest = str_skip(rest, piece.n)) {
		size_t n = 1;

		if (rest.p[0] == '"' || rest.p[0] == '\\')
			buf_addc(b, '\\');
		while (n < rest.n && rest.p[n] != '"' && rest.p[n] != '\\')
			n++;
		piece = str_take(rest, n);
		dsn_put_clean(b, piece, true);
	}
	buf_adds(b, atom ? "" : "\"");
	dsn_put_clean(b, str_skip(address, local.n), true);
	buf_adds(b, ">\r\n");
}

static void put_head(struct buf *b, const struct autoreply *r, bool plain)
{
	BUF(line);
	BUF(ids);

	buf_adds(b, "Date: ");
	stamp_put_rfc5322(b, r->now / 1000, zone_offset(r->now / 1000));
	buf_adds(b, "\r\n");
	put_mailbox(b, "From", r->from);
	put_mailbox(b, "To", r->to);
	put_subject(b, r);
	buf_fmt(b, "Message-ID: <%llu.%lld.autoreply@%.*s>\r\n", (unsigned long long)r->qp, (long long)r->now,
		STR_ARG(r->hostname));
	put_ids(b, "In-Reply-To", r->of.message_id);
	buf_fmt(&ids, "%.*s %.*s", STR_ARG(r->of.references), STR_ARG(r->of.message_id));
	put_ids(b, "References", buf_str(&ids));
	buf_fmt(b,
		"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
		plain ? "7bit" : "base64");
}

/* The text with CRLF line ends and none at the end missing; true: it is ASCII in lines that any server takes. */
static bool put_lines(struct buf *b, struct str text)
{
	struct str line;
	bool plain = true;

	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		plain = plain && line.n <= 900;
		for (size_t i = 0; i < line.n; i++)
			plain = plain && (line.p[i] == '\t' || ascii_isprint(line.p[i]));
		buf_addstr(b, line);
		buf_adds(b, "\r\n");
	}
	return plain;
}

void autoreply_put(struct buf *head, struct buf *body, const struct autoreply *r)
{
	BUF(text);
	struct encode_base64 lines = { .n = 0 };
	bool plain = put_lines(&text, r->text);

	put_head(head, r, plain);
	if (plain) {
		buf_addstr(body, buf_str(&text));
		return;
	}
	encode_base64_put(&lines, buf_str(&text), body);
	encode_base64_end(&lines, body);
}
