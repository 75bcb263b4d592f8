/* Which recipients of a story the filters together mean. */
#include "trace/select.h"

static bool fits_some(const struct meant *m, const struct filter *f)
{
	for (const struct party *p = m->s->parties.first; p != NULL; p = p->next)
		if (scope_party(m->sc, m->s, p) && select_party(f, m->b, m->s, p, m->sc))
			return true;
	return false;
}

struct meant select_meant(const struct question *q, struct book *b, const struct story *s, const struct scope *sc)
{
	struct meant m = { .q = q, .b = b, .s = s, .sc = sc };

	for (size_t i = 0; q != NULL && i < q->n; i++)
		if (fits_some(&m, &q->filters[i]))
			m.choosy |= 1u << i;
	return m;
}

bool select_recipient(const struct meant *m, const struct party *p)
{
	if (!scope_party(m->sc, m->s, p))
		return false;
	for (size_t i = 0; m->q != NULL && i < m->q->n; i++)
		if ((m->choosy & 1u << i) != 0 && !select_party(&m->q->filters[i], m->b, m->s, p, m->sc))
			return false;
	return true;
}

bool select_together(const struct question *q, struct book *b, const struct story *s, const struct scope *sc)
{
	struct meant m;

	if (q->n < 2 || s->parties.first == NULL || s->parties.first->next == NULL)
		return true;
	m = select_meant(q, b, s, sc);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (select_recipient(&m, p))
			return true;
	return false;
}
