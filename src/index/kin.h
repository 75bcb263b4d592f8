/* index/kin.h - which stories belong to one family (pack.h). */
#ifndef INDEX_KIN_H
#define INDEX_KIN_H

#include "trace/story.h"

struct kin {
	struct story **stories; /* of one family after the other, each in the order of the tale */
	uint32_t *first;        /* of each family: where its stories begin; one more at the end */
	uint32_t *family;       /* of each story, by its order */
	size_t families, n;
};

/* Families are numbered by their first story. */
void kin_find(struct kin *k, const struct tale *t);
void kin_clear(struct kin *k);

#endif
