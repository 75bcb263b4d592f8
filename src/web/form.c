/* Path, query, form and JSON: from outside bytes to decoded values. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/cur.h"
#include "base/utf8.h"
#include "web/http.h"

enum { JSON_DEPTH_MAX = 4 };

static int hex(struct str s, size_t i)
{
	char c = i < s.n ? ascii_lower(s.p[i]) : '\0';

	if (ascii_isdigit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding taken off; `plus`: a plus is a space, as in a form.  False: malformed, or a NUL. */
static bool decode(struct str s, bool plus, struct arena *mem, struct str *out)
{
	char *p = arena_alloc(mem, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = plus && s.p[i] == '+' ? ' ' : s.p[i];

		if (c == '%') {
			int high = hex(s, i + 1), low = hex(s, i + 2);

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return false;
		p[n++] = c;
	}
	*out = str_mem(p, n);
	return true;
}

static bool is_utf8(struct str s, bool printed)
{
	uint32_t code;

	for (size_t n; s.n > 0; s = str_skip(s, n)) {
		n = utf8_at(s, &code);
		if (n == 0 || (printed && (code < 0x20 || code == 0x7f)))
			return false;
	}
	return true;
}

/* ---- values ---- */

static int add_param(struct web_request *q, struct str name, struct str value, const char **why)
{
	*why = NULL;
	if (q->nparams == WEB_PARAMS_MAX)
		*why = "The request has too many values.";
	else if (name.n == 0 || name.n > WEB_NAME_MAX || !is_utf8(name, true))
		*why = "A value's name is empty, too long or malformed.";
	for (size_t i = 0; i < q->nparams && *why == NULL; i++)
		if (str_eq(q->params[i].name, name))
			*why = "A value is there twice.";
	if (*why != NULL)
		return 400;
	q->params[q->nparams++] = (struct web_param){ name, value };
	return 0;
}

static int take_form(struct str s, struct web_request *q, const char **why)
{
	int code = 0;

	while (s.n > 0 && code == 0) {
		struct str pair, name, value;

		(void)str_cut(s, STR("&"), &pair, &s);
		if (pair.n == 0)
			continue;
		(void)str_cut(pair, STR("="), &name, &value);
		if (!decode(name, true, q->mem, &name) || !decode(value, true, q->mem, &value)) {
			*why = "A value is malformed: % takes two hexadecimal digits, and none is NUL.";
			return 400;
		}
		code = add_param(q, name, value, why);
	}
	return code;
}

/* A text as it is; what is no text as JSON writes it. */
static bool json_value(const json_t *v, struct arena *mem, struct str *out)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		*out = arena_str(mem, str_mem(json_string_value(v), json_string_length(v)));
		return true;
	case JSON_INTEGER:
		*out = arena_fmt(mem, "%lld", (long long)json_integer_value(v));
		return true;
	case JSON_TRUE:
		*out = STR("true");
		return true;
	case JSON_FALSE:
		*out = STR("false");
		return true;
	case JSON_NULL:
		*out = STR("");
		return true;
	default:
		return false;
	}
}

static int take_json(struct str body, struct web_request *q, const char **why)
{
	json_t *all = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL), *v;
	const char *name;
	int code = 0;

	*why = "The body is no JSON object of texts, whole numbers and true or false.";
	if (!json_is_object(all)) {
		json_decref(all);
		return 400;
	}
	json_object_foreach(all, name, v)
	{
		struct str value;

		if (!json_value(v, q->mem, &value))
			code = 400;
		if (code == 0)
			code = add_param(q, arena_str(q->mem, str_of(name)), value, why);
		if (code != 0)
			break;
		*why = "The body is no JSON object of texts, whole numbers and true or false.";
	}
	json_decref(all);
	return code;
}

int http_body(struct str type, struct str body, struct web_request *q, const char **why)
{
	*why = NULL;
	if (body.n == 0)
		return 0;
	if (str_ieq(type, STR("application/json")))
		return take_json(body, q, why);
	if (str_ieq(type, STR("application/x-www-form-urlencoded")))
		return take_form(body, q, why);
	if (str_ieq(type, STR("multipart/form-data")))
		return 0; /* RFC 8058: nothing in it is needed (web_unsubscribe()) */
	if (str_ieq(type, STR("text/plain")) || str_ieq(type, STR("message/rfc822")))
		return add_param(q, STR("text"), body, why);
	*why = "The body is of no kind that is read here: send JSON, a form or text/plain.";
	return 415;
}

