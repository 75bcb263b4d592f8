#include "gate/ip_spelling.h"

#include <string.h>
#include "base/buf.h"
#include "base/inet.h"

/* One way to write an address.  In `form` a letter is a part of it and `.` is anything but a digit, at least one byte:
 *	a b c d   the octets
 *	A B C D   with three digits
 *	L         the last two octets as one number
 *	N M       the address as one number, its bytes from the first or from the last
 *	H         the octets in hexadecimal
 * Without a `.` in it the spelling may stand between other digits. */
static const char *const four[] = {
	"a.b.c.d", "A.B.C.D", "a.B.C.D", "a.b.C.D", "a.b.c.D", /* 11.22.33.44, partly padded */
	"d.c.b.a", "d.c.b.A", "d.c.B.A", "d.C.B.A", "D.C.B.A", /* backwards */
	"d.a.b.c", "c.b.a.d",                                  /* the last one in front, or left in place */
	"d.c.ab",  "cd.a.b",  "a.b.cd",  "a.bcd",   "a.b.L",   /* partly run together */
	"abcd",    "ABCD",    "aBCD",    "abCD",    "abcD",    /* run together */
	"dcba",    "DCBA",    "N",       "M",       "H",
};

/* Of an IPv6 address: `groups` of so many hexadecimal digits, with anything between them that is no such digit. */
static const struct six_form {
	unsigned digits; /* in a group: 4 is as the address is written, 1 is as in ip6.arpa */
	bool padded, backwards, joined;
} six[] = {
	{ 4, true, false, false },                             /* 2001-0db8-0000-... */
	{ 4, false, false, false },                            /* 2001-db8-0-... */
	{ 4, true, true, false },   { 4, false, true, false }, /* its groups backwards */
	{ 4, true, false, true },                              /* 20010db8... */
	{ 1, true, false, false },  { 1, true, true, false },  /* 2-0-0-1-..., and as ip6.arpa has it */
	{ 1, true, true, true },
};

static bool is_hex(char c)
{
	return ascii_isdigit(c) || (c >= 'a' && c <= 'f');
}

/* Is the spelling at the start of name?  `.` is one byte or more that is not is_part(). */
static bool stands_here(struct str spelling, struct str name, bool (*is_part)(char))
{
	size_t k = 0;

	for (size_t i = 0; i < spelling.n; i++) {
		if (spelling.p[i] != '.') {
			if (k == name.n || name.p[k++] != spelling.p[i])
				return false;
			continue;
		}
		if (k == name.n || is_part(name.p[k]))
			return false;
		while (k < name.n && !is_part(name.p[k]))
			k++;
	}
	/* 1.2.3.4 does not stand in 1.2.3.45. */
	return str_chr(spelling, '.') < 0 || k == name.n || !is_part(name.p[k]);
}

static bool stands_in(struct str spelling, struct str name, bool (*is_part)(char))
{
	bool parts = str_chr(spelling, '.') >= 0;

	for (size_t i = 0; i + 1 <= name.n; i++) {
		bool inside = parts && i > 0 && is_part(name.p[i - 1]);

		if (!inside && stands_here(spelling, str_skip(name, i), is_part))
			return true;
	}
	return false;
}

static void put_four(struct buf *out, char part, const unsigned char o[4])
{
	if (part >= 'a' && part <= 'd')
		buf_num(out, o[part - 'a']);
	else if (part >= 'A' && part <= 'D')
		buf_fmt(out, "%03u", o[part - 'A']);
	else if (part == 'L')
		buf_num(out, o[2] * 256u + o[3]);
	else if (part == 'N')
		buf_num(out, ((uint64_t)o[0] << 24) + (o[1] << 16) + (o[2] << 8) + o[3]);
	else if (part == 'M')
		buf_num(out, ((uint64_t)o[3] << 24) + (o[2] << 16) + (o[1] << 8) + o[0]);
	else if (part == 'H')
		buf_fmt(out, "%02x%02x%02x%02x", o[0], o[1], o[2], o[3]);
	else
		buf_addc(out, part);
}

static bool four_in(const unsigned char o[4], struct str name)
{
	for (size_t i = 0; i < COUNT(four); i++) {
		BUF(spelling);

		for (const char *p = four[i]; *p != '\0'; p++)
			put_four(&spelling, *p, o);
		if (stands_in(buf_str(&spelling), name, ascii_isdigit))
			return true;
	}
	return false;
}

static void put_six(struct buf *out, const struct six_form *f, const unsigned char b[16])
{
	size_t n = 32 / f->digits;

	for (size_t k = 0; k < n; k++) {
		size_t i = f->backwards ? n - 1 - k : k;
		unsigned group =
		    f->digits == 4 ? b[2 * i] * 256u + b[2 * i + 1] : b[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;

		if (k > 0 && !f->joined)
			buf_addc(out, '.');
		if (f->digits == 4 && f->padded)
			buf_fmt(out, "%04x", group);
		else
			buf_fmt(out, "%x", group);
	}
}

/* 2001-db8--7: as it is written, where the longest run of zeros is left out. */
static bool short_in(const unsigned char b[16], struct str name)
{
	char text[INET6_ADDRSTRLEN];
	BUF(spelling);

	inet_ntop(AF_INET6, b, text, sizeof(text));
	for (const char *p = text; *p != '\0'; p++)
		if (*p != ':' || p[1] != ':')
			buf_addc(&spelling, (char)(*p == ':' ? '.' : *p));
	/* A short one would be found by chance. */
	return spelling.n >= 8 && stands_in(buf_str(&spelling), name, is_hex);
}

static bool six_in(const unsigned char b[16], struct str name)
{
	for (size_t i = 0; i < COUNT(six); i++) {
		BUF(spelling);

		put_six(&spelling, &six[i], b);
		if (stands_in(buf_str(&spelling), name, is_hex))
			return true;
	}
	return short_in(b, name);
}

bool ip_in_name(struct str ip, struct str name)
{
	unsigned char b[INET_BYTES_MAX];

	if (inet_bytes(AF_INET, ip, b))
		return four_in(b, name);
	return inet_bytes(AF_INET6, ip, b) && six_in(b, name);
}
