#include "mail/outcome.h"

static const struct str words[] = {
	[OUTCOME_SUCCESS] = STR_INIT("success"),
	[OUTCOME_FAILURE] = STR_INIT("failure"),
	[OUTCOME_DEFERRAL] = STR_INIT("deferral"),
};

struct str outcome_word(enum outcome_kind kind)
{
	return words[kind];
}

bool outcome_of(struct str word, enum outcome_kind *out)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (str_eq(word, words[i])) {
			*out = (enum outcome_kind)i;
			return true;
		}
	}
	return false;
}
