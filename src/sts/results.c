#include "sts/results.h"

static const char *const results[] = {
#define STS_RESULT(name, word) word,
#include "sts/results.def"
};
static const char *const kinds[] = { "tlsa", "sts", "no-policy-found" };

const char *sts_result_word(enum sts_result r)
{
	return results[r];
}

const char *tally_kind_word(enum tally_kind k)
{
	return kinds[k];
}
