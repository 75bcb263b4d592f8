/* base/json.h - JSON, written front to back.
 *
 *	struct json j = json_to(&out);
 *	json_begin_object(&j);
 *	json_key(&j, "found"), json_num(&j, 2);
 *	json_key(&j, "ids"), json_begin_array(&j);
 *	json_str(&j, name);
 *	json_end_array(&j);
 *	json_end_object(&j);
 *
 * Commas place themselves.  What is written is one valid JSON text as long as
 * begin and end are paired and every key of an object is followed by one value:
 * strings may hold any bytes, control characters are escaped and what is not
 * UTF-8 becomes U+FFFD.  Numbers are whole and exact up to 2^53.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/str.h"

struct json {
	struct buf *out; /* appended to */
	bool comma;      /* a value stands before: the next one needs a comma */
};

struct json json_to(struct buf *out);

void json_begin_object(struct json *j);
void json_end_object(struct json *j);
void json_begin_array(struct json *j);
void json_end_array(struct json *j);

void json_key(struct json *j, const char *key);    /* a literal of ours */
void json_key_str(struct json *j, struct str key); /* bytes from outside */

void json_str(struct json *j, struct str s);
void json_z(struct json *j, const char *z); /* NULL: null */
void json_num(struct json *j, int64_t n);
void json_bool(struct json *j, bool value);
void json_none(struct json *j); /* null; jansson, which the command links too, has a json_null() of its own */

#endif
