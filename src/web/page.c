#include "web/page.h"

#include <string.h>

#include "web/web.h"

static const struct page_file *find(struct str path)
{
	for (size_t i = 0; i < page_nfiles; i++)
		if (str_eqz(path, page_files[i].path))
			return &page_files[i];
	return NULL;
}

/* One of the tags of If-None-Match, which proxies may have called weak. */
static bool has_tag(struct str field, struct str tag)
{
	while (field.n > 0) {
		struct str one;

		(void)str_cut(field, STR(","), &one, &field);
		one = str_trim(one);
		if (str_starts(one, STR("W/")))
			one = str_skip(one, 2);
		if (str_eq(one, tag) || str_eqz(one, "*"))
			return true;
	}
	return false;
}

int web_page(struct web *w, const struct web_request *q, struct web_reply *r)
{
	const struct page_file *f = find(str_eqz(q->path, "/") ? STR("/index.html") : q->path);

	(void)w;
	if (f == NULL)
		return web_error(r, 404, "There is nothing at this address.");
	r->type = f->type;
	r->zipped = q->gzip && f->zipped.n > 0;
	r->still = r->zipped ? f->zipped : f->plain;
	r->etag = str_of(r->zipped ? f->zipped_tag : f->tag);
	r->max_age = -1;
	if (!has_tag(q->etag, r->etag))
		return web_good(r);
	r->zipped = false;
	r->code = 304;
	return r->code;
}
