/* web/request.h - what was asked over HTTP, who asks, and what he gets.
 *
 *	int handler(struct web *w, const struct web_request *q, struct web_reply *r)
 *
 * A handler is a row of routes.def.  It sees a request that is decoded and within
 * limits, from somebody who has at least the row's role; it fills r and returns r->code.
 * Texts of the request live as long as q->mem; texts of the reply must too.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum {
	WEB_BODY_MAX = 1 << 20,   /* of any request */
	WEB_PARAMS_MAX = 32,      /* values of query and body together */
	WEB_NAME_MAX = 64,        /* bytes of a value's name */
	WEB_PATH_MAX = 1024,      /* decoded */
	WEB_DOMAINS_MAX = 64,     /* that one may own: lookup/who.h has no more */
	WEB_COOKIE_MAX = 4096,    /* bytes of a Cookie field */
	WEB_ADDRESS_MAX = 46 + 1, /* of an IP address in print */
};

enum web_method { WEB_GET, WEB_POST }; /* HEAD is a GET whose body nobody sends */

/* Each may what those before him may. */
enum web_role { WEB_NOBODY, WEB_MAILBOX, WEB_DOMAIN, WEB_ADMIN };
extern const char *const web_roles[]; /* "nobody", "mailbox", "domain", "administrator" */

struct web_who {
	enum web_role role;
	struct str mailbox;                  /* of WEB_MAILBOX and WEB_DOMAIN: the account that logged in; lower case */
	struct str domains[WEB_DOMAINS_MAX]; /* of WEB_DOMAIN */
	size_t ndomains;
	struct str by;    /* what lists and logs call him: the account, or who made the administrator's link */
	uint64_t session; /* its number (web/sessions.h); 0: there is none */
	struct str token; /* what X-Telltale-Token must say; empty: there is no session */
};

struct web_param {
	struct str name, value;
};

struct web_request {
	enum web_method method;
	bool head;       /* HEAD: what is read for good must not be gone by it */
	struct str path; /* behind the prefix, beginning with "/"; no empty segment, no dots, no control, valid UTF-8 */
	struct web_param params[WEB_PARAMS_MAX]; /* of the query, then of the body: no name twice */
	size_t nparams;
	struct str ip;   /* the client's, as a trusted proxy tells it */
	bool secure;     /* HTTPS from the client on */
	bool loopback;   /* from this machine, through no proxy */
	struct str host; /* as asked for, with the port if there is one; it is one of ours */
	struct str origin, cookie, token, language, etag, referer, agent, last_event; /* empty: not said */
	bool gzip;                                                                    /* the client takes it */
	struct web_who who;
	int client; /* the connection, to see whether he is still there; 0: none */
	struct arena *mem;
};

/* The value of that name, empty if there is none. */
struct str web_param(const struct web_request *q, const char *name);
bool web_has_param(const struct web_request *q, const char *name);

struct feed;

struct web_reply {
	int code;            /* of HTTP */
	const char *type;    /* NULL: application/json */
	struct buf body;     /* ours; cleared with the reply */
	struct str still;    /* instead of body: bytes that outlive the reply */
	bool zipped;         /* they are gzip */
	struct str etag;     /* with quotes; empty: none */
	int max_age;         /* seconds that a cache may keep it; 0: no-store, -1: it asks each time (no-cache) */
	struct str cookie;   /* a whole Set-Cookie value; empty: none */
	struct str location; /* of 302 and 303; below the prefix as it is */
	int retry_after;     /* seconds; 0: not said */
	struct feed *feed;   /* instead of all that: events are sent (web/live.h) */
};

void web_reply_clear(struct web_reply *r);
/* {"error": sentence}; returns the code.  Call it as the last thing: it replaces what the body held. */
int web_error(struct web_reply *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The body is there: 200. */
int web_good(struct web_reply *r);

struct web;

#endif
