#include "gate/gate.h"

static int number(const struct policy *p, enum reason why)
{
	return why == REASON_RDNS_MISSING ? (int)p->set.rejection_code_empty_rdns : reason_row(why)->reply;
}

/* " See: URL#CODE", or with CODE right behind a URL that ends in "=". */
static void put_link(struct buf *b, struct str url, const char *code)
{
	if (url.n == 0)
		return;
	buf_fmt(b, " See: %.*s%s%s", STR_ARG(url), str_ends(url, STR("=")) ? "" : "#", code);
}

/* What the postmaster wants said instead of the stock text. */
static const size_t texts[] = {
#define CONF_REPLY(s, f, o, reason, help) [REASON_##reason] = offsetof(struct conf_gate, f) + 1,
#include "base/options.def"
};

struct str gate_text(const struct policy *p, enum reason why)
{
	if ((size_t)why >= COUNT(texts) || texts[why] == 0)
		return STR("");
	return *(const struct str *)((const char *)&p->set + texts[why] - 1);
}

/* Our own text has a `*` where something varies; behind the postmaster's it stands at the end. */
static void put_text(struct buf *b, const struct policy *p, enum reason why, struct str more)
{
	struct str own = gate_text(p, why), text = own.n > 0 ? own : str_of(reason_row(why)->text), tail;

	if (own.n > 0 || !str_cut(text, STR("*"), &text, &tail))
		tail = STR("");
	buf_addstr(b, text);
	if (own.n > 0 && more.n > 0 && !str_ends(own, STR(" ")))
		buf_addc(b, ' ');
	buf_addstr(b, more);
	buf_addstr(b, tail);
}

void gate_reply(const struct policy *p, enum reason why, struct str more, struct arena *a, struct reply *out)
{
	const struct reason_row *row = reason_row(why);
	BUF(b);

	put_text(&b, p, why, more);
	if (why == REASON_RDNS_MISSING)
		buf_fmt(&b, " Contact %.*s for details.", STR_ARG(p->contact));
	put_link(&b, p->set.policy_url, row->code);
	out->code = number(p, why);
	out->enhanced = row->enhanced[0] == '\0' ? "" : arena_fmt(a, "%d.%s", out->code / 100, row->enhanced).p;
	out->text = arena_str(a, buf_str(&b));
}
