#include "base/clock.h"
#include "web/visit.h"

static const char *phrase(int code)
{
	static const struct {
		int code;
		const char *words;
	} t[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		if (t[i].code == code)
			return t[i].words;
	return "Answer";
}

/* What no page of ours may do, or have done to it. */
static const char guards[] = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
			     "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
			     "form-action 'self'\r\n"
			     "X-Content-Type-Options: nosniff\r\n"
			     "X-Frame-Options: DENY\r\n"
			     "Referrer-Policy: no-referrer\r\n"
			     "Cross-Origin-Opener-Policy: same-origin\r\n"
			     "Cross-Origin-Resource-Policy: same-origin\r\n"
			     "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";

void visit_put_guards(struct buf *b)
{
	buf_adds(b, guards);
}

static void put_date(struct buf *b)
{
	struct civil c = civil_of_seconds(clock_wall() / 1000);

	buf_fmt(b, "Date: %s, %02d %s %04d ", weekday_names[civil_weekday(civil_to_days(c.year, c.month, c.day))],
		c.day, month_names[c.month - 1], c.year);
	stamp_put_time(b, c);
	buf_adds(b, " GMT\r\n");
}

static void put_cache(struct buf *b, const struct web_reply *r)
{
	if (r->etag.n > 0)
		buf_fmt(b, "ETag: %.*s\r\nVary: Accept-Encoding\r\n", STR_ARG(r->etag));
	if (r->max_age > 0)
		buf_fmt(b, "Cache-Control: private, max-age=%d\r\n", r->max_age);
	else
		buf_fmt(b, "Cache-Control: %s\r\n", r->max_age < 0 ? "no-cache" : "no-store");
}

static void put_head(struct buf *b, const struct web_reply *r, size_t length, bool keep)
{
	buf_fmt(b, "HTTP/1.1 %d %s\r\n", r->code, phrase(r->code));
	put_date(b);
	if (r->code != 304 && r->code != 204)
		buf_fmt(b, "Content-Type: %s\r\nContent-Length: %zu\r\n",
			r->type != NULL ? r->type : "application/json", length);
	if (r->zipped)
		buf_adds(b, "Content-Encoding: gzip\r\n");
	put_cache(b, r);
	if (r->code == 405)
		buf_adds(b, "Allow: GET, HEAD, POST\r\n");
	if (r->cookie.n > 0)
		buf_fmt(b, "Set-Cookie: %.*s\r\n", STR_ARG(r->cookie));
	if (r->location.n > 0)
		buf_fmt(b, "Location: %.*s\r\n", STR_ARG(r->location));
	if (r->retry_after > 0)
		buf_fmt(b, "Retry-After: %d\r\n", r->retry_after);
	if (!keep)
		buf_adds(b, "Connection: close\r\n");
	visit_put_guards(b);
	buf_adds(b, "\r\n");
}

int visit_write(struct visit *v, const struct visit_reply *x, int64_t deadline)
{
	struct str body = x->reply->still.n > 0 ? x->reply->still : buf_str(&x->reply->body);

	v->web->counts.by_class[x->reply->code / 100 % 6]++;
	put_head(&v->wire.out, x->reply, body.n, x->keep);
	if (!x->head && x->reply->code != 304 && x->reply->code != 204)
		buf_addstr(&v->wire.out, body);
	return wire_flush(&v->wire, deadline);
}
