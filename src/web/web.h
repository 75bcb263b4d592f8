/* web/web.h - telltale-web: the page and the API.
 *
 * A connection is a fiber (base/fiber.h): it reads a request under a deadline, asks
 * whoever knows the answer, writes it under a deadline.  Nothing here opens a file: pages
 * are part of the program, logs are read by telltale-search (web/search.h), accounts by
 * telltale-lookup, the queue by telltale-queue.  So what parses HTTP can read no log, and what parses
 * logs sees no session.  All is called by fibers of one loop: no lock is needed.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/conf.h"
#include "base/err.h"
#include "base/ipc.h"
#include "base/map.h"
#include "web/control.h"
#include "web/rate.h"
#include "web/request.h"
#include "web/whois.h"
#include "wire/tls.h"

struct visit;
struct feed;

/* How many of what there were since the start. */
enum { WEB_TIMES = 12 };
extern const int web_times[WEB_TIMES]; /* ms: upper ends of the classes of a histogram; the last has none */
struct web_histogram {
	uint64_t n[WEB_TIMES], ms;
};

struct web_counts {
	uint64_t requests, refused;        /* refused: with 4xx before a handler was asked */
	uint64_t by_class[6];              /* of replies: 2xx is by_class[2] */
	struct web_histogram here, search; /* from the whole request to the whole answer: of routes by where they run */
	uint64_t searches, searches_late, searches_full, searches_failed;
};

struct web {
	struct conf *conf;
	struct str prefix; /* "/" or "/mail/" */
	struct tls *tls;   /* NULL: HTTP */
	struct ipc_client *lookup;
	struct str why_key; /* of references to refusals (mail/reference.h); empty: there is none */
	struct rate *why_rate;
	size_t why_looking;                /* strangers whose look is under way */
	const char *search, *live, *queue; /* paths of sockets */
	int census;                        /* of SMTP sessions, to look at; -1: unknown */
	struct arena mem;

	/* Who has come in, who he is, how often an address tries to; logins whose answer waits for its time. */
	struct sessions *sessions;
	struct whois *whois;
	struct rate *logins;
	size_t held;
	struct web_control control;

	struct visit *visits; /* who is here */
	size_t nvisits;
	struct map clients; /* address -> struct web_client */
	struct feed *feeds; /* web/live.h */
	size_t nfeeds, nviewers;
	size_t bodies;    /* bytes of bodies that are read, or answered */
	size_t searching; /* questions that wait or are worked on */
	bool stopping;    /* each connection ends with its next reply */
	struct web_counts counts;
};

/* c outlives the server; takes tls (NULL: HTTP). */
void web_open(struct web *w, struct conf *c, struct tls *tls);
/* When nobody is here any more. */
void web_close(struct web *w);
/* Serve one client; takes the (non-blocking) socket. */
void web_take(struct web *w, int fd);
/* Let those who are here finish, until the deadline; then they are cut off.  True: all have left. */
bool web_stop(struct web *w, int64_t deadline);

/* ---- pieces of a request's way; each in the file of its name ---- */

struct web_route {
	enum web_method method;
	const char *path;
	enum web_role role;
	enum web_where { WEB_HERE, WEB_SEARCH, WEB_LIVE } where;
	int (*handler)(struct web *, const struct web_request *, struct web_reply *); /* NULL: not in this program */
	bool token;
	const char *doc;
};
extern const struct web_route web_routes[];
extern const size_t web_nroutes;

/* route.c: the row that a request is for; NULL: none, or (*other) one of another method. */
const struct web_route *web_route_of(const struct web_request *q, bool *other);
/* Answer a request that is decoded. */
void web_count_time(struct web_histogram *h, int64_t ms);
int web_answer(struct web *w, struct web_request *q, struct web_reply *r);

/* gatehouse.c: the table of sessions (fds of it and of the control socket become ours; -1: none was handed over), and
 * what else it takes to let somebody in.  After web_open(). */
int web_gatehouse_open(struct web *w, int sessions, int control, struct err *e);
void web_gatehouse_close(struct web *w);
/* Where people find the page, ending in '/': by the first of web { host }, or hostname, where they come from
 * elsewhere. */
struct str web_url(const struct conf *c, struct str prefix, struct arena *mem);

/* who.c: who asks?  Fills q->who by the cookie: 0; 503: it cannot be known now. */
int web_identify(struct web *w, struct web_request *q);
/* And what it is filled with. */
void web_who_is(const struct session *x, const struct account_now *who, struct str id, struct web_request *q);
/* Is he still let in, and to all that he could see then?  For what goes on for long; it waits, like any question. */
bool web_still(struct web *w, const struct web_who *was);

/* guard.c: is it for us, and of our own pages?  0, or the code of the refusal, with a sentence. */
bool web_trusts_proxy(const void *w, struct str address);
int web_guard_host(const struct web *w, const struct web_request *q, struct str local, const char **why);
int web_guard_origin(const struct web_request *q, struct str site, const char **why);

/* why.c: references are looked at from now on, with this key. */
void web_why_open(struct web *w, struct str key);

/* page.c: a file of src/page. */
int web_page(struct web *w, const struct web_request *q, struct web_reply *r);

/* search_ask.c: what telltale-search answers. */
int web_search(struct web *w, const struct web_route *route, const struct web_request *q, struct web_reply *r);

/* The handlers of routes.def. */
#define WEB_ROUTE(method, path, role, where, handler, token, doc) \
	int handler(struct web *w, const struct web_request *q, struct web_reply *r);
#include "web/routes.def"

#endif
