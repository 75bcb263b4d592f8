/* Lists in DNS (RFC 5782): is it on one of them, and what does that one say?
 *
 * All lists of the policy are asked at once.  The text of a listing is asked for when there is one, so that
 * a client who is on no list waits for one answer only.  A list that gives no answer, or an answer that is
 * none of a list's, is an error and no listing; if another list has a hit, the hit counts. */
#include <string.h>
#include "gate/facts_inside.h"
#include "gate/ip_range.h"

enum { TEXT_MAX = 200, TROUBLES_MAX = 8 };

/* What one answer of a list means. */
enum means { MEANS_LISTED, MEANS_OTHER, MEANS_TROUBLE };

/* 127.255.255.x says "you may not ask" (Spamhaus), 127.0.0.1 likewise (SURBL, URIBL); who asked for it by name knows. */
static enum means meaning(const struct list_zone *z, struct str rdata)
{
	const unsigned char *b = (const unsigned char *)rdata.p;
	struct ip at = { .b = { 4 } };

	if (rdata.n != 4 || b[0] != 127 || (b[1] == 255 && b[2] == 255))
		return MEANS_TROUBLE;
	memcpy(&at.b[13], b, 4);
	for (size_t i = 0; i < z->ncodes; i++)
		if (memcmp(&z->codes[i].from, &at, sizeof(at)) <= 0 && memcmp(&at, &z->codes[i].to, sizeof(at)) <= 0)
			return MEANS_LISTED;
	if (b[1] == 0 && b[2] == 0 && b[3] == 1)
		return MEANS_TROUBLE;
	return z->ncodes == 0 ? MEANS_LISTED : MEANS_OTHER;
}

static struct str octets(struct str rdata, struct arena *a)
{
	const unsigned char *b = (const unsigned char *)rdata.p;

	return rdata.n == 4 ? arena_fmt(a, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]) : STR("something");
}

/* "7.2.0.192.zen.example", "mail.example.com.rhs.example"; empty: there is nothing to ask about. */
static struct str name_in(const struct source *s, const struct facts *f, const struct list_zone *z, struct arena *a)
{
	struct str about = s->about(f), rest;

	if (about.n == 0)
		return about;
	if (s->address) {
		about = dns_reverse_name(about, a);
		if (!str_cut(about, STR(".in-addr."), &about, &rest))
			str_cut(about, STR(".ip6."), &about, &rest);
	}
	return arena_fmt(a, "%.*s.%.*s", STR_ARG(about), STR_ARG(z->name));
}

void facts_ask_lists(const struct source *s, struct wave *w)
{
	struct policy_zones each = policy_zones_of(w->f->policy, s->list);
	const struct list_zone *z;

	while ((z = policy_next_zone(&each)) != NULL) {
		struct str name = name_in(s, w->f, z, &w->f->kept);

		if (name.n > 0)
			wave_want(w, name, DNS_A);
	}
}

/* The first answer that counts makes *out; else what is wrong with the list, if anything, stands in *trouble. */
static bool on_list(const struct dns_question *q, const struct list_zone *z, struct arena *a, struct listed *out,
		    struct str *trouble)
{
	*trouble = STR("");
	if (q->status == DNS_FAILED)
		*trouble = arena_fmt(a, "%.*s: %.*s", STR_ARG(z->name), STR_ARG(q->why));
	for (size_t i = 0; q->status == DNS_FOUND && i < q->n; i++) {
		enum means what = meaning(z, q->rdata[i]);

		if (what == MEANS_TROUBLE)
			*trouble = arena_fmt(a, "%.*s answers %.*s, which is no listing", STR_ARG(z->name),
					     STR_ARG(octets(q->rdata[i], a)));
		if (what != MEANS_LISTED)
			continue;
		*out = (struct listed){ .zone = z->name, .asked = q->name, .answer = octets(q->rdata[i], a) };
		return true;
	}
	return false;
}

/* "one: no answer in time; two: SERVFAIL and 3 more" */
static struct str troubles(const struct str *all, size_t n, struct arena *a)
{
	BUF(b);

	for (size_t i = 0; i < n && i < TROUBLES_MAX; i++) {
		buf_adds(&b, i > 0 ? "; " : "");
		buf_addstr(&b, all[i]);
	}
	if (n > TROUBLES_MAX)
		buf_fmt(&b, " and %zu more", n - TROUBLES_MAX);
	return arena_str(a, buf_str(&b));
}

void facts_take_lists(const struct source *s, struct facts *f)
{
	struct listed *to = &f->listed[s->fact - FACT_DNSWL];
	struct policy_zones each = policy_zones_of(f->policy, s->list);
	struct str trouble[TROUBLES_MAX], one;
	const struct list_zone *z;
	size_t n = 0;

	*to = (struct listed){ 0 };
	while (to->zone.n == 0 && (z = policy_next_zone(&each)) != NULL) {
		struct str name = name_in(s, f, z, &f->kept);

		if (name.n == 0)
			continue;
		if (on_list(facts_answer(f, name, DNS_A), z, &f->kept, to, &one))
			to->about = arena_str(&f->kept, s->about(f));
		else if (one.n > 0 && n++ < TROUBLES_MAX)
			trouble[n - 1] = one;
	}
	if (to->zone.n == 0 && n > 0)
		facts_fail(f, s->fact, troubles(trouble, n, &f->kept));
	else
		facts_know(f, s->fact);
}

/* ---- what it says ---- */

static const struct listed *listing(const struct source *s, const struct facts *f)
{
	return facts_listed(f, s->of);
}

void facts_ask_text(const struct source *s, struct wave *w)
{
	if (listing(s, w->f)->zone.n > 0)
		wave_want(w, listing(s, w->f)->asked, DNS_TXT);
}

/* The strings of a TXT record put together; what a line of a reply cannot hold is a `?`, and all of it is limited. */
static struct str text_of(struct str rdata, struct arena *a)
{
	char *text = arena_alloc(a, TEXT_MAX + 1);
	size_t n = 0;

	while (rdata.n > 0) {
		size_t part = (unsigned char)rdata.p[0];
		struct str piece = str_take(str_skip(rdata, 1), part);

		for (size_t i = 0; i < piece.n && n < TEXT_MAX; i++)
			text[n++] = (char)(ascii_isprint(piece.p[i]) ? piece.p[i] : '?');
		rdata = str_skip(rdata, 1 + part);
	}
	return str_trim(str_mem(text, n));
}

/* No text is no error: the listing stands without. */
void facts_take_text(const struct source *s, struct facts *f)
{
	struct listed *to = &f->listed[s->of - FACT_DNSWL];
	const struct dns_question *q;

	facts_know(f, s->fact);
	if (to->zone.n == 0)
		return;
	q = facts_answer(f, to->asked, DNS_TXT);
	if (q->status == DNS_FOUND && q->n > 0)
		to->text = text_of(q->rdata[0], &f->kept);
}
