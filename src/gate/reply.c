#include "gate/gate.h"

static int number(const struct policy *p, enum reason why)
{
	return why == REASON_RDNS_MISSING ? (int)p->set.rejection_code_empty_rdns : reason_row(why)->reply;
}

static const struct str ref = STR_INIT("%ref");

bool gate_wants_reference(const struct policy *p)
{
	return str_find(p->set.policy_url, ref) >= 0;
}

/* " See: https://host/why/AaqMsAkB...": the reference says all. */
static void put_reference(struct buf *b, struct str url, struct str reference)
{
	size_t before = b->n;
	ptrdiff_t at;

	buf_adds(b, " See: ");
	for (; (at = str_find(url, ref)) >= 0; url = str_skip(url, (size_t)at + ref.n)) {
		buf_addstr(b, str_take(url, (size_t)at));
		buf_addstr(b, reference);
	}
	buf_addstr(b, url);
	if (b->n > GATE_REPLY_MAX)
		buf_trunc(b, before);
}

/* " See: URL#CODE", or with CODE right behind a URL that ends in "=". */
static void put_link(struct buf *b, const struct policy *p, const struct refusal_words *w)
{
	struct str url = p->set.policy_url;

	if (url.n == 0)
		return;
	if (gate_wants_reference(p))
		put_reference(b, url, w->reference.n > 0 ? w->reference : ref);
	else
		buf_fmt(b, " See: %.*s%s%s", STR_ARG(url), str_ends(url, STR("=")) ? "" : "#",
			reason_row(w->why)->code);
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

void gate_reply(const struct policy *p, const struct refusal_words *w, struct arena *a, struct reply *out)
{
	const struct reason_row *row = reason_row(w->why);
	BUF(b);

	put_text(&b, p, w->why, w->more);
	if (w->why == REASON_RDNS_MISSING)
		buf_fmt(&b, " Contact %.*s for details.", STR_ARG(p->contact));
	put_link(&b, p, w);
	out->code = number(p, w->why);
	out->enhanced = row->enhanced[0] == '\0' ? "" : arena_fmt(a, "%d.%s", out->code / 100, row->enhanced).p;
	out->text = arena_str(a, buf_str(&b));
}
