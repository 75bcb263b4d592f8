/* index/digest.h - by which terms the stories of a family are found, and their rows in the table. */
#ifndef INDEX_DIGEST_H
#define INDEX_DIGEST_H

#include "index/pack.h"
#include "index/terms.h"

struct digest;
struct digest *digest_new(const struct tale *t);
void digest_free(struct digest *d);
/* The family that was packed last. */
void digest_family(struct digest *d, const struct packer *k, uint32_t family, struct story *const *at, size_t n);
/* The rows of all stories, in the order of the tale. */
void digest_table(const struct tale *t, const uint32_t *family, struct buf *out);
/* When all families are in: addresses that no story names, and what stands for others. */
void digest_end(struct digest *d);
struct terms *digest_terms(struct digest *d);

#endif
