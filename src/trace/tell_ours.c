/* What another server says of the server that sent, when that was this one: who must act is our postmaster. */
#include "trace/tell_parts.h"

struct swap {
	const char *said, *ours;
};

/* The words of words/ speak to a reader who may be anywhere. */
static const struct swap swaps[] = {
	{ "The sender's mail administrator", "Our postmaster" },
	{ "the sender's mail administrator", "our postmaster" },
	{ "The postmaster of the sending server", "Our postmaster" },
	{ "The sender's mail or network provider publishes", "Our postmaster publishes" },
	{ "The sending server", "This server" },
	{ "the sending server", "this server" },
};
/* What is tried again by itself nobody sends anew. */
static const struct swap again[] = {
	{ "; then the sender sends anew", "" },
	{ "The sender sends anew later; if it stays so, the postmaster", "If it stays so, the postmaster" },
};

static struct str swapped(struct arena *a, struct str text, const struct swap *w, bool *found)
{
	struct str said = str_of(w->said);
	ptrdiff_t at;
	BUF(b);

	while ((at = str_find(text, said)) >= 0) {
		buf_addstr(&b, str_take(text, (size_t)at));
		buf_adds(&b, w->ours);
		text = str_skip(text, (size_t)at + said.n);
		*found = true;
	}
	buf_addstr(&b, text);
	return arena_str(a, buf_str(&b));
}

struct str tell_as_ours(struct arena *a, struct str text, bool for_now, bool *ours)
{
	bool ignored = false;

	*ours = false;
	for (size_t i = 0; i < COUNT(swaps); i++)
		text = swapped(a, text, &swaps[i], ours);
	for (size_t i = 0; for_now && i < COUNT(again); i++)
		text = swapped(a, text, &again[i], &ignored);
	return text;
}
