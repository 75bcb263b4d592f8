#include "vouch/signatures.h"

void signatures_begin(struct signatures *s, struct arena *a, struct str header, int64_t now)
{
	canon_head_read(&s->head, a, header);
	body_init(&s->body);
	keyset_init(&s->keys, a);
	dkim_begin(&s->dkim, &s->head, &s->body, &s->keys, now);
	arc_begin(&s->arc, &s->head, &s->body, &s->keys);
}

bool signatures_any(const struct signatures *s)
{
	return s->keys.n > 0;
}

void signatures_body(struct signatures *s, struct str piece)
{
	body_add(&s->body, piece);
}

void signatures_end(struct signatures *s, const struct vouch_ask *ask, int64_t deadline)
{
	body_end(&s->body);
	keyset_ask(&s->keys, ask, deadline);
	dkim_end(&s->dkim, &s->head, &s->body);
	arc_end(&s->arc, &s->head, &s->body);
}

void signatures_clear(struct signatures *s)
{
	keyset_clear(&s->keys);
	body_clear(&s->body);
	canon_head_clear(&s->head);
}
