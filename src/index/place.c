#include "index/place.h"

struct place place_of(const struct book *b, const struct story *s)
{
	const struct party *p = s->parties.first;
	const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL;
	enum place_class class = PLACE_VISIT;

	if (s->visit != NULL && s->visit->foreign != NULL)
		x = s->visit->foreign->begins; /* at which it is met, whatever stands in it */
	else if (x != NULL && x->next != NULL)
		x = x->next; /* two visits may have one session line */
	if (x == NULL && p != NULL && p->gates != NULL) {
		class = PLACE_GATE;
		x = p->gates->line;
	} else if (x == NULL && p != NULL && p->attempts != NULL) {
		class = PLACE_DELIVERY;
		x = attempt_try(p->attempts);
	}
	return x != NULL ? (struct place){ class, x->file, line_number(b, x) } : (struct place){ .class = PLACE_NONE };
}
