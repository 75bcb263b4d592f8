/* What the graylist knows, asked of telltale-lookup. */
#include <string.h>

#include "base/clock.h"
#include "base/inet.h"
#include "gate/facts.h"

enum { ASK_MS = 2000 };

/* The network that a provider is likely to send all tries from: /24, or /64. */
static struct str network_of(struct str ip, struct arena *a)
{
	unsigned char b[INET_BYTES_MAX];
	char text[INET6_ADDRSTRLEN];

	if (inet_bytes(AF_INET, ip, b))
		return arena_fmt(a, "%u.%u.%u.0", b[0], b[1], b[2]);
	if (!inet_bytes(AF_INET6, ip, b))
		return STR("");
	memset(b + 8, 0, 8);
	return arena_str(a, str_of(inet_ntop(AF_INET6, b, text, sizeof(text))));
}

void facts_gray_key(const struct facts *f, struct gray_key *out)
{
	*out = (struct gray_key){ .rcpt = f->rcpt, .sender = f->sender };
	if (f->policy->set.graylist_network)
		out->network = network_of(f->ip, f->mem);
}

/* It is a question about a recipient that exists. */
void facts_ask_graylist(struct facts *f)
{
	struct fact_state *at = &f->at[FACT_GRAYLIST];
	int64_t began = clock_mono();
	struct gray_key key;
	struct err e = { 0 };

	if (at->status != FACT_UNKNOWN || f->at[FACT_RECIPIENT].status != FACT_KNOWN)
		return;
	facts_gray_key(f, &key);
	f->gray_asked = clock_wall();
	if (lookup_gray(f->lookup, &key, &f->gray, deadline_in(ASK_MS), &e) == 0) {
		at->status = FACT_KNOWN;
	} else {
		at->status = FACT_FAILED;
		at->why = arena_str(f->mem, str_of(e.text));
	}
	at->ms = clock_mono() - began;
}
