#include "base/buf.h"
#include "mail/notice_parts.h"

/* Amazon SES tells of bounces in mails whose body is JSON (SNS): enough of it is read to know recipient and words. */

/* JSON without the white space between its parts. */
static struct str compact(struct arena *a, struct str json)
{
	bool quoted = false;
	BUF(b);

	for (size_t i = 0; i < json.n; i++) {
		if (json.p[i] == '"' && (i == 0 || json.p[i - 1] != '\\'))
			quoted = !quoted;
		if (quoted || str_chr(STR(" \t\n"), json.p[i]) < 0)
			buf_addc(&b, json.p[i]);
	}
	return arena_str(a, buf_str(&b));
}

/* The notice in an envelope of its own, {"Message":"{\"notificationType\":..}"}: without the escapes. */
static struct str unwrapped(struct arena *a, struct str json)
{
	ptrdiff_t at = str_find(json, STR("{\\\"notificationType\\\":"));
	BUF(b);

	if (at < 0)
		return json;
	for (size_t i = (size_t)at; i < json.n; i++)
		if (json.p[i] != '\\')
			buf_addc(&b, json.p[i]);
	return arena_str(a, buf_str(&b));
}

/* The value of the first "key":"value" in the text, without undoing escapes; "" when there is none. */
static struct str value_of(struct arena *a, struct str text, const char *key)
{
	struct str before, rest, value;

	if (!str_cut(text, arena_fmt(a, "\"%s\":\"", key), &before, &rest))
		return STR("");
	str_cut(rest, STR("\""), &value, &rest);
	return field_plain(a, str_take(value, NOTICE_WORDS_MAX));
}

static struct str without_type(struct str code)
{
	return str_istarts(code, STR("smtp;")) ? str_trim(str_skip(code, 5)) : code;
}

/* Every {"emailAddress":"..", ..}: what stands up to the next one is said of it. */
static void read_rcpts(struct arena *a, struct str text, struct notice *n)
{
	struct str address = STR("\"emailAddress\":\""), before, rest, group;

	if (!str_cut(text, address, &before, &rest))
		return;
	while (rest.n > 0) {
		struct notice_rcpt *r;
		struct str name, more;

		str_cut(rest, address, &group, &rest);
		str_cut(group, STR("\""), &name, &more);
		r = notice_rcpt(n, str_take(name, 320));
		if (r == NULL)
			continue;
		r->status = value_of(a, more, "status");
		r->diagnostic = without_type(value_of(a, more, "diagnosticCode"));
		r->action = n->kind == NOTICE_SUCCESS ? STR("delivered") : STR("failed");
	}
}

bool notice_read_sns(struct arena *a, struct notice *n)
{
	struct str text = str_trim(n->human), kind, list, rest;
	size_t at;

	if (!str_starts(text, STR("{")))
		return false;
	text = unwrapped(a, compact(a, text));
	if (!str_starts(text, STR("{\"notificationType\":\"")) && !str_starts(text, STR("{\"eventType\":\"")))
		return false;
	kind = value_of(a, text, str_starts(text, STR("{\"e")) ? "eventType" : "notificationType");
	n->kind = str_eqz(kind, "Bounce")      ? NOTICE_FAILURE
		  : str_eqz(kind, "Delivery")  ? NOTICE_SUCCESS
		  : str_eqz(kind, "Complaint") ? NOTICE_FEEDBACK
					       : NOTICE_NONE;
	if (n->kind == NOTICE_NONE)
		return false;
	read_rcpts(a, text, n);
	if (n->n == 0 && str_cut(text, STR("\"recipients\":["), &list, &rest))
		notice_rcpt(n, field_address(&rest, &at))->action = STR("delivered");
	if (n->n == 0)
		notice_rcpt(n, STR(""));
	n->reporter = value_of(a, text, "reportingMTA");
	return true;
}
