/* The words of the gate's refusals, and the link in them that leads to this very decision. */
#include "base/clock.h"
#include "mail/reference.h"
#include "session/session.h"

/* A reference of the same decision is the same text, so that what is said twice leads to one line of the log. */
static struct str reference(struct session *s, const struct policy *p, bool whole)
{
	struct reference x = { s->number, 2 * s->rcpts + whole, reference_day(s->began / 1000) };
	BUF(b);

	if (s->server->why_key.n == 0 || !gate_wants_reference(p))
		return STR("");
	reference_put(&b, s->server->why_key, &x);
	return arena_str(&s->scratch, buf_str(&b));
}

void session_refusal(struct session *s, const struct policy *p, const struct finding *by, struct reply *out)
{
	struct refusal_words w = { by->reason, by->more, reference(s, p, by->filter->at == AT_DATA) };

	gate_reply(p, &w, &s->scratch, out);
}

/* DATA for nobody is told for the last of those who were refused: that one is logged. */
void session_refusal_of(struct session *s, enum reason why, struct reply *out)
{
	const struct policy *p = &s->port->policy;
	struct refusal_words w = { why, STR(""), reference(s, p, why != REASON_ZERO_RECIPIENTS) };

	gate_reply(p, &w, &s->scratch, out);
}
