/* handoff/edit.h - edits of a message's header, asked for by filters and applied by us.
 *
 * A struct head is the header as a list of fields: what nobody edits is written
 * as it came, byte for byte.  Our own Received field is not in it, and filters
 * do not see it, but places count it, as sendmail does: place 0 is above it,
 * place 1 directly below it, in front of the message's first field.  So the
 * header goes to disk as
 *
 *	head_put(&b, &h, HEAD_ABOVE); Received; head_put(&b, &h, HEAD_BELOW); empty line; body
 *
 * Names and values are strangers': edit_ok() says what an edit may hold, and
 * head_edit() passes over what it does not allow.
 */
#ifndef HANDOFF_EDIT_H
#define HANDOFF_EDIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum {
	EDIT_NAME_MAX = 78,
	EDIT_VALUE_MAX = 16 * 1024,
	EDIT_LINE_MAX = 998, /* RFC 5322 2.1.1: of a line of a value with its name */
	EDITS_MAX = 256,     /* of one filter for one message */
};

enum edit_kind {
	EDIT_ADD,    /* at the end */
	EDIT_INSERT, /* at: the place (see above); beyond the last one: at the end */
	EDIT_CHANGE, /* at: which of that name, the first is 1; when there is none such: as EDIT_ADD */
	EDIT_DELETE, /* at: likewise; -1 the last, -2 the last but one; 0: all */
};

struct edit {
	enum edit_kind kind;
	int32_t at;
	struct str name;
	struct str value; /* what stands behind the colon, leading space included; folds as CRLF and white space */
};

/* Make an edit of bytes from outside: folds may be spelled with LF or CRLF.  0, or -1 with why not (a literal). */
int edit_make(struct edit *d, struct arena *a, const char **why);
/* A value of somebody who leaves out the space behind the colon. */
struct str edit_spaced(struct arena *a, struct str value);
/* NULL, or why it may not be applied: a name that is none, a CR, LF, NUL or control that is no fold, too long. */
const char *edit_ok(const struct edit *d);

struct head_field {
	struct str raw;   /* the whole of it with its line end */
	struct str name;  /* "": lines that are no field, passed through */
	struct str value; /* behind the colon, without the last line end */
};

struct head {
	struct head_field *fields;
	size_t n, room;
	size_t above; /* fields[0..above) stand above our Received */
	struct arena *mem;
};

/* The fields of a header block (CRLF line ends, without the empty line that ends it), which must outlive h. */
void head_read(struct head *h, struct arena *a, struct str block);
/* Apply them, in order; returns how many edit_ok() did not allow. */
size_t head_edit(struct head *h, const struct edit *d, size_t n);

enum head_part { HEAD_ABOVE = 1, HEAD_BELOW = 2, HEAD_WHOLE = 3 };
void head_put(struct buf *b, const struct head *h, enum head_part part);

#endif
