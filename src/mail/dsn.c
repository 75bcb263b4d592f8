#include "mail/dsn.h"

#include "base/clock.h"
#include "mail/dsn_text.h"
#include "mail/field.h"

enum { ID_MAX = 300 /* bytes of a Message-ID that we repeat */ };

static void put_date(struct buf *b, const char *name, int64_t wall_ms)
{
	int64_t seconds = wall_ms / 1000;

	buf_fmt(b, "%s: ", name);
	stamp_put_rfc5322(b, seconds, zone_offset(seconds));
	buf_adds(b, "\r\n");
}

static void put_text(struct buf *b, const char *name, struct str text)
{
	BUF(line);

	buf_fmt(&line, "%s", name);
	for (size_t i = 0; i < text.n; i++)
		buf_addc(&line, text.p[i] == '\n' ? ' ' : text.p[i]);
	dsn_put_field(b, str_trim(buf_str(&line)));
}

/* ---- message/delivery-status ---- */

static void put_action(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	static const char *const done[] = {
		[DSN_IS_DELIVERED] = "delivered",
		[DSN_IS_RELAYED] = "relayed",
		[DSN_IS_EXPANDED] = "expanded",
	};
	struct str status = dsn_status(r->report);

	switch (r->action) {
	case DSN_IS_FAILED:
		buf_fmt(b, "Action: failed\r\nStatus: %.*s\r\n", STR_ARG(status));
		break;
	case DSN_IS_DELAYED: /* nothing is final about it, whatever class the report named */
		buf_fmt(b, "Action: delayed\r\nStatus: 4%.*s\r\n",
			STR_ARG(status.p[0] == '4' ? str_skip(status, 1) : STR(".0.0")));
		put_date(b, "Will-Retry-Until", d->until);
		break;
	default:
		buf_fmt(b, "Action: %s\r\nStatus: 2.0.0\r\n", done[r->action]);
		break;
	}
}

static void put_original(struct buf *b, const struct dsn_rcpt *r)
{
	struct str type, address;
	BUF(line);

	if (str_cut(r->orcpt, STR(";"), &type, &address)) {
		buf_fmt(&line, "Original-Recipient: %.*s; ", STR_ARG(type));
		put_text(b, buf_z(&line), address);
	} else if (!str_ieq(r->original, r->final)) {
		put_text(b, "Original-Recipient: rfc822; ", r->original);
	}
}

static void put_rcpt_status(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	ARENA(mem);
	struct dsn_report report;

	dsn_report_read(r->report, &mem, &report);
	buf_adds(b, "\r\n");
	put_original(b, r);
	put_text(b, "Final-Recipient: rfc822; ", r->final);
	put_action(b, d, r);
	if (report.host.n > 0 && (report.remote.n > 0 || r->action == DSN_IS_RELAYED))
		put_text(b, "Remote-MTA: dns; ", report.host);
	if (report.remote.n > 0)
		put_text(b, "Diagnostic-Code: smtp; ", report.remote);
	else if (r->report.n > 0 && d->kind != DSN_SUCCESS)
		put_text(b, "Diagnostic-Code: X-Telltale; ", r->report);
	if (r->last != 0)
		put_date(b, "Last-Attempt-Date", r->last);
}

static void put_status(struct buf *b, const struct dsn *d)
{
	if (d->envid.n > 0)
		put_text(b, "Original-Envelope-Id: ", d->envid);
	put_text(b, "Reporting-MTA: dns; ", d->hostname);
	put_date(b, "Arrival-Date", d->arrival);
	for (size_t i = 0; i < d->n; i++)
		put_rcpt_status(b, d, &d->rcpts[i]);
}

/* ---- the notice ---- */