/* ---- the address ---- */

/* No empty segment but the last, none of dots, no backslash: two readers could mean two files. */
static bool is_plain_path(struct str path)
{
	struct str rest = str_skip(path, 1), segment;

	if (path.n == 0 || path.n > WEB_PATH_MAX || path.p[0] != '/' || !is_utf8(path, true) ||
	    str_chr(path, '\\') >= 0)
		return false;
	while (rest.n > 0) {
		bool more = str_cut(rest, STR("/"), &segment, &rest);

		if ((segment.n == 0 && more) || str_eqz(segment, ".") || str_eqz(segment, ".."))
			return false;
	}
	return true;
}

int http_target(struct str target, struct str prefix, struct web_request *q, const char **why)
{
	struct str path, query, part = str_take(prefix, prefix.n - 1);

	*why = "There is nothing at this address.";
	(void)str_cut(target, STR("#"), &target, &query);
	(void)str_cut(target, STR("?"), &path, &query);
	if (str_eq(path, part) && part.n > 0)
		return 301;
	if (path.n == 0 || path.p[0] != '/') {
		*why = "The address must begin with a slash.";
		return 400;
	}
	if (!str_starts(path, prefix))
		return 404;
	path = str_skip(path, part.n);
	/* A slash in disguise is none of ours, and some other reader's. */
	for (size_t i = 0; i + 2 < path.n; i++)
		if (path.p[i] == '%' && path.p[i + 1] == '2' && ascii_lower(path.p[i + 2]) == 'f')
			path = STR("");
	if (!decode(path, false, q->mem, &q->path) || !is_plain_path(q->path)) {
		*why = "The address is malformed.";
		return 400;
	}
	*why = NULL;
	return take_form(query, q, why);
}

/* ---- fields with a form of their own ---- */

/* "q=0", "q=0.000": not at all (RFC 9110, 12.4.2). */
static bool is_nothing(struct str weight)
{
	if (!str_istarts(weight, STR("q=0")))
		return false;
	for (size_t i = 3; i < weight.n; i++)
		if (weight.p[i] != '.' && weight.p[i] != '0')
			return false;
	return true;
}

bool http_takes_gzip(struct str field)
{
	while (field.n > 0) {
		struct str one, coding, weight;

		(void)str_cut(field, STR(","), &one, &field);
		(void)str_cut(one, STR(";"), &coding, &weight);
		coding = str_trim(coding);
		weight = str_trim(weight);
		if (str_ieq(coding, STR("gzip")))
			return !is_nothing(weight);
	}
	return false;
}

static bool is_host(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}

static bool is_six(char c)
{
	return ascii_isdigit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f') || c == ':' || c == '.';
}

struct str http_host(struct str field, struct arena *mem)
{
	struct cur c = cur_of(field);
	struct str name;

	if (cur_try(&c, '[')) {
		name = cur_span(&c, is_six, "no address");
		cur_want(&c, ']', "no end");
	} else {
		name = cur_span(&c, is_host, "no name");
	}
	if (cur_try(&c, ':') && !cur_end(&c))
		(void)cur_num(&c, 65535, "no port");
	if (!cur_ok(&c) || !cur_end(&c) || name.n > 255)
		return STR("");
	return arena_lower(mem, name);
}

struct str http_forwarded(struct str field, bool (*trusts)(const void *, struct str), const void *with)
{
	struct str last = STR("");

	while (field.n > 0) {
		ptrdiff_t comma = str_rchr(field, ',');
		struct str one = str_trim(str_skip(field, (size_t)(comma + 1)));

		field = str_take(field, comma < 0 ? 0 : (size_t)comma);
		if (one.n == 0 || one.n >= WEB_ADDRESS_MAX)
			return STR("");
		last = one;
		if (!trusts(with, one))
			break;
	}
	return last;
}
