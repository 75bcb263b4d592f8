#include "web/http.h"

#include "base/cur.h"

static bool is_token(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_field(char c) /* of a value: print, tab, and what is beyond ASCII */
{
	return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

static bool is_target(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f;
}

ptrdiff_t http_head_length(struct str bytes)
{
	ptrdiff_t end = str_find(str_take(bytes, HTTP_HEAD_MAX), STR("\r\n\r\n"));

	if (end >= 0)
		return end + 4;
	return bytes.n >= HTTP_HEAD_MAX ? -1 : 0;
}

struct refusal {
	int code;
	const char *why;
};

static struct refusal refuse(int code, const char *why)
{
	return (struct refusal){ code, why };
}

static struct refusal request_line(struct cur *c, struct http_head *out)
{
	struct str method = cur_span(c, is_token, "no method"), version;

	cur_want(c, ' ', "no target");
	out->target = cur_span(c, is_target, "no target");
	cur_want(c, ' ', "no version");
	version = cur_until(c, STR("\r\n"), "no end");
	if (!cur_ok(c) || !str_starts(version, STR("HTTP/")) || version.n != sizeof("HTTP/1.1") - 1)
		return refuse(400, "The first line of the request is none of HTTP.");
	if (!str_eqz(version, "HTTP/1.1") && !str_eqz(version, "HTTP/1.0"))
		return refuse(505, "HTTP/1.1 is spoken here.");
	out->keep = str_eqz(version, "HTTP/1.1");
	out->head = str_eqz(method, "HEAD");
	out->method = str_eqz(method, "POST") ? WEB_POST : WEB_GET;
	if (out->method != WEB_POST && !out->head && !str_eqz(method, "GET"))
		return refuse(405, "Only GET, HEAD and POST are known here.");
	if (out->target.n > HTTP_LINE_MAX)
		return refuse(414, "The address is too long.");
	return refuse(0, NULL);
}

/* Fields that are looked at; each may be there once, those of lists are believed only alone too. */
#define FIELDS(F) \
	F("host", host) \
	F("origin", origin) \
	F("cookie", cookie) \
	F("x-telltale-token", token) \
	F("accept-language", language) \
	F("if-none-match", etag) \
	F("referer", referer) \
	F("user-agent", agent) \
	F("sec-fetch-site", site) \
	F("accept-encoding", encoding) \
	F("last-event-id", last_event) \
	F("x-forwarded-for", forwarded_for) \
	F("x-forwarded-proto", forwarded_proto)

static struct str *field_of(struct http_head *h, struct str name)
{
#define F(word, member) \
	if (str_ieq(name, STR(word))) \
		return &h->member;
	FIELDS(F)
#undef F
	return NULL;
}

struct framing {
	bool length, type, host;
};

static struct refusal take_length(struct http_head *out, struct framing *f, struct str value)
{
	uint64_t n;

	if (f->length || !str_u64(value, INT64_MAX, &n))
		return refuse(400, "Content-Length is no number, or is there twice.");
	if (n > WEB_BODY_MAX)
		return refuse(413, "The request is longer than 1 MiB.");
	f->length = true;
	out->length = (size_t)n;
	return refuse(0, NULL);
}

static struct refusal take_framing(struct http_head *out, struct framing *f, struct str name, struct str value)
{
	if (str_ieq(name, STR("content-length")))
		return take_length(out, f, value);
	if (str_ieq(name, STR("transfer-encoding")))
		return refuse(501, "Requests come with Content-Length here, not in pieces.");
	if (str_ieq(name, STR("x-http-method-override")) || str_ieq(name, STR("x-http-method")) ||
	    str_ieq(name, STR("x-method-override")))
		return refuse(400, "A method is what the first line says.");
	if (str_ieq(name, STR("expect"))) {
		if (!str_ieq(value, STR("100-continue")))
			return refuse(417, "Only 100-continue can be expected.");
		out->expects = true;
	}
	if (str_ieq(name, STR("connection"))) {
		if (str_ieq(value, STR("close")))
			out->keep = false;
		else if (str_ieq(value, STR("keep-alive")))
			out->keep = true;
	}
	return refuse(0, NULL);
}

static struct refusal take_field(struct http_head *out, struct framing *f, struct str name, struct str value)
{
	struct str *at = field_of(out, name);

	if (str_ieq(name, STR("content-type"))) {
		if (f->type)
			return refuse(400, "Content-Type is there twice.");
		f->type = true;
		(void)str_cut(value, STR(";"), &out->type, &value);
		out->type = str_trim(out->type);
	}
	if (at == NULL)
		return take_framing(out, f, name, value);
	if (at->p != NULL)
		return refuse(400, "A field of the request's head is there twice.");
	*at = value;
	return refuse(0, NULL);
}

static struct refusal fields(struct cur *c, struct http_head *out)
{
	struct framing f = { 0 };
	struct refusal r = refuse(0, NULL);
	size_t n = 0;

	while (r.code == 0 && !cur_tryz(c, "\r\n")) {
		struct str name = cur_span(c, is_token, "no name"), value;

		cur_want(c, ':', "no colon");
		value = cur_span(c, is_field, NULL);
		cur_wantz(c, "\r\n", "a byte that no field holds");
		if (!cur_ok(c))
			return refuse(400, "The head of the request is malformed.");
		if (++n > HTTP_FIELDS_MAX)
			return refuse(431, "The head of the request has too many fields.");
		value = str_trim(value);
		r = take_field(out, &f, name, value.n > 0 ? value : STR(""));
	}
	return r;
}

int http_head_parse(struct str bytes, struct http_head *out, const char **why)
{
	struct cur c = cur_of(bytes);
	struct refusal r;

	*out = (struct http_head){ 0 };
	*why = NULL;
	r = request_line(&c, out);
	if (r.code == 0)
		r = fields(&c, out);
	if (r.code == 0 && out->host.n == 0)
		r = refuse(400, "The request does not say which host it is for.");
	if (r.code == 0 && out->method == WEB_GET && out->length > 0)
		r = refuse(400, "A GET has no body.");
	if (r.code == 0 && out->cookie.n > WEB_COOKIE_MAX)
		r = refuse(431, "The cookies are too long.");
	*why = r.why;
	return r.code;
}