static void put_part(struct buf *b, struct str boundary, const char *type, struct str text)
{
	buf_fmt(b, "--%.*s\r\nContent-Type: %s\r\n", STR_ARG(boundary), type);
	buf_fmt(b, "Content-Transfer-Encoding: %s\r\n\r\n", str_ascii(text) ? "7bit" : "8bit");
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

/* "<id@host>" of the message, if it is one that can be repeated. */
static struct str message_id(const struct dsn *d, struct arena *mem)
{
	struct str id = dsn_field(d->message, "Message-ID", mem);

	if (id.n < 3 || id.n > ID_MAX || id.p[0] != '<' || str_chr(id, '>') != (ptrdiff_t)id.n - 1)
		return STR("");
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return STR("");
	return id;
}

static void put_references(struct buf *b, const struct dsn *d)
{
	ARENA(mem);
	struct str id = message_id(d, &mem);

	if (id.n > 0)
		buf_fmt(b, "References: %.*s\r\nIn-Reply-To: %.*s\r\n", STR_ARG(id), STR_ARG(id));
}

static bool any_delivered(const struct dsn *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->rcpts[i].action != DSN_IS_RELAYED)
			return true;
	return false;
}

static void put_head(struct buf *b, const struct dsn *d, struct str boundary, bool wide)
{
	static const struct {
		const char *subject, *word;
	} kinds[] = {
		[DSN_FAILED] = { "failure notice", "bounce" },
		[DSN_DELAYED] = { "delayed: your message waits, and is tried again", "delay" },
		[DSN_SUCCESS] = { "delivered: your message has arrived", "success" },
	};
	bool passed_on = d->kind == DSN_SUCCESS && !any_delivered(d);
	BUF(to);

	put_date(b, "Date", d->now);
	buf_fmt(b, "From: MAILER-DAEMON@%.*s\r\n", STR_ARG(d->hostname));
	buf_fmt(&to, "To: <%.*s>", STR_ARG(d->sender));
	dsn_put_clean(b, buf_str(&to), true);
	buf_fmt(b, "\r\nSubject: %s\r\nMessage-ID: <%llu.%lld.%s@%.*s>\r\n",
		passed_on ? "passed on: the next mail server has your message" : kinds[d->kind].subject,
		(unsigned long long)d->qp, (long long)d->now, kinds[d->kind].word, STR_ARG(d->hostname));
	put_references(b, d);
	buf_adds(b, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: multipart/report; report-type=delivery-status;\r\n");
	buf_fmt(b, "\tboundary=\"%.*s\"\r\n", STR_ARG(boundary));
	buf_fmt(b, "Content-Transfer-Encoding: %s\r\n\r\n", wide ? "8bit" : "7bit");
}

/* The whole message where its sender wants it and it can be; else its header. */
static bool put_returned(struct buf *b, const struct dsn *d)
{
	bool whole = d->full && d->message.n == d->size && dsn_fits(d->message);

	if (whole)
		buf_addstr(b, d->message);
	else
		dsn_put_headers(b, d->message);
	return whole;
}

void dsn_put(struct buf *head, struct buf *body, const struct dsn *d)
{
	BUF(words);
	BUF(status);
	BUF(returned);
	BUF(boundary);
	const struct buf *const parts[3] = { &words, &status, &returned };
	bool whole = put_returned(&returned, d);
	struct str mark;

	dsn_put_words(&words, d, whole);
	put_status(&status, d);
	choose_boundary(&boundary, d->qp, parts);
	mark = buf_str(&boundary);
	buf_adds(body, "This is a report in several parts (MIME); the first is for people.\r\n\r\n");
	put_part(body, mark, "text/plain; charset=utf-8", buf_str(&words));
	put_part(body, mark, "message/delivery-status", buf_str(&status));
	put_part(body, mark, whole ? "message/rfc822" : "text/rfc822-headers", buf_str(&returned));
	buf_fmt(body, "--%.*s--\r\n", STR_ARG(mark));
	put_head(head, d, mark, !str_ascii(buf_str(&words)) || !str_ascii(buf_str(&returned)));
}
