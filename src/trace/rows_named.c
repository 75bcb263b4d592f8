/* Which reason is meant by its words. */
#include "trace/rows.h"

/* A cause's name alone is taken for it where no reply has such a word. */
static bool is_named(struct str said, struct str words, enum row_kind kind)
{
	if (kind == REASON_OF_CAUSE && str_chr(said, '-') > 0 && str_ieq(said, str_skip(words, STR("cause: ").n)))
		return true;
	return str_ieq(str_trim(said), str_trim(words)); /* "reply: Authorization required (#5.7.1) " */
}

/* "recipient check: not existing...", as a narrow table cuts it: said ends with the dots. */
static bool begins_so(struct str said, struct str words, enum row_kind kind)
{
	(void)kind;
	return str_istarts(words, str_take(said, said.n - 3));
}

/* The one reason that fits, if all that fit are spelt alike; else 0. */
static uint16_t only_one(struct str said, bool (*fits)(struct str said, struct str words, enum row_kind kind))
{
	struct str words, first = STR("");
	uint16_t reason = 0;
	ARENA(mem);

	for (unsigned kind = 1; kind < ROW_KINDS; kind++)
		for (size_t i = 0; (words = row_reason_words(&mem, row_reason((enum row_kind)kind, i))).n > 0; i++) {
			if (!fits(said, words, (enum row_kind)kind))
				continue;
			if (reason != 0 && !str_eq(words, first))
				return 0;
			if (reason == 0)
				reason = row_reason((enum row_kind)kind, i);
			first = words;
		}
	return reason;
}

uint16_t row_reason_named(struct str said)
{
	uint16_t reason = only_one(said, is_named);

	return reason == 0 && str_ends(said, STR("...")) ? only_one(said, begins_so) : reason;
}
