/* web/search.h - telltale-search: the one program that reads logs for the page.
 *
 * Questions come over run/search.sock, one on each connection, one at a time; several of these programs share the
 * socket, and whoever is idle takes the next.  A question that takes too long, whose asker has left for
 * some time, or that needs too much memory ends the program: telltaled starts it again, and nobody else has noticed.
 */
#ifndef WEB_SEARCH_H
#define WEB_SEARCH_H

#include "base/conf.h"
#include "base/err.h"
#include "web/request.h"

struct search_set {
	struct conf *conf;
	int service, signals;
};

/* Serve until a signal; 0, or -1 when it could not begin. */
int search_serve(const struct search_set *set, struct err *e);

/* search_routes.c: answer a request, by the handlers of routes.def that are of this program. */
void search_answer(struct web *w, const struct web_request *q, struct web_reply *r);

#endif
