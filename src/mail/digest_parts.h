/* mail/digest_parts.h - inside of mail/digest.c: what both parts of the letter say, and each of them. */
#ifndef MAIL_DIGEST_PARTS_H
#define MAIL_DIGEST_PARTS_H

#include "mail/digest.h"

struct digest_section {
	const char *title;
	const struct digest_line *lines;
	size_t n, shown;
};

struct digest_view {
	const struct digest_letter *d;
	struct digest_section sections[2];
	size_t nsections;
	const struct word *reasons[DIGEST_REASONS]; /* numbered as they come */
	size_t nreasons;
	struct buf begin, todo, questions, stop; /* sentences */
};

/* "2025-11-24 02:00" */
void digest_put_time(struct buf *b, int64_t at);
/* A sender as it may be shown: ASCII, without controls, of a length that fits. */
void digest_put_sender(struct buf *b, struct str from);
/* The number under which its reason is explained; 0: there are too many. */
size_t digest_number(const struct digest_view *v, const struct digest_line *x);
/* Of the messages from that one on. */
uint64_t digest_total(const struct digest_section *s, size_t from);
/* "put off", "some only put off", ""; whether they were refused for good stands nowhere else. */
const char *digest_put_off(const struct digest_line *x);

/* Each whole, without head. */
void digest_plain(struct buf *b, const struct digest_view *v);
void digest_html(struct buf *b, const struct digest_view *v);

#endif
