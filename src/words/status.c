#include "words/words.h"

/* code = class "." subject "." detail     (RFC 3463: one digit 2, 4 or 5; one to three digits; the same) */
static bool enhanced_split(struct str code, struct str part[3])
{
	struct str rest;
	uint64_t n;

	if (!str_cut(code, STR("."), &part[0], &rest) || !str_cut(rest, STR("."), &part[1], &part[2]))
		return false;
	if (part[0].n != 1 || str_chr(STR("245"), part[0].p[0]) < 0)
		return false;
	for (int i = 1; i < 3; i++)
		if (part[i].n > 3 || !str_u64(part[i], 999, &n))
			return false;
	return true;
}

static bool reply_number(struct str code)
{
	uint64_t n;

	return code.n == 3 && str_u64(code, 599, &n) && n >= 100;
}

static const struct status_row *find(struct str code)
{
	const struct status_row *row;

	for (size_t i = 0; (row = status_at(i)) != NULL; i++)
		if (str_eqz(code, row->code))
			return row;
	return NULL;
}

/* The row of the code with its class, and at will its detail, replaced by an x. */
static const struct status_row *find_general(struct str part[3], bool detail)
{
	char key[16] = "x.";
	size_t n = 2;

	for (size_t i = 0; i < part[1].n; i++)
		key[n++] = part[1].p[i];
	key[n++] = '.';
	for (size_t i = 0; detail && i < part[2].n; i++)
		key[n++] = part[2].p[i];
	if (!detail)
		key[n++] = 'x';
	return find(str_mem(key, n));
}

const struct status_row *status_match(struct str code)
{
	const struct status_row *row;
	struct str part[3];

	if (reply_number(code))
		return find(code);
	if (!enhanced_split(code, part))
		return NULL;
	row = find_general(part, true);
	return row != NULL ? row : find_general(part, false);
}

const struct status_row *status_class(struct str code)
{
	struct str part[3];
	char key[6] = "0xx";

	if (reply_number(code)) {
		key[0] = code.p[0];
		return find(str_mem(key, 3));
	}
	if (!enhanced_split(code, part))
		return NULL;
	for (int i = 0; i < 5; i++)
		key[i] = "0.x.x"[i];
	key[0] = code.p[0];
	return find(str_mem(key, 5));
}
