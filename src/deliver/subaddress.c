#include "deliver/subaddress.h"

/* name = part *( "." part ), part = 1*( ALPHA / DIGIT / "-" / "_" ) */
static bool is_name(struct str s)
{
	char before = '.';

	if (s.n == 0 || s.n > SUBADDRESS_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' ? before == '.' : !ascii_isalnum(c) && c != '-' && c != '_')
			return false;
		before = c;
	}
	return before != '.';
}

struct str subaddress_of(struct str final, struct str original)
{
	ptrdiff_t at = str_rchr(final, '@'), last = str_rchr(original, '@');
	struct str local, detail;

	if (at <= 0 || last <= at || !str_ieq(str_skip(original, (size_t)last), str_skip(final, (size_t)at)))
		return STR("");
	local = str_take(original, (size_t)last);
	if (!str_istarts(local, str_take(final, (size_t)at)) || local.p[at] != '+')
		return STR("");
	detail = str_skip(local, (size_t)at + 1);
	return is_name(detail) ? detail : STR("");
}
