#include "mail/addr.h"

#include <string.h>
#include "base/inet.h"

/* RFC 5322 atext and the dot.  Where the dots stand is not our business: addresses
 * like `a..b@x` and `a.@x` exist, and refusing them helps nobody. */
static bool is_local(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool is_domain(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
}

static bool is_literal(char c)
{
	return ascii_isalnum(c) || c == ':' || c == '.' || c == '-';
}

static bool is_route(char c)
{
	return is_domain(c) || c == '@' || c == ',';
}

static bool all(struct str s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return true;
}

bool addr_local_plain(struct str local)
{
	return all(local, is_local);
}

static bool label_ok(struct str l)
{
	return l.n > 0 && l.n <= 63 && l.p[0] != '-' && l.p[l.n - 1] != '-';
}

static bool literal_ok(struct str s)
{
	unsigned char bytes[INET_BYTES_MAX];
	bool six = str_istarts(s, STR("IPv6:"));

	return inet_bytes(six ? AF_INET6 : AF_INET, six ? str_skip(s, 5) : s, bytes);
}

bool addr_domain_ok(struct str domain)
{
	struct str label;

	if (domain.n == 0 || domain.n > ADDR_DOMAIN_MAX)
		return false;
	if (domain.p[0] == '[')
		return domain.p[domain.n - 1] == ']' && literal_ok(str_mem(domain.p + 1, domain.n - 2));
	if (!all(domain, is_domain))
		return false;
	while (str_cut(domain, STR("."), &label, &domain))
		if (!label_ok(label))
			return false;
	return label_ok(label);
}

/* quoted = DQUOTE *( 0x20..0x7e except DQUOTE and "\" | "\" 0x20..0x7e ) DQUOTE   (RFC 5321 4.1.2) */
static struct str quoted_local(struct cur *c, struct arena *a)
{
	char plain[ADDR_LOCAL_MAX];
	size_t n = 0;

	cur_want(c, '"', "expected a quote");
	while (cur_ok(c) && !cur_try(c, '"')) {
		int ch = cur_next(c);

		if (ch == '\\')
			ch = cur_next(c);
		if (ch < 0x20 || ch > 0x7e)
			cur_fail(c, "bad quoted local part");
		else if (n == sizeof(plain))
			cur_fail(c, "local part too long");
		else
			plain[n++] = (char)ch;
	}
	return cur_ok(c) ? arena_str(a, str_mem(plain, n)) : str_of(NULL);
}

static void parse_local(struct cur *c, struct arena *a, struct addr *x)
{
	if (cur_peek(c) == '"') {
		x->local = quoted_local(c, a);
		x->quoted = !addr_local_plain(x->local);
	} else {
		x->local = cur_span(c, is_local, "bad local part");
	}
	if (x->local.n == 0)
		cur_fail(c, "empty local part");
	if (x->local.n > ADDR_LOCAL_MAX)
		cur_fail(c, "local part too long");
}

static void parse_domain(struct cur *c, struct addr *x)
{
	const char *from = c->p;

	if (cur_try(c, '[')) {
		cur_span(c, is_literal, "bad address literal");
		cur_want(c, ']', "bad address literal");
	} else {
		cur_span(c, is_domain, "bad domain");
	}
	if (cur_ok(c) && !addr_domain_ok(str_mem(from, (size_t)(c->p - from))))
		cur_fail(c, "bad domain");
	if (cur_ok(c))
		x->domain = str_mem(from, (size_t)(c->p - from));
}

/* path = "<" [ [ route ":" ] local [ "@" domain ] ] ">"; route = "@" domain *( "," "@" domain ) */
int addr_parse_path(struct cur *c, struct arena *a, struct addr *out)
{
	struct addr x = { 0 };

	cur_want(c, '<', "expected <");
	if (cur_peek(c) != '>') {
		if (cur_peek(c) == '@') {
			cur_span(c, is_route, "bad source route");
			cur_want(c, ':', "bad source route");
		}
		parse_local(c, a, &x);
		if (cur_try(c, '@'))
			parse_domain(c, &x);
	}
	cur_want(c, '>', "expected >");
	if (!cur_ok(c))
		return -1;
	*out = x;
	return 0;
}

int addr_parse(struct str s, struct arena *a, struct addr *out)
{
	struct cur c = cur_of(s);
	struct addr x = { 0 };

	parse_local(&c, a, &x);
	cur_want(&c, '@', "expected @");
	parse_domain(&c, &x);
	if (!cur_ok(&c) || !cur_end(&c))
		return -1;
	*out = x;
	return 0;
}

bool addr_null(const struct addr *x)
{
	return x->local.n == 0 && x->domain.n == 0;
}

bool addr_is_nobody(struct str sender)
{
	return sender.n == 0 || str_eqz(sender, "#@[]");
}

static void put_quoted(struct buf *b, struct str local)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, local.p[i]);
	}
	buf_addc(b, '"');
}

void addr_put(struct buf *b, const struct addr *x)
{
	if (x->quoted)
		put_quoted(b, x->local);
	else
		buf_addstr(b, x->local);
	if (x->domain.n > 0) {
		buf_addc(b, '@');
		buf_addstr(b, x->domain);
	}
}

struct str addr_text(struct arena *a, const struct addr *x)
{
	BUF(b);

	addr_put(&b, x);
	return arena_str(a, buf_str(&b));
}

struct str addr_named(struct arena *a, const struct addr *x)
{
	BUF(b);

	buf_addstr(&b, x->local);
	if (x->domain.n > 0) {
		buf_addc(&b, '@');
		buf_addstr(&b, x->domain);
	}
	return arena_str(a, buf_str(&b));
}

struct str addr_key(struct arena *a, const struct addr *x)
{
	return arena_lower(a, addr_named(a, x));
}
