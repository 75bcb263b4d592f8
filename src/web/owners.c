#include "web/owners.h"

#include "base/clock.h"
#include "base/json.h"

enum { WAIT = 10000 /* ms */, WORD_MAX = 512 };

void owners_word(struct buf *b, struct str word)
{
	if (b->n > 0)
		buf_addc(b, '\0');
	buf_addstr(b, word);
}

bool owners_is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= WORD_MAX && s.p[0] != '-';
}

int owners_ask(struct web *w, const struct web_request *q, const struct buf *words, struct own_told *told,
	       struct web_reply *r)
{
	struct err e = { 0 };
	struct lookup_call call = { .mem = q->mem, .deadline = deadline_in(WAIT), .e = &e };
	struct json j;

	if (lookup_own(w->lookup, buf_str(words), &call, told) < 0)
		return web_error(r, 503, "The accounts cannot be asked now; please try again.");
	if (told->status == 0)
		return 0;
	if (told->status != OWN_ASKS)
		return web_error(r, 400, "%.*s.", STR_ARG(told->message));
	r->code = 400;
	j = json_to(&r->body);
	json_begin_object(&j);
	json_key(&j, "error"), json_str(&j, told->message);
	json_key(&j, "sure"), json_bool(&j, true); /* what is missing */
	json_end_object(&j);
	return r->code;
}
