#include "base/buf.h"
#include "base/clock.h"
#include "dns/name.h"
#include "vouch/spf_inside.h"

enum {
	VALUE_MAX = 512,  /* of one macro: longer than any address */
	SLACK_MAX = 4096, /* an expansion that is longer is cut to VALUE_MAX while it grows */
};

/* "1.2.3.4", or 32 nibbles with dots */
static struct str dotted(const struct spf_run *r)
{
	BUF(b);

	if (r->family == AF_INET)
		return r->address;
	for (size_t i = 0; i < 16; i++)
		buf_fmt(&b, "%s%x.%x", i > 0 ? "." : "", r->ip[i] >> 4, r->ip[i] & 0xfu);
	return arena_str(r->a, buf_str(&b));
}

/* 7.3: the validated name; the current domain's own if there is one, or one below it */
static struct str client_name(struct spf_run *r)
{
	struct str below = STR("");

	spf_names(r);
	for (size_t i = 0; i < r->names_n; i++) {
		if (str_ieq(r->names[i], r->domain))
			return r->names[i];
		if (below.n == 0 && spf_name_within(r->names[i], r->domain))
			below = r->names[i];
	}
	if (below.n > 0)
		return below;
	return r->names_n > 0 ? r->names[0] : STR("unknown");
}

static struct str value(struct spf_run *r, char letter)
{
	switch (letter) {
	case 's':
		return r->sender;
	case 'l':
		return r->local;
	case 'o':
		return r->sender_domain;
	case 'd':
		return r->domain;
	case 'i':
		return dotted(r);
	case 'p':
		return client_name(r);
	case 'v':
		return r->family == AF_INET ? STR("in-addr") : STR("ip6");
	case 'h':
		return r->helo;
	case 'c':
		return r->address;
	case 'r':
		return r->host.n > 0 ? r->host : STR("unknown");
	default:
		return arena_num(r->a, (uint64_t)(clock_wall() / 1000));
	}
}

static bool is_unreserved(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void put(struct buf *b, struct str s, bool escape)
{
	for (size_t i = 0; i < s.n; i++)
		if (escape && !is_unreserved(s.p[i]))
			buf_fmt(b, "%%%02X", (unsigned char)s.p[i]);
		else
			buf_addc(b, s.p[i]);
}

static size_t split(struct str v, struct str delimiters, struct str parts[VALUE_MAX + 1])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= v.n; i++) {
		if (i < v.n && str_chr(delimiters, v.p[i]) < 0)
			continue;
		parts[n++] = str_mem(v.p + from, i - from);
		from = i + 1;
	}
	return n;
}

/* 7.1: split, reverse, keep the right-hand parts, join with dots */
static void put_macro(struct spf_run *r, const struct spf_piece *p, struct buf *b)
{
	struct str v = str_take(value(r, p->letter), VALUE_MAX);
	size_t n, skip;

	if (v.n == 0)
		return;
	if (r->parts == NULL)
		r->parts = arena_alloc(r->a, (VALUE_MAX + 1) * sizeof(*r->parts));
	n = split(v, p->delimiters.n > 0 ? p->delimiters : STR("."), r->parts);
	skip = p->keep > 0 && p->keep < n ? n - p->keep : 0;
	for (size_t i = skip; i < n; i++) {
		if (i > skip)
			buf_addc(b, '.');
		put(b, r->parts[p->reverse ? n - 1 - i : i], p->escape);
	}
}

struct str spf_expand(struct spf_run *r, struct str text, bool explanation)
{
	struct cur c = cur_of(text);
	struct spf_piece p;
	BUF(b);

	while (spf_piece_next(&c, explanation, &p)) {
		if (p.letter != '\0')
			put_macro(r, &p, &b);
		else
			buf_addstr(&b, p.literal);
		if (b.n <= SLACK_MAX)
			continue;
		if (explanation)
			break;
		buf_cut(&b, b.n - VALUE_MAX);
	}
	return arena_str(r->a, buf_str(&b));
}

struct str spf_target(struct spf_run *r, struct str spec)
{
	struct str name, label, rest;

	if (spec.n == 0)
		return r->domain;
	name = spf_expand(r, spec, false);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > DNS_NAME_TEXT_MAX && str_cut(name, STR("."), &label, &rest))
		name = rest;
	return name;
}
