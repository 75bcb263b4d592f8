/* Is a word of the question an address or an id?  The logs know. */
#include "trace/select.h"
#include "trace/wish.h"

static bool found(const struct filter *f, const struct tale *t, const struct scope *sc)
{
	wish_filter(t, f, sc);
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		if (select_row(t->book, s, sc) && select_fits(f, t->book, s, sc))
			return true;
	return false;
}

void select_understand(struct question *q, const struct tale *t, const struct scope *sc)
{
	struct err ignored = { 0 };

	for (size_t i = 0; i < q->n; i++) {
		struct filter *f = &q->filters[i], id = { .kind = FILTER_ID, .value = f->word, .word = f->word };

		if (f->word.n == 0 || f->kind == FILTER_ID || found(f, t, sc))
			continue;
		id.whole = str_chr(f->word, '@') >= 0;
		if (filter_understand(&id, &t->book->mem, &ignored) == 0 && found(&id, t, sc))
			*f = id;
	}
}
