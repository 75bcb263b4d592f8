#include "lookup/settings.h"

#include "base/buf.h"

static const struct row {
	const char *option;
	enum { ONE, MANY } values;
} rows[] = {
#define SETTABLE(option, values) { option, values },
#include "lookup/settable.def"
#undef SETTABLE
};

static const struct row *find(struct str option)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(option, rows[i].option))
			return &rows[i];
	return NULL;
}

bool settings_settable(struct str option)
{
	return find(option) != NULL;
}

bool settings_many(struct str option)
{
	const struct row *r = find(option);

	return r != NULL && r->values == MANY;
}

bool settings_next(struct str *rest, struct str *option, struct str *value)
{
	struct str line;

	if (rest->n == 0)
		return false;
	str_cut(*rest, STR("\n"), &line, rest);
	str_cut(line, STR("="), option, value);
	return true;
}

static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]))
			return false;
	return true;
}

/* Two scopes at most: a domain and a mailbox. */
bool settings_fit(struct str lines)
{
	struct str rest = lines, line, option, value;
	size_t n = 0;

	if (lines.n > 2 * SETTINGS_BYTES_MAX || (lines.n > 0 && lines.p[lines.n - 1] != '\n'))
		return false;
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (++n > 2 * SETTINGS_MAX || !str_cut(line, STR("="), &option, &value) ||
		    value.n > SETTINGS_VALUE_MAX || !printable(value) || !settings_settable(option))
			return false;
	}
	return true;
}
