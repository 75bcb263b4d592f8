#include "base/clock.h"
#include "web/live.h"

/* Handlers that run in telltale-search are not part of this program. */
#define IN_HERE(handler) handler
#define IN_SEARCH(handler) NULL
#define IN_LIVE(handler) NULL
#define TOKEN true
#define OPEN false
#define WEB_ROUTE(method, path, role, where, handler, token, doc) \
	{ WEB_##method, path, WEB_##role, WEB_##where, IN_##where(handler), token, doc },
const struct web_route web_routes[] = {
#include "web/routes.def"
};
const size_t web_nroutes = COUNT(web_routes);

static bool fits(const char *row, struct str path)
{
	struct str pattern = str_of(row);

	if (str_ends(pattern, STR("/*")))
		return path.n >= pattern.n && str_starts(path, str_take(pattern, pattern.n - 1));
	return str_eq(path, pattern);
}

const struct web_route *web_route_of(const struct web_request *q, bool *other)
{
	*other = false;
	for (size_t i = 0; i < web_nroutes; i++) {
		if (!fits(web_routes[i].path, q->path))
			continue;
		if (web_routes[i].method == q->method)
			return &web_routes[i];
		*other = true;
	}
	return NULL;
}

/* Bytes that tell how long the equal part was would tell the token. */
static bool same_secret(struct str a, struct str b)
{
	unsigned char differs = 0;

	if (a.n != b.n || a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differs |= (unsigned char)(a.p[i] ^ b.p[i]);
	return differs == 0;
}

static int may(const struct web_route *route, const struct web_request *q, struct web_reply *r)
{
	if (q->who.role < route->role && q->who.role == WEB_NOBODY)
		return web_error(r, 401, "Please log in first.");
	if (q->who.role < route->role)
		return web_error(r, 403, "This is for %s only.",
				 route->role == WEB_ADMIN ? "administrators" : "owners of a domain");
	if (route->token && !same_secret(q->token, q->who.token))
		return web_error(r, 403,
				 "The request lacks the token of this session (X-Telltale-Token, from api/me).");
	return 0;
}

int web_answer(struct web *w, struct web_request *q, struct web_reply *r)
{
	int64_t began = clock_mono();
	bool other;
	const struct web_route *route = web_route_of(q, &other);
	int code;

	if (other && route == NULL)
		return web_error(r, 405, "%s is not for this address.", q->method == WEB_GET ? "GET" : "POST");
	if (route == NULL && q->method == WEB_POST)
		return web_error(r, 404, "There is nothing at this address.");
	if (route == NULL)
		return web_page(w, q, r);
	if (web_identify(w, q) != 0) {
		r->retry_after = 5;
		return web_error(r, 503, "Who you are cannot be looked up now. Please try again in a moment.");
	}
	code = may(route, q, r);
	if (code != 0)
		return code;
	if (route->where == WEB_LIVE)
		return live_join(w, q, r);
	code = route->where == WEB_HERE ? route->handler(w, q, r) : web_search(w, route, q, r);
	web_count_time(route->where == WEB_HERE ? &w->counts.here : &w->counts.search, clock_mono() - began);
	return code;
}
