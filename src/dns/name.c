#include "dns/name.h"

#include <stdio.h>

#include "base/inet.h"
#include "dns/dns.h"

static bool may_ask(char c)
{
	return c >= ' ' && c < 0x7f && c != '\\' && c != '"' && c != '.';
}

static bool may_come_back(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_';
}

static bool label_ok(struct str label, bool (*may)(char))
{
	if (label.n == 0 || label.n > DNS_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!may(label.p[i]))
			return false;
	return true;
}

bool dns_name_ok(struct str name)
{
	struct str label;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > DNS_NAME_TEXT_MAX)
		return false;
	while (str_cut(name, STR("."), &label, &name))
		if (!label_ok(label, may_ask))
			return false;
	return label_ok(label, may_ask);
}

size_t dns_name_put(struct buf *out, struct str wire)
{
	size_t start = out->n, at = 0;

	while (at < wire.n && at < DNS_NAME_WIRE_MAX && wire.p[at] != 0) {
		size_t length = (unsigned char)wire.p[at];
		struct str label = str_take(str_skip(wire, at + 1), length);

		if (label.n != length || !label_ok(label, may_come_back))
			break;
		if (at > 0)
			buf_addc(out, '.');
		for (size_t i = 0; i < label.n; i++)
			buf_addc(out, ascii_lower(label.p[i]));
		at += 1 + length;
	}
	if (at >= wire.n || at >= DNS_NAME_WIRE_MAX || wire.p[at] != 0) {
		buf_trunc(out, start);
		return 0;
	}
	if (at == 0)
		buf_addc(out, '.');
	return at + 1;
}

struct str dns_name_of(struct str rdata, struct arena *a)
{
	BUF(text);

	dns_name_put(&text, rdata);
	return arena_str(a, buf_str(&text));
}

static struct str reverse_v6(const unsigned char *byte, struct arena *a)
{
	BUF(text);

	for (int i = 15; i >= 0; i--)
		buf_fmt(&text, "%x.%x.", byte[i] & 0xfu, byte[i] >> 4);
	buf_adds(&text, "ip6.arpa");
	return arena_str(a, buf_str(&text));
}

static struct str reverse_v4(const unsigned char *bytes, struct arena *a)
{
	BUF(b);

	for (int i = 3; i >= 0; i--) {
		buf_num(&b, bytes[i]);
		buf_addc(&b, '.');
	}
	buf_adds(&b, "in-addr.arpa");
	return arena_str(a, buf_str(&b));
}

struct str dns_reverse_name(struct str ip, struct arena *a)
{
	unsigned char b[INET_BYTES_MAX];

	if (inet_bytes(AF_INET, ip, b))
		return reverse_v4(b, a);
	if (inet_bytes(AF_INET6, ip, b))
		return reverse_v6(b, a);
	return STR("");
}

struct str dns_address(const struct dns_question *q, size_t i, struct arena *a)
{
	char text[INET6_ADDRSTRLEN];
	size_t want = q->type == DNS_A ? 4 : 16;

	if (q->status != DNS_FOUND || i >= q->n || q->rdata[i].n != want)
		return STR("");
	if (inet_ntop(q->type == DNS_A ? AF_INET : AF_INET6, q->rdata[i].p, text, sizeof(text)) == NULL)
		return STR("");
	return arena_str(a, str_of(text));
}
