/* web/http.h - the head of an HTTP/1.x request, read strictly (RFC 9112).
 *
 * What two servers could understand in two ways is refused: a bare LF, a folded
 * field, a space before the colon, a field twice that may be there once,
 * Transfer-Encoding, a length that is no number.  Pure: bytes in, a struct or a code out.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "web/request.h"

enum { HTTP_HEAD_MAX = 16384, HTTP_LINE_MAX = 8192, HTTP_FIELDS_MAX = 64 };

struct http_head {
	enum web_method method;
	bool head;         /* HEAD: no body is sent */
	struct str target; /* as it came: origin-form */
	bool keep;         /* the connection stays open */
	bool expects;      /* 100-continue before it sends the body */
	size_t length;     /* of the body */
	struct str type;   /* Content-Type without parameters; empty: not said */
	struct str forwarded_for, forwarded_proto;
	struct str host, origin, cookie, token, language, etag, referer, agent, site, encoding, last_event;
};

/* The length of the head with its empty line, 0 when it is not all there yet.  With -1 it is over the limit. */
ptrdiff_t http_head_length(struct str bytes);

/* 0, or the code of the refusal with a sentence in *why.  Texts borrow from bytes (a whole head). */
int http_head_parse(struct str bytes, struct http_head *out, const char **why);

/* Path and query of a target behind the prefix (which begins and ends with "/"): 0, or the code of the refusal.
 * 301: the prefix without its slash at the end. */
int http_target(struct str target, struct str prefix, struct web_request *q, const char **why);
/* A form, a flat JSON object, or text/plain as the value "text". */
int http_body(struct str type, struct str body, struct web_request *q, const char **why);

/* Does Accept-Encoding allow gzip? */
bool http_takes_gzip(struct str field);
/* "mx.example.com" of "MX.example.com:8025", "::1" of "[::1]:8025", in lower case; empty when it is none. */
struct str http_host(struct str field, struct arena *mem);
/* The last address of X-Forwarded-For that no proxy of ours wrote is the client's (n proxies of ours are trusted by
 * trusts()); empty: there is none. */
struct str http_forwarded(struct str field, bool (*trusts)(const void *, struct str), const void *with);

#endif
