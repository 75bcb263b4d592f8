/* One mail on several servers: one story tells of it, that of the server where it began. */
#include "trace/story.h"

const struct story *story_next_hop(const struct story *s, const struct story *before)
{
	const struct story *c = before == NULL ? ties_of(s)->child : ties_of(before)->sibling;

	while (c != NULL && ties_of(c)->hop.key == NULL)
		c = ties_of(c)->sibling;
	return c;
}

void story_each_hop(const struct story *s, void (*see)(void *, const struct story *), void *with)
{
	/* join_child() keeps the depth small, and circles out */
	for (const struct story *c = story_next_hop(s, NULL); c != NULL; c = story_next_hop(s, c)) {
		see(with, c);
		story_each_hop(c, see, with);
	}
}
