#include "web/request.h"

#include <stdio.h>

#include "base/json.h"

const char *const web_roles[] = { "nobody", "mailbox", "domain", "administrator" };

static const struct web_param *find(const struct web_request *q, const char *name)
{
	for (size_t i = 0; i < q->nparams; i++)
		if (str_eqz(q->params[i].name, name))
			return &q->params[i];
	return NULL;
}

struct str web_param(const struct web_request *q, const char *name)
{
	const struct web_param *p = find(q, name);

	return p != NULL ? p->value : STR("");
}

bool web_has_param(const struct web_request *q, const char *name)
{
	return find(q, name) != NULL;
}

void web_reply_clear(struct web_reply *r)
{
	buf_clear(&r->body);
	*r = (struct web_reply){ 0 };
}

int web_error(struct web_reply *r, int code, const char *fmt, ...)
{
	struct json j;
	BUF(words);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&words, fmt, ap);
	va_end(ap);
	buf_reset(&r->body);
	r->still = STR("");
	r->zipped = false;
	r->type = NULL;
	j = json_to(&r->body);
	json_begin_object(&j);
	json_key(&j, "error"), json_str(&j, buf_str(&words));
	json_end_object(&j);
	buf_addc(&r->body, '\n');
	r->code = code;
	return code;
}

int web_good(struct web_reply *r)
{
	r->code = 200;
	return r->code;
}
