/* mail/field.h - a message's header as its reader sees it: fields, their values on one line, addresses in them.
 *
 * For messages that are already there (field_lines first); mail/header.h counts
 * fields while they come in.  Every byte is a stranger's; nothing here fails:
 * what is no field is passed over, what is too long is cut.
 */
#ifndef MAIL_FIELD_H
#define MAIL_FIELD_H

#include "base/arena.h"
#include "base/str.h"

enum {
	FIELD_PLAIN_MAX = 8192,     /* bytes of one value on one line */
	FIELD_HEAD_MAX = 128 * 1024 /* of a header; fields behind are not looked at */
};

struct field {
	struct str name, value; /* value with its folds, without white space at both ends */
};

/* A copy with `\n` as the only line end (CRLF and a lone CR become it) and without NUL. */
struct str field_lines(struct arena *a, struct str text);

/* Header (its beginning, if it is too long) and body of a text with `\n` line ends: cut at the first empty line. */
void field_split(struct str text, struct str *head, struct str *body);

/* The next field of *head, which moves behind it; lines that are none are passed over.  False at the end. */
bool field_next(struct str *head, struct field *f);

/* Of a header as it came: the next field of *block with its folds and its last line end, byte for byte, or a line that
 * is none; *block moves behind it.  A CR before the LF belongs to the line. */
struct str field_raw(struct str *block);
/* The length of the name in front of a field's colon; white space between them is obsolete, and still sent.  0: that is
 * no field. */
size_t field_name(struct str raw);

/* The value of the first field of that name (case folded), "" when there is none; and on one line. */
struct str field_get(struct str head, const char *name);
struct str field_plain(struct arena *a, struct str value);

/* "type; name=value" (RFC 2045): the parameter without quotes, "" when there is none. */
struct str field_param(struct str value, const char *name);

/* The next address (something@domain) of *text, which moves behind it; *at is where it began.  "" at the end. */
struct str field_address(struct str *text, size_t *at);

#endif
