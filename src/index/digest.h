/* index/digest.h - by which terms the stories of a family are found, and their rows in the table. */
#ifndef INDEX_DIGEST_H
#define INDEX_DIGEST_H

#include "index/pack.h"
#include "index/terms.h"
#include "index/touch.h"

struct digest;
struct digest *digest_new(const struct tale *t);
void digest_free(struct digest *d);
/* The family that k packed or looked at last. */
void digest_family(struct digest *d, const struct packer *k, uint32_t family, struct story *const *at, size_t n);
/* The rows of all stories, in the order of the tale.  rows: of each story, whether statistics have rows of it. */
struct digest_spans {
	struct key_span times, calls; /* when the stories began, and when their calls were; from > to: there are none */
};
struct digest_spans digest_table(const struct tale *t, const uint32_t *family, const uint64_t *rows, struct buf *out);
/* When all families are in: addresses that no story names, and what stands for others. */
void digest_end(struct digest *d);
struct terms *digest_terms(struct digest *d);
/* When terms are sorted: where a name of the book stands among the addresses; some story names it. */
uint32_t digest_name_place(const struct digest *d, size_t id);

#endif
