#include "words/words.h"

static const struct end_row ends[] = {
#define END(id, t, f, w, m, a) { .text = (t), .word = { .final = (f), .who = (w), .meaning = (m), .advice = (a) } },
#include "words/ends.def"
#undef END
};

const char *end_words(enum end e)
{
	return ends[e].text;
}

const struct end_row *end_match(struct str text)
{
	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_glob(str_of(ends[i].text), text))
			return &ends[i];
	return NULL;
}

const struct end_row *end_at(size_t i)
{
	return i < COUNT(ends) ? &ends[i] : NULL;
}
