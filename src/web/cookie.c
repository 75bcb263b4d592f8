#include "web/cookie.h"

bool cookie_next(struct str *rest, bool secure, struct str *value)
{
	const char *ours = secure ? COOKIE_SECURE : COOKIE_PLAIN;
	struct str pair, name;

	while (rest->n > 0) {
		str_cut(*rest, STR(";"), &pair, rest);
		if (!str_cut(str_trim(pair), STR("="), &name, value) || !str_eqz(name, ours))
			continue;
		if (value->n >= 2 && value->p[0] == '"' && value->p[value->n - 1] == '"')
			*value = str_mem(value->p + 1, value->n - 2);
		if (value->n > 0)
			return true;
	}
	return false;
}

void cookie_put(struct buf *out, struct str value, bool secure, struct str prefix)
{
	buf_fmt(out, "%s=%.*s; Path=%.*s; HttpOnly; SameSite=Strict", secure ? COOKIE_SECURE : COOKIE_PLAIN,
		STR_ARG(value), STR_ARG(secure ? STR("/") : prefix));
	if (secure)
		buf_adds(out, "; Secure");
	if (value.n == 0)
		buf_adds(out, "; Max-Age=0");
}
