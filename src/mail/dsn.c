#include "mail/dsn.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "mail/dsn_text.h"

struct str dsn_status(struct str report)
{
	bool expired = str_find(report, STR("I'm not going to try again")) >= 0;
	struct str found = expired ? STR("5.4.7") : STR("5.0.0");

	for (struct str rest = report; rest.n > 0;) {
		ptrdiff_t at = str_find(rest, STR("(#"));
		size_t n = 0;

		if (at < 0)
			break;
		rest = str_skip(rest, (size_t)at + 2);
		while (n < rest.n && n < 12 && (ascii_isdigit(rest.p[n]) || rest.p[n] == '.'))
			n++;
		if (n >= 5 && n < rest.n && rest.p[n] == ')' && (rest.p[0] == '4' || rest.p[0] == '5') &&
		    rest.p[1] == '.' && ascii_isdigit(rest.p[2]) && ascii_isdigit(rest.p[n - 1]) &&
		    str_chr(str_take(str_skip(rest, 2), n - 2), '.') > 0)
			found = str_take(rest, n);
	}
	return found;
}

static void put_date(struct buf *b, const char *name, int64_t wall_ms)
{
	int64_t seconds = wall_ms / 1000;

	buf_fmt(b, "%s: ", name);
	stamp_put_rfc5322(b, seconds, zone_offset(seconds));
	buf_adds(b, "\r\n");
}

/* A report is one logical line; a reply of another server's is told apart. */
static void put_diagnostic(struct buf *b, struct str report)
{
	ptrdiff_t at = str_find(report, STR("Remote host said: "));
	struct str text = at < 0 ? report : str_skip(report, (size_t)at + 18);
	BUF(line);

	buf_adds(&line, at < 0 ? "Diagnostic-Code: X-Telltale; " : "Diagnostic-Code: smtp; ");
	for (size_t i = 0; i < text.n; i++)
		buf_addc(&line, text.p[i] == '\n' ? ' ' : text.p[i]);
	dsn_put_field(b, str_trim(buf_str(&line)));
}

static void put_address(struct buf *b, const char *name, struct str address)
{
	BUF(line);

	buf_fmt(&line, "%s: rfc822; ", name);
	buf_addstr(&line, address);
	dsn_put_field(b, buf_str(&line));
}

/* Of what waits: nothing is final about it, whatever class the report named. */
static void put_late(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	struct str status = dsn_status(r->report);

	buf_fmt(b, "Action: delayed\r\nStatus: 4%.*s\r\n",
		STR_ARG(status.p[0] == '4' ? str_skip(status, 1) : STR(".0.0")));
	put_date(b, "Will-Retry-Until", d->until);
}

static void put_rcpt_status(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	buf_adds(b, "\r\n");
	if (!str_ieq(r->original, r->final))
		put_address(b, "Original-Recipient", r->original);
	put_address(b, "Final-Recipient", r->final);
	if (d->until != 0)
		put_late(b, d, r);
	else
		buf_fmt(b, "Action: failed\r\nStatus: %.*s\r\n", STR_ARG(dsn_status(r->report)));
	if (r->report.n > 0)
		put_diagnostic(b, r->report);
}

static void put_status(struct buf *b, const struct dsn *d)
{
	BUF(line);

	buf_fmt(&line, "Reporting-MTA: dns; %.*s", STR_ARG(d->hostname));
	dsn_put_field(b, buf_str(&line));
	put_date(b, "Arrival-Date", d->arrival);
	for (size_t i = 0; i < d->n; i++)
		put_rcpt_status(b, d, &d->rcpts[i]);
}

static bool ascii_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void put_part(struct buf *b, struct str boundary, const char *type, struct str text)
{
	buf_fmt(b, "--%.*s\r\nContent-Type: %s\r\n", STR_ARG(boundary), type);
	buf_fmt(b, "Content-Transfer-Encoding: %s\r\n\r\n", ascii_only(text) ? "7bit" : "8bit");
	buf_addstr(b, text);
	buf_adds(b, "\r\n");
}

/* A boundary that stands in none of the parts, whatever a hostile header holds. */
static void choose_boundary(struct buf *boundary, uint64_t qp, const struct buf *const parts[3])
{
	bool found = true;

	for (unsigned i = 0; found; i++) {
		buf_reset(boundary);
		buf_fmt(boundary, "=_bounce_%llu_%u", (unsigned long long)qp, i);
		found = false;
		for (size_t k = 0; k < 3; k++)
			found |= str_find(buf_str(parts[k]), buf_str(boundary)) >= 0;
	}
}

static void put_head(struct buf *b, const struct dsn *d, struct str boundary, bool wide)
{
	BUF(to);

	put_date(b, "Date", d->now);
	buf_fmt(b, "From: MAILER-DAEMON@%.*s\r\n", STR_ARG(d->hostname));
	buf_fmt(&to, "To: <%.*s>", STR_ARG(d->sender));
	dsn_put_clean(b, buf_str(&to), true);
	buf_fmt(b, "\r\nSubject: %s\r\nMessage-ID: <%llu.%lld.%s@%.*s>\r\n",
		d->until != 0 ? "delayed: your message waits, and is tried again" : "failure notice",
		(unsigned long long)d->qp, (long long)d->now, d->until != 0 ? "delay" : "bounce", STR_ARG(d->hostname));
	buf_adds(b, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: multipart/report; report-type=delivery-status;\r\n");
	buf_fmt(b, "\tboundary=\"%.*s\"\r\n", STR_ARG(boundary));
	buf_fmt(b, "Content-Transfer-Encoding: %s\r\n\r\n", wide ? "8bit" : "7bit");
}

void dsn_put(struct buf *head, struct buf *body, const struct dsn *d)
{
	BUF(words);
	BUF(status);
	BUF(headers);
	BUF(boundary);
	const struct buf *const parts[3] = { &words, &status, &headers };
	struct str mark;

	dsn_put_words(&words, d);
	put_status(&status, d);
	dsn_put_headers(&headers, d->message);
	choose_boundary(&boundary, d->qp, parts);
	mark = buf_str(&boundary);
	buf_adds(body, "This is a report in several parts (MIME); the first is for people.\r\n\r\n");
	put_part(body, mark, "text/plain; charset=utf-8", buf_str(&words));
	put_part(body, mark, "message/delivery-status", buf_str(&status));
	put_part(body, mark, "text/rfc822-headers", buf_str(&headers));
	buf_fmt(body, "--%.*s--\r\n", STR_ARG(mark));
	put_head(head, d, mark, !ascii_only(buf_str(&words)) || !ascii_only(buf_str(&headers)));
}
