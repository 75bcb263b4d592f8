#include "words/words.h"

static const struct {
	const char *report, *did;
} stages[] = {
#define STAGE(report, did) { report, did },
#include "words/stages.def"
#undef STAGE
};

const char *stage_words(struct str report)
{
	for (size_t i = 0; i < COUNT(stages); i++)
		if (str_find(report, str_of(stages[i].report)) >= 0)
			return stages[i].did;
	return NULL;
}
