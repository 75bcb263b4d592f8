/* Whatever comes as a request: it is refused with a code and a sentence, or what is understood of it is within limits,
 * leads to no file but ours, and reaches telltale-search as it is. */
#include "base/err.h"
#include "base/utf8.h"
#include "web/cookie.h"
#include "web/packed.h"
#include "web/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_code(int code)
{
	return code >= 300 && code < 600;
}

static void a_path_is_plain(struct str path)
{
	uint32_t code;

	MUST(path.n > 0 && path.n <= WEB_PATH_MAX && path.p[0] == '/');
	MUST(str_find(path, STR("//")) < 0 && str_find(path, STR("/../")) < 0 && str_find(path, STR("/./")) < 0);
	MUST(!str_ends(path, STR("/..")) && !str_ends(path, STR("/.")) && str_chr(path, '\\') < 0);
	for (size_t n; path.n > 0; path = str_skip(path, n)) {
		n = utf8_at(path, &code);
		MUST(n > 0 && code >= 0x20 && code != 0x7f);
	}
}

static void values_are_within_limits(const struct web_request *q)
{
	MUST(q->nparams <= WEB_PARAMS_MAX);
	for (size_t i = 0; i < q->nparams; i++) {
		MUST(q->params[i].name.n > 0 && q->params[i].name.n <= WEB_NAME_MAX);
		for (size_t k = 0; k < i; k++)
			MUST(!str_eq(q->params[i].name, q->params[k].name));
	}
}

static void it_arrives_as_it_is(const struct web_request *q)
{
	struct web_request back = { .mem = q->mem };
	struct err e;
	BUF(once);
	BUF(twice);

	request_pack(&once, q);
	MUST(request_unpack(buf_str(&once), &back, &e) == 0);
	request_pack(&twice, &back);
	MUST(str_eq(buf_str(&once), buf_str(&twice)) && str_eq(back.path, q->path));
}

static bool trusts(const void *with, struct str address)
{
	(void)with;
	return str_starts(address, STR("10."));
}

static void fields(const struct http_head *h, struct arena *mem)
{
	struct str host = http_host(h->host, mem), told = http_forwarded(h->forwarded_for, trusts, NULL),
		   rest = h->cookie, id;

	for (size_t i = 0; i < host.n; i++)
		MUST(ascii_lower(host.p[i]) == host.p[i] && ascii_isprint(host.p[i]) && host.p[i] != '/' &&
		     host.p[i] != '@');
	MUST(told.n < WEB_ADDRESS_MAX && h->cookie.n <= WEB_COOKIE_MAX);
	(void)http_takes_gzip(h->encoding);
	for (size_t n = 0; cookie_next(&rest, (n & 1) != 0, &id); n++)
		MUST(n <= h->cookie.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), body;
	ptrdiff_t n = http_head_length(in);
	struct http_head h;
	const char *why;
	ARENA(mem);
	struct web_request q = { .mem = &mem, .ip = STR("127.0.0.1") };
	struct err e;
	int code;

	(void)request_unpack(in, &(struct web_request){ .mem = &mem }, &e);
	if (n <= 0)
		return 0;
	MUST((size_t)n <= size && n <= HTTP_HEAD_MAX);
	code = http_head_parse(str_take(in, (size_t)n), &h, &why);
	MUST(code == 0 || (is_code(code) && why != NULL));
	if (code != 0)
		return 0;
	fields(&h, &mem);
	MUST(h.length <= WEB_BODY_MAX && (h.method == WEB_POST || h.length == 0));
	body = str_take(str_skip(in, (size_t)n), h.length);
	q.method = h.method;
	code = http_target(h.target, size % 2 != 0 ? STR("/") : STR("/mail/"), &q, &why);
	if (code == 0) {
		a_path_is_plain(q.path);
		code = http_body(h.type, body, &q, &why);
	}
	MUST(code == 0 || is_code(code));
	values_are_within_limits(&q);
	if (code == 0)
		it_arrives_as_it_is(&q);
	return 0;
}
