/* What stands in the logs, on its way into JSON. */
#include "trace/writer.h"

/* A string from the logs: masked first, so that no part of an address escapes by its form. */
void writer_put(struct writer *w, struct str s)
{
	BUF(masked);

	scope_mask(&w->r->scope, &masked, s);
	json_str(&w->j, buf_str(&masked));
}

void writer_line(struct writer *w, const struct line *x)
{
	BUF(masked);

	scope_mask_line(&w->r->scope, &w->r->book, &masked, x);
	json_str(&w->j, buf_str(&masked));
}

void writer_known(struct writer *w, const char *key, struct str s)
{
	json_key(&w->j, key);
	if (s.n > 0)
		writer_put(w, s);
	else
		json_none(&w->j);
}

void writer_number(struct writer *w, const char *key, uint64_t n)
{
	json_key(&w->j, key);
	if (n > 0)
		json_num(&w->j, (int64_t)n);
	else
		json_none(&w->j);
}

void writer_time(struct writer *w, const char *key, int64_t utc, bool known)
{
	BUF(b);

	json_key(&w->j, key);
	if (!known) {
		json_none(&w->j);
		return;
	}
	answer_time(&b, w->r, utc);
	json_str(&w->j, buf_str(&b));
}
