/* mail/dsn_words.c - the first part of a notice: what a person reads. */
#include "mail/dsn_text.h"

#include <string.h>
#include "base/clock.h"
#include "mail/encoded.h"

enum { VALUE_MAX = 200 /* bytes of a field of the message that we repeat */ };

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void put_when(struct buf *b, int64_t wall_ms)
{
	stamp_put_rfc5322(b, wall_ms / 1000, zone_offset(wall_ms / 1000));
}

/* ---- about one recipient ---- */

static void put_labelled(struct buf *b, const char *label, struct str text)
{
	BUF(line);

	buf_fmt(&line, "%s: %.*s", label, STR_ARG(text));
	dsn_put_paragraph(b, "  ", buf_str(&line));
}

static void put_who(struct buf *b, const struct dsn *d, const struct word *w)
{
	BUF(line);

	switch (w->who) {
	case WHO_SENDER:
		buf_adds(&line, str_starts(str_of(w->advice), STR("The sender's mail admin"))
				    ? "your mail administrator."
				    : "you, the sender.");
		break;
	case WHO_RECIPIENT:
		buf_adds(&line, "the recipient; you may want to tell them by another way.");
		break;
	case WHO_POSTMASTER:
		buf_fmt(&line, "our postmaster, at %.*s.", STR_ARG(d->contact));
		break;
	case WHO_NOBODY:
		return;
	}
	put_labelled(b, "Who can act", buf_str(&line));
}

/* The vocabulary speaks of one attempt; here all are over, and who reads it has the message back. */
static struct str ended(const char *meaning, struct arena *mem)
{
	static const char *const tails[] = {
		"; the delivery is tried again.",
		"; it is tried again.",
		". It is tried again.",
		"; this message is tried again later.",
		"; the sender gets the message back.",
		"; the sender gets it back.",
		". The sender gets it back.",
	};
	struct str text = str_of(meaning);

	for (size_t i = 0; i < COUNT(tails); i++)
		if (str_ends(text, str_of(tails[i])))
			return arena_fmt(mem, "%.*s.", STR_ARG(str_take(text, text.n - strlen(tails[i]))));
	return text;
}

/* "The sender's mail administrator ...": that is the reader's. */
static struct str to_you(const char *advice, struct arena *mem)
{
	struct str text = str_of(advice), his = STR("The sender's ");

	return str_starts(text, his) ? arena_fmt(mem, "Your %.*s", STR_ARG(str_skip(text, his.n))) : text;
}

/* What the vocabulary knows of it. */
static void put_meaning(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	ARENA(mem);
	struct dsn_report report;
	const struct word *word;

	dsn_report_read(r->report, &mem, &report);
	word = dsn_word(r->report, &report);
	if (word != NULL && word->meaning[0] != '\0')
		put_labelled(b, "What happened",
			     d->kind == DSN_FAILED ? ended(word->meaning, &mem) : str_of(word->meaning));
	if (report.over)
		dsn_put_paragraph(b, "  ", STR("It was tried again and again until its time was over."));
	if (word == NULL)
		return;
	put_who(b, d, word);
	if (word->advice[0] != '\0')
		put_labelled(b, "What to do", to_you(word->advice, &mem));
}

static void put_tries(struct buf *b, const struct dsn_rcpt *r)
{
	BUF(line);

	if (r->attempts == 0)
		return;
	if (r->attempts == 1)
		buf_adds(&line, "once");
	else
		buf_fmt(&line, "%llu times", (unsigned long long)r->attempts);
	if (r->action == DSN_IS_DELAYED)
		buf_adds(&line, " so far");
	if (r->last != 0) {
		buf_adds(&line, r->attempts == 1 ? ", on " : ", the last time on ");
		put_when(&line, r->last);
	}
	buf_addc(&line, '.');
	put_labelled(b, "Tried", buf_str(&line));
}

static void put_report(struct buf *b, struct str report)
{
	struct str line;

	if (report.n == 0)
		return;
	buf_adds(b, "  The report, word by word:\r\n");
	while (report.n > 0) {
		str_cut(report, STR("\n"), &line, &report);
		dsn_put_raw(b, "    ", line);
	}
}

static void put_success(struct buf *b, const struct dsn_rcpt *r)
{
	ARENA(mem);
	struct dsn_report report;
	BUF(line);

	dsn_report_read(r->report, &mem, &report);
	if (r->action == DSN_IS_DELIVERED) {
		buf_adds(&line, "It is in the mailbox");
	} else if (r->action == DSN_IS_EXPANDED) {
		buf_adds(&line, "The address stands for several, or for a list: it was passed on to them");
	} else {
		buf_adds(&line, "The next mail server");
		if (report.host.n > 0)
			buf_adds(&line, " ("), dsn_put_clean(&line, report.host, true), buf_addc(&line, ')');
		buf_adds(&line, " took it");
	}
	if (r->last != 0)
		buf_adds(&line, r->action == DSN_IS_RELAYED ? " on " : ", since "), put_when(&line, r->last);
	buf_addc(&line, '.');
	if (r->action == DSN_IS_RELAYED)
		buf_adds(&line, " That server does not promise to tell you more.");
	if (r->action == DSN_IS_EXPANDED)
		buf_adds(&line, " You hear no more about each of them.");
	dsn_put_paragraph(b, "  ", buf_str(&line));
	if (r->action == DSN_IS_RELAYED)
		put_report(b, r->report);
}

