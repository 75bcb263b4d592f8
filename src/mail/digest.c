#include "mail/digest_parts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mail/dsn_text.h"

enum { DAY = 86400, SENDER_MAX = 120, DOMAINS_MAX = 10 /* that are named */ };

/* What can be lifted first; the most first; of as many the latest, then by name, so that a letter is the same whenever
 * it is made. */
static int by_weight(const void *a, const void *b)
{
	const struct digest_line *x = a, *y = b;
	uint64_t m = x->count + x->later, n = y->count + y->later;

	if (x->lifts != y->lifts)
		return x->lifts ? -1 : 1;
	if (m != n)
		return m > n ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return str_cmp(x->from, y->from);
}

uint64_t digest_total(const struct digest_section *s, size_t from)
{
	uint64_t n = 0;

	for (; from < s->n; from++)
		n += s->lines[from].count + s->lines[from].later;
	return n;
}

static uint64_t total_of(const struct digest_letter *d)
{
	return digest_total(&(struct digest_section){ .lines = d->lines, .n = d->n }, 0);
}

static const char *messages(uint64_t n)
{
	return n == 1 ? "message" : "messages";
}

/* ---- pieces of both parts ---- */

void digest_put_time(struct buf *b, int64_t at)
{
	struct civil c = civil_of_seconds(at + zone_offset(at));

	buf_fmt(b, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

void digest_put_sender(struct buf *b, struct str from)
{
	if (from.n > 0)
		dsn_put_clean(b, str_take(from, SENDER_MAX), false);
	else
		buf_adds(b, "(a message without a sender)");
	if (from.n > SENDER_MAX)
		buf_adds(b, "...");
}

const char *digest_put_off(const struct digest_line *x)
{
	if (x->later == 0)
		return "";
	return x->count > 0 ? "some only put off" : "put off";
}

size_t digest_number(const struct digest_view *v, const struct digest_line *x)
{
	for (size_t i = 0; i < v->nreasons; i++)
		if (v->reasons[i] == x->word)
			return i + 1;
	return 0;
}

static void put_day(struct buf *b, int64_t at)
{
	static const char *const days[] = {
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
	};
	int64_t local = at + zone_offset(at);
	struct civil c = civil_of_seconds(local);

	buf_fmt(b, "%s %04d-%02d-%02d", days[(local / DAY + 4) % 7], c.year, c.month, c.day);
}

/* "bob@example.com and the domains a.example, b.example" */
static void put_whom(struct buf *b, const struct digest_letter *d)
{
	size_t named = d->ndomains < DOMAINS_MAX ? d->ndomains : DOMAINS_MAX;

	dsn_put_clean(b, d->to, false);
	for (size_t i = 0; i < named; i++) {
		buf_adds(b, i > 0 ? ", " : d->ndomains == 1 ? " and the domain " : " and the domains ");
		dsn_put_clean(b, d->domains[i], false);
	}
	if (named < d->ndomains)
		buf_fmt(b, " and %zu more", d->ndomains - named);
}

/* ---- the sentences ---- */

static void say_begin(struct buf *b, const struct digest_letter *d)
{
	uint64_t n = total_of(d);

	buf_adds(b, d->until - d->since > 8 * DAY ? "In the weeks from " : "In the week from ");
	put_day(b, d->since);
	buf_adds(b, " to ");
	put_day(b, d->until - 1);
	buf_fmt(b, " this mail server refused %llu %s for ", (unsigned long long)n, messages(n));
	put_whom(b, d);
	buf_adds(b, n == 1 ? ". It is not in your mailbox, and its sender was told so at once."
			   : ". They are not in your mailbox, and the senders were told so at once.");
}

static void say_todo(struct buf *b, const struct digest_view *v)
{
	buf_adds(b, "Nothing has to be done. If you miss one of these messages, ask its sender to send it again");
	if (v->nsections > 0 && v->sections[0].lines->lifts)
		buf_adds(b, "; before that you can allow the sender");
	buf_adds(b, v->d->page.n > 0 ? ". All of them, and what can be done, you find here:" : ".");
}

static void say_end(struct digest_view *v)
{
	const struct digest_letter *d = v->d;

	buf_fmt(&v->questions, "Questions go to %.*s; this letter was written by a program, which reads no answers.",
		STR_ARG(d->contact));
	buf_adds(&v->stop,
		 "You get it once a week, after weeks in which something was refused, because it is turned on "
		 "for this mailbox. ");
	if (d->unsubscribe.n > 0)
		buf_adds(&v->stop, "To get it no more:");
	else
		buf_fmt(&v->stop, "To get it no more, write to %.*s.", STR_ARG(d->contact));
}

/* ---- the view ---- */

static void add_section(struct digest_view *v, const char *title, const struct digest_line *lines, size_t n)
{
	struct digest_section *s = &v->sections[v->nsections];

	if (n == 0)
		return;
	*s = (struct digest_section){ title, lines, n, n < DIGEST_LINES ? n : DIGEST_LINES };
	v->nsections++;
	for (size_t i = 0; i < s->shown && v->nreasons < DIGEST_REASONS; i++)
		if (digest_number(v, &lines[i]) == 0)
			v->reasons[v->nreasons++] = lines[i].word;
}

static void view_init(struct digest_view *v, const struct digest_letter *d)
{
	size_t lifted = 0;

	*v = (struct digest_view){ .d = d };
	while (lifted < d->n && d->lines[lifted].lifts)
		lifted++;
	add_section(v, "Refused by a check at the door; the sender can be allowed:", d->lines, lifted);
	add_section(v, "Refused for another reason, which allowing the sender would not change:", d->lines + lifted,
		    d->n - lifted);
	say_begin(&v->begin, d);
	say_todo(&v->todo, v);
	say_end(v);
}

static void view_clear(struct digest_view *v)
{
	buf_clear(&v->begin);
	buf_clear(&v->todo);
	buf_clear(&v->questions);
	buf_clear(&v->stop);
}

/* ---- the head ---- */

/* "digest.2917.1764547200000.7": of no other letter. */
static void put_name(struct buf *b, const struct digest_letter *d)
{
	buf_fmt(b, "digest.%lld.%lld.%llu", (long long)d->week, (long long)d->now, (unsigned long long)d->serial);
}

/* One click (RFC 8058) is for HTTPS only; whoever follows another link is asked first. */
static void put_unsubscribe(struct buf *b, const struct digest_letter *d)
{
	if (d->unsubscribe.n == 0)
		return;
	buf_fmt(b, "List-Unsubscribe:\r\n <%.*s>\r\n", STR_ARG(d->unsubscribe));
	if (str_starts(d->unsubscribe, STR("https://")))
		buf_adds(b, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

static void put_head(struct buf *b, const struct digest_letter *d)
{
	uint64_t n = total_of(d);
	BUF(line);

	buf_adds(b, "Date: ");
	stamp_put_rfc5322(b, d->now / 1000, zone_offset(d->now / 1000));
	buf_fmt(b, "\r\nFrom: \"Mail server\" <no-reply@%.*s>\r\n", STR_ARG(d->hostname));
	buf_fmt(&line, "To: <%.*s>", STR_ARG(d->to));
	dsn_put_field(b, buf_str(&line));
	buf_reset(&line);
	buf_fmt(&line, "Subject: %llu %s refused for %.*s", (unsigned long long)n, messages(n), STR_ARG(d->to));
	dsn_put_field(b, buf_str(&line));
	buf_adds(b, "Message-ID: <");
	put_name(b, d);
	buf_fmt(b, "@%.*s>\r\n", STR_ARG(d->hostname));
	put_unsubscribe(b, d);
	buf_adds(b, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\n"
		    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"");
	put_name(b, d);
	buf_adds(b, "\"\r\n");
}

/* No line of a part begins with two hyphens. */
static void put_part(struct buf *b, const struct digest_view *v, const char *type,
		     void (*put)(struct buf *b, const struct digest_view *v))
{
	buf_adds(b, "\r\n--");
	put_name(b, v->d);
	buf_fmt(b, "\r\nContent-Type: text/%s; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n", type);
	put(b, v);
}

void digest_put(struct buf *head, struct buf *body, struct digest_letter *d)
{
	struct digest_view v;

	if (d->n > 0)
		qsort(d->lines, d->n, sizeof(*d->lines), by_weight);
	view_init(&v, d);
	put_head(head, d);
	put_part(body, &v, "plain", digest_plain);
	put_part(body, &v, "html", digest_html);
	buf_adds(body, "\r\n--");
	put_name(body, d);
	buf_adds(body, "--\r\n");
	view_clear(&v);
}
