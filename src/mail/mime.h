/* mail/mime.h - the parts of a message (RFC 2045, 2046), for reading, not for judging.
 *
 * mime_walk() lists the leaves in order; what encloses them is not listed, what
 * is enclosed as message/rfc822 is one leaf.  Depth and number of parts are
 * bounded: beyond them a part is taken as plain text, or not at all (cut).
 * mime_text() undoes the transfer encoding, leaves of ISO-2022-JP what is ASCII,
 * and takes the tags out of HTML.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/arena.h"
#include "base/str.h"

enum { MIME_PARTS_MAX = 64, MIME_DEPTH_MAX = 8, MIME_TEXT_MAX = 256 * 1024 };

struct mime_part {
	struct str type; /* "text/plain", as written */
	struct str head, body;
	unsigned depth;
};

struct mime {
	struct mime_part parts[MIME_PARTS_MAX];
	size_t n;
	bool cut; /* there were more parts, or deeper ones */
};

/* The text has `\n` line ends (field_lines). */
void mime_walk(struct str message, struct mime *out);
bool mime_is(const struct mime_part *p, const char *type); /* case folded; "text/" asks for any text */
/* Of at most MIME_TEXT_MAX bytes of the part; `\n` line ends. */
struct str mime_text(struct arena *a, const struct mime_part *p);

#endif
