/* Patterns of the other servers' rows against the text of a line. */
#include <string.h>

#include "base/cur.h"
#include "logs/foreign.h"

enum { STEPS = 32 }; /* places looked at for one row: a hostile line costs no more */

static const struct str field_names[FOREIGN_FIELDS] = {
#define FOREIGN_FIELD(name) [FF_##name] = STR_INIT(#name),
#include "logs/foreign.def"
#undef FOREIGN_FIELD
};

struct fitter {
	struct foreign_line *out;
	int steps;
};

/* The literal at the front of a pattern. */
static struct str literal_of(const char *p)
{
	return str_mem(p, strcspn(p, "{[]"));
}

static int field_of(struct str name)
{
	for (int f = 0; f < FOREIGN_FIELDS; f++)
		if (str_eq(name, field_names[f]))
			return f;
	return FF_skip;
}

static bool is_ip_byte(char c)
{
	return ascii_isalnum(c) || c == '.' || c == ':';
}

static bool is_digit(char c)
{
	return ascii_isdigit(c);
}

/* [IP][:PORT], and nothing behind it but words */
static bool read_ip(struct str s, struct foreign_line *out)
{
	struct cur c = cur_of(s);
	struct str ip, port = STR("");

	cur_want(&c, '[', "[");
	ip = cur_span(&c, is_ip_byte, "address");
	cur_want(&c, ']', "]");
	if (cur_try(&c, ':'))
		port = cur_span(&c, is_digit, "port");
	cur_try(&c, '*'); /* Exim: over a connection that was open already */
	if (!cur_ok(&c) || (!cur_end(&c) && cur_peek(&c) != ' '))
		return false;
	if (str_istarts(ip, STR("IPv6:")))
		ip = str_skip(ip, 5);
	out->field[FF_ip] = ip;
	out->field[FF_port] = port;
	return true;
}

/* NAME[IP]:PORT (Postfix); NAME (HELO) [IP]:PORT, each of them perhaps missing but the address (Exim). */
static bool read_client(struct str s, struct foreign_line *out)
{
	ptrdiff_t at = str_find(s, STR(" [")), open;
	struct str name;

	if (s.n > 0 && s.p[0] == '[')
		return read_ip(s, out);
	if (at < 0) {
		at = str_rchr(s, '[');
		if (at <= 0 || str_chr(str_take(s, (size_t)at), ' ') >= 0)
			return false;
		out->field[FF_peer] = str_take(s, (size_t)at);
		return read_ip(str_skip(s, (size_t)at), out);
	}
	name = str_take(s, (size_t)at);
	open = str_chr(name, '(');
	if (open >= 0 && str_ends(name, STR(")")))
		out->field[FF_helo] = str_mem(name.p + open + 1, name.n - (size_t)open - 2);
	name = str_trim(open >= 0 ? str_take(name, (size_t)open) : name);
	if (name.n > 0)
		out->field[FF_peer] = name;
	return str_chr(name, ' ') < 0 && read_ip(str_skip(s, (size_t)at + 1), out);
}

static bool keep(struct fitter *f, int field, struct str value)
{
	f->out->field[field] = value;
	return field != FF_client || read_client(value, f->out);
}

static bool fits(struct fitter *f, const char *p, struct str text);

/* Behind a field: what may follow it, here or after any of the missing parts. */
static bool follows(struct fitter *f, const char *p, struct str text)
{
	const char *q = p;
	bool inside = *q == ']';

	if (f->steps-- <= 0)
		return false;
	q += inside;
	if (*q == '\0')
		return text.n == 0;
	return fits(f, q, text);
}

/* What may stand behind a field: the literals of the missing parts and of what must come; or the end. */
struct ends {
	struct str literal[8];
	size_t n;
	bool end;
};

static void ends_of(const char *p, struct ends *out)
{
	*out = (struct ends){ .n = 0 };
	p += *p == ']';
	while (*p == '[' && out->n + 1 < COUNT(out->literal)) {
		out->literal[out->n] = literal_of(p + 1);
		out->n += out->literal[out->n].n > 0;
		p += strcspn(p, "]") + 1;
	}
	out->end = *p == '\0';
	if (!out->end)
		out->literal[out->n++] = literal_of(p);
}

static bool ends_here(const struct ends *e, struct str text)
{
	if (text.n == 0)
		return e->end;
	for (size_t i = 0; i < e->n; i++)
		if (text.p[0] == e->literal[i].p[0] && str_starts(text, e->literal[i]))
			return true;
	return false;
}

static bool fits_field(struct fitter *f, const char *p, struct str text)
{
	size_t n = strcspn(p, "}");
	int field = field_of(str_mem(p + 1, n - 1));
	struct ends e;

	p += n + 1;
	ends_of(p, &e);
	for (size_t i = e.end && e.n == 0 ? text.n : 0; i <= text.n && f->steps > 0; i++)
		if (ends_here(&e, str_skip(text, i)) && keep(f, field, str_take(text, i)) &&
		    follows(f, p, str_skip(text, i)))
			return true;
	f->out->field[field] = (struct str){ NULL, 0 };
	return false;
}

static bool fits(struct fitter *f, const char *p, struct str text)
{
	struct str lit;

	while (*p == '[') {
		lit = literal_of(p + 1);
		if (text.n > 0 && str_starts(text, lit) && fits(f, p + 1, text))
			return true;
		p += strcspn(p, "]") + 1;
	}
	lit = literal_of(p);
	if (!str_starts(text, lit))
		return false;
	p += lit.n;
	text = str_skip(text, lit.n);
	if (*p == '{')
		return fits_field(f, p, text);
	return follows(f, p, text);
}

bool foreign_fits(const char *pattern, struct str text, struct foreign_line *out)
{
	struct fitter f = { .out = out, .steps = STEPS };

	return fits(&f, pattern, text);
}