static void put_address(struct buf *b, const struct dsn_rcpt *r, const char *end)
{
	struct str written = str_istarts(r->orcpt, STR("rfc822;")) ? str_skip(r->orcpt, 7) : STR("");

	buf_adds(b, "<");
	dsn_put_clean(b, r->original, true);
	buf_adds(b, ">");
	if (!str_ieq(r->original, r->final)) {
		buf_adds(b, " (it leads to <");
		dsn_put_clean(b, r->final, true);
		buf_adds(b, ">)");
	} else if (written.n > 0 && !str_ieq(written, r->final)) {
		buf_adds(b, " (you wrote to <");
		dsn_put_clean(b, written, true);
		buf_adds(b, ">)");
	}
	buf_fmt(b, "%s\r\n", end);
}

static bool alike(const struct dsn_rcpt *a, const struct dsn_rcpt *b)
{
	return a->action == b->action && a->attempts == b->attempts && a->last / 1000 == b->last / 1000 &&
	       str_eq(a->report, b->report);
}

/* Recipients with the same report stand together: of thousands it is said once. */
static size_t put_group(struct buf *b, const struct dsn *d, size_t from)
{
	const struct dsn_rcpt *r = &d->rcpts[from];
	size_t to = from + 1;

	while (to < d->n && alike(r, &d->rcpts[to]))
		to++;
	buf_adds(b, "\r\n");
	for (size_t i = from; i < to; i++)
		put_address(b, &d->rcpts[i], i + 1 == to ? ":" : ",");
	if (d->kind == DSN_SUCCESS) {
		put_success(b, r);
		return to;
	}
	put_meaning(b, d, r);
	put_tries(b, r);
	put_report(b, r->report);
	return to;
}

/* ---- about the message ---- */

static void put_opening(struct buf *b, const struct dsn *d)
{
	BUF(line);

	buf_fmt(b, "Hi. This is the mail server at %.*s.\r\n", STR_ARG(d->hostname));
	switch (d->kind) {
	case DSN_FAILED:
		buf_fmt(b, "I could not deliver your message to the following address%s.\r\n", plural(d->n, "", "es"));
		buf_adds(b, "I have given up; sorry it did not work out.\r\n");
		break;
	case DSN_DELAYED:
		buf_fmt(b, "Your message is late: I could not yet deliver it to the following address%s.\r\n",
			plural(d->n, "", "es"));
		buf_adds(b, "It waits here and I go on trying by myself. You need not send it again.\r\n");
		buf_adds(&line, "If it cannot be delivered by ");
		put_when(&line, d->until);
		buf_adds(&line, ", I give up, and you get it back.");
		dsn_put_paragraph(b, "", buf_str(&line));
		break;
	case DSN_SUCCESS:
		buf_adds(b, "You asked to be told what becomes of your message.\r\n"
			    "It has arrived, or was passed on to another server.\r\n");
		break;
	}
}

/* By what the sender knows it again. */
static void put_field(struct buf *b, const struct dsn *d, const char *name)
{
	ARENA(mem);
	struct str value = str_take(encoded_text(dsn_field(d->message, name, &mem), &mem), VALUE_MAX);
	BUF(line);

	if (value.n == 0)
		return;
	buf_fmt(&line, "%s: ", name);
	dsn_put_clean(&line, value, true);
	dsn_put_paragraph(b, "  ", buf_str(&line));
}

static void put_message(struct buf *b, const struct dsn *d)
{
	BUF(line);

	buf_adds(b, "\r\nYour message:\r\n");
	put_field(b, d, "Subject");
	put_field(b, d, "Date");
	put_field(b, d, "Message-ID");
	if (d->envid.n > 0) {
		buf_adds(&line, "Your program called it ");
		dsn_put_clean(&line, d->envid, true);
		dsn_put_paragraph(b, "  ", buf_str(&line));
	}
	buf_adds(b, "I took it on ");
	put_when(b, d->arrival);
	buf_fmt(b, "; its number here is qp %llu.\r\n", (unsigned long long)d->parent);
}

static void put_closing(struct buf *b, const struct dsn *d, bool whole)
{
	BUF(line);

	buf_fmt(&line, "Questions: write to %.*s and quote that number.", STR_ARG(d->contact));
	dsn_put_paragraph(b, "", buf_str(&line));
	if (d->full && !whole)
		buf_adds(b, "Your message is too long to be returned whole, or has lines that are.\r\n");
	buf_fmt(b, "What follows is the same for programs, and %syour message.\r\n", whole ? "" : "the header of ");
}

void dsn_put_words(struct buf *b, const struct dsn *d, bool whole)
{
	put_opening(b, d);
	for (size_t i = 0; i < d->n;)
		i = put_group(b, d, i);
	put_message(b, d);
	put_closing(b, d, whole);
}
