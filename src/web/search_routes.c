#include "web/search.h"
#include "web/web.h"

#define IN_HERE(handler) NULL
#define IN_SEARCH(handler) handler
#define IN_LIVE(handler) NULL
#define WEB_ROUTE(method, path, role, where, handler, token, doc) \
	{ WEB_##method, path, WEB_##role, IN_##where(handler) },
static const struct {
	enum web_method method;
	const char *path;
	enum web_role role;
	int (*handler)(struct web *, const struct web_request *, struct web_reply *);
} routes[] = {
#include "web/routes.def"
};

static bool fits(const char *row, struct str path)
{
	struct str pattern = str_of(row);

	if (str_ends(pattern, STR("/*")))
		return path.n >= pattern.n && str_starts(path, str_take(pattern, pattern.n - 1));
	return str_eq(path, pattern);
}

void search_answer(struct web *w, const struct web_request *q, struct web_reply *r)
{
	for (size_t i = 0; i < COUNT(routes); i++) {
		if (routes[i].method != q->method || !fits(routes[i].path, q->path) || routes[i].handler == NULL)
			continue;
		if (q->who.role < routes[i].role)
			(void)web_error(r, 403, "This is not yours to see.");
		else
			(void)routes[i].handler(w, q, r);
		return;
	}
	(void)web_error(r, 404, "There is nothing at this address.");
}
