/* Where spamdyke's labels stand in a line: " to: ", " origin_ip: " ... found in one walk over its colons. */
#include "logs/shape.h"

static inline bool ends_at(struct str lit, struct str body, size_t colon)
{
	return lit.n <= colon + 2 && lit.p[lit.n - 3] == body.p[colon - 1] &&
	       memcmp(body.p + colon + 2 - lit.n, lit.p, lit.n) == 0;
}

/* Which part's label ends with the colon at `colon`, most likely `likely`?  0: none. */
static inline int label_of(const struct shape *s, struct str body, size_t colon, int likely)
{
	if (colon == 0 || colon + 1 >= body.n || body.p[colon + 1] != ' ')
		return 0;
	if (likely < s->n && ends_at(s->part[likely].literal, body, colon))
		return likely;
	for (int k = 1; k < s->n; k++)
		if (ends_at(s->part[k].literal, body, colon))
			return k;
	return 0;
}

void label_find(const struct shape *s, struct str body, struct labels *out)
{
	const char *end = body.p + body.n, *at = body.p;
	int part = 0;

	*out = (struct labels){ .single = true };
	while (at < end && (at = memchr(at, ':', (size_t)(end - at))) != NULL) {
		size_t colon = (size_t)(at++ - body.p);
		int k = label_of(s, body, colon, part + 1);

		if (k == 0)
			continue;
		part = k;
		out->single = out->at[k] == NULL;
		if (!out->single)
			return;
		out->at[k] = body.p + colon + 2 - s->part[k].literal.n;
	}
}
