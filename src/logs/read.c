#include "logs/foreign.h"
#include "logs/shape.h"

#define NO_MATCH SIZE_MAX

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t span_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

/* "12" at p, both digits; -1 otherwise. */
static inline int two(const char *p)
{
	return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* HH:MM:SS, eight bytes. */
static bool read_time(const char *p, struct civil *c)
{
	c->hour = two(p);
	c->minute = two(p + 3);
	c->second = two(p + 6);
	return p[2] == ':' && p[5] == ':' && c->hour >= 0 && c->minute >= 0 && c->second >= 0;
}

/* "2021-03-09 12:43:51, "; the rest of the line follows. */
static bool read_comma_stamp(struct str *s, struct civil *out)
{
	const char *p = s->p;
	struct civil c = { 0 };
	int century, year;

	if (s->n < 21 || p[4] != '-' || p[7] != '-' || p[10] != ' ' || p[19] != ',' || p[20] != ' ')
		return false;
	century = two(p);
	year = two(p + 2);
	c.year = century * 100 + year;
	c.month = two(p + 5);
	c.day = two(p + 8);
	if (century < 0 || year < 0 || !read_time(p + 11, &c) || !civil_valid(c))
		return false;
	*out = c;
	*s = str_skip(*s, 21);
	return true;
}

static int month_of(const char *p)
{
	for (int m = 0; m < 12; m++) {
		if (memcmp(p, month_names[m], 3) == 0)
			return m + 1;
	}
	return 0;
}

/* "Mar  9 12:43:51 " or "Mar 9 12:43:51 ". */
static bool read_syslog_stamp(struct str *s, struct log_line *out)
{
	const char *p = s->p;
	struct civil c = { 0 };
	bool padded, short_day;
	size_t at;

	if (s->n < 16 || p[3] != ' ')
		return false;
	padded = p[4] == ' ';
	short_day = !padded && p[5] == ' ';
	at = short_day ? 6 : 7;
	if (s->n < at + 9 || p[at - 1] != ' ' || p[at + 8] != ' ')
		return false;
	c.month = month_of(p);
	if (padded || short_day)
		c.day = is_digit(p[4 + padded]) ? p[4 + padded] - '0' : 0;
	else
		c.day = p[4] == '0' ? 0 : two(p + 4);
	if (!read_time(p + at, &c) || !civil_valid(c))
		return false;
	out->stamp = c;
	out->padded_day = !short_day;
	*s = str_skip(*s, at + 9);
	return true;
}

/* "server spamdyke[29207]: "; the host is one printable word. */
static bool read_origin(struct str *s, struct log_line *out)
{
	static const struct str tag = STR_INIT(" spamdyke[");
	static const struct str close = STR_INIT("]: ");
	struct str rest;
	size_t n = 0;

	while (n < s->n && s->p[n] > ' ' && s->p[n] < 0x7f)
		n++;
	rest = str_skip(*s, n);
	if (n == 0 || !shape_starts(rest, tag))
		return false;
	out->host = str_take(*s, n);
	rest = str_skip(rest, tag.n);
	n = span_digits(rest);
	out->connection = str_take(rest, n);
	rest = str_skip(rest, n);
	if (n == 0 || !shape_starts(rest, close))
		return false;
	*s = str_skip(rest, close.n);
	return true;
}

/* "server last message repeated": syslog says that itself, of the line before. */
static bool read_repeater(struct str *s, struct log_line *out)
{
	static const struct str words = STR_INIT("last message repeated ");
	size_t n = 0;

	while (n < s->n && s->p[n] > ' ' && s->p[n] < 0x7f)
		n++;
	if (n == 0 || n == s->n || s->p[n] != ' ' || !shape_starts(str_skip(*s, n + 1), words))
		return false;
	out->host = str_take(*s, n);
	*s = str_skip(*s, n + 1);
	return true;
}

/* "message repeated 2 times: [ TEXT]": rsyslog's wrapping around a line that came again. */
static void unwrap(struct str *s, struct log_line *out)
{
	static const struct str open = STR_INIT("message repeated "), close = STR_INIT(" times: [ ");
	struct str rest = str_skip(*s, open.n);
	size_t n = span_digits(rest);

	if (!shape_starts(*s, open) || n == 0 || s->p[s->n - 1] != ']' || !shape_starts(str_skip(rest, n), close))
		return;
	out->again = str_take(rest, n);
	rest = str_skip(rest, n + close.n);
	*s = str_take(rest, rest.n - 1);
}

static size_t span_word(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != ',')
		n++;
	return n;
}

static size_t span_moment(struct str s)
{
	size_t whole = span_digits(s), part;

	if (whole == 0 || whole == s.n || s.p[whole] != '.')
		return NO_MATCH;
	part = span_digits(str_skip(s, whole + 1));
	return part > 0 ? whole + 1 + part : NO_MATCH;
}

/* Where needle first stands.  Its last byte but one (the comma of ", ", the colon of " to: ") is the rarest, so
 * that one is looked for: several times as fast as memmem() on these lines. */
static size_t find(struct str s, struct str needle)
{
	size_t anchor = needle.n > 1 ? needle.n - 2 : 0;
	const char *end = s.p + s.n, *at = s.p + anchor;

	while (needle.n <= s.n && at < end) {
		at = memchr(at, needle.p[anchor], (size_t)(end - at));
		if (at == NULL)
			break;
		if (shape_starts(str_mem(at - anchor, (size_t)(end - at) + anchor), needle))
			return (size_t)(at - anchor - s.p);
		at++;
	}
	return NO_MATCH;
}

/* HOST:IP, -- the first colon when an address follows it (IPv6 has colons), else the last one. */
static size_t span_host(struct str s)
{
	size_t end = find(s, STR(", "));
	ptrdiff_t colon;

	if (end == NO_MATCH)
		return NO_MATCH;
	s = str_take(s, end);
	colon = str_chr(s, ':');
	if (colon >= 0 && !shape_is_ip(str_skip(s, (size_t)colon + 1)))
		colon = str_rchr(s, ':');
	return colon < 0 ? NO_MATCH : (size_t)colon;
}

/* A value runs to the literal behind it: of the next part, of the first tail that stands there, or to the end. */
static size_t span_until(const struct shape *s, int i, struct str rest, struct log_line *out)
{
	const struct shape_part *next = &s->part[i + 1];
	size_t end = rest.n;

	if (i + 1 == s->n)
		return rest.n;
	if (!next->tail && next->field < 0 && i + 2 == s->n)
		return str_ends(rest, next->literal) ? rest.n - next->literal.n : NO_MATCH;
	if (!next->tail) {
		end = find(rest, next->literal);
		if (s->family == LOG_SPAMDYKE && end != NO_MATCH &&
		    find(str_skip(rest, end + 1), next->literal) != NO_MATCH)
			out->ambiguous = true;
		return end;
	}
	for (int k = i + 1; k < s->n; k++) {
		size_t at = s->part[k].tail ? find(rest, s->part[k].literal) : NO_MATCH;

		end = at < end ? at : end;
	}
	return end;
}

/* How many bytes of rest are the field of part i; NO_MATCH when it does not fit. */
static size_t span_field(const struct shape *s, int i, struct str rest, struct log_line *out)
{
	size_t n;

	switch (shape_class((enum log_field)s->part[i].field)->reads) {
	case READS_DIGITS:
		n = span_digits(rest);
		return n > 0 ? n : NO_MATCH;
	case READS_CODE:
		return span_digits(str_take(rest, 3)) == 3 ? 3 : NO_MATCH;
	case READS_CONT:
		return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '-') ? 1 : NO_MATCH;
	case READS_MOMENT:
		return span_moment(rest);
	case READS_WORD:
		n = span_word(rest);
		return n > 0 ? n : NO_MATCH;
	case READS_ADDRESS:
		return span_word(rest);
	case READS_HOST:
		return span_host(rest);
	case READS_UNTIL:
	case READS_QUOTED:
		return span_until(s, i, rest, out);
	}
	BUG("a class of fields.def reads in no known way");
}

static void keep_field(enum log_field f, struct str value, struct log_line *out)
{
	if (shape_class(f)->reads == READS_QUOTED && value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
		out->quoted = true;
		value = str_mem(value.p + 1, value.n - 2);
	}
	out->field[f] = value;
}

/* The index of the next tail behind part i. */
static int next_tail(const struct shape *s, int i)
{
	for (i++; i < s->n && !s->part[i].tail; i++)
		;
	return i;
}

static bool fits(const struct shape *s, struct str rest, struct log_line *out)
{
	for (int i = 0; i < s->n;) {
		const struct shape_part *part = &s->part[i];
		size_t n;

		if (part->tail && (rest.n == 0 || !shape_starts(rest, part->literal))) {
			i = next_tail(s, i);
			continue;
		}
		if (!shape_starts(rest, part->literal))
			return false;
		rest = str_skip(rest, part->literal.n);
		if (part->field >= 0) {
			n = span_field(s, i, rest, out);
			if (n == NO_MATCH)
				return false;
			keep_field((enum log_field)part->field, str_take(rest, n), out);
			rest = str_skip(rest, n);
		}
		i++;
	}
	return rest.n == 0;
}

static void forget_fields(const struct shape *s, struct log_line *out)
{
	for (int i = 0; i < s->n; i++) {
		if (s->part[i].field >= 0)
			out->field[s->part[i].field] = (struct str){ NULL, 0 };
	}
	out->quoted = out->ambiguous = false;
}

static void read_fields(enum log_family family, struct str body, struct log_line *out)
{
	uint32_t rows = body.n > 0 ? shape_candidates(family, (unsigned char)body.p[0]) : 0;
	enum log_kind first = shape_first(family);

	for (; rows != 0; rows &= rows - 1) {
		enum log_kind k = first + (enum log_kind)__builtin_ctz(rows);
		const struct shape *s = shape_of(k);

		if (fits(s, body, out)) {
			out->kind = k;
			return;
		}
		forget_fields(s, out);
	}
	if (family != LOG_SPAMDYKE)
		out->verb = str_take(body, span_word(body));
}

void log_parse_gate(struct str body, struct log_line *out)
{
	*out = (struct log_line){ .kind = LOG_UNKNOWN, .raw = body };
	read_fields(LOG_SPAMDYKE, body, out);
}

void log_parse(enum log_family family, struct str text, struct log_line *out)
{
	*out = (struct log_line){ .kind = LOG_UNKNOWN };
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	out->raw = text;
	out->cr = text.n > 0 && text.p[text.n - 1] == '\r';
	text.n -= out->cr;
	if (text.n == 0) {
		out->kind = LOG_EMPTY;
		return;
	}
	if (family == LOG_FOREIGN) {
		foreign_as_line(text, out);
		return;
	}
	if (family == LOG_SPAMDYKE)
		out->stamped = read_syslog_stamp(&text, out);
	else
		out->stamped = read_comma_stamp(&text, &out->stamp);
	if (!out->stamped)
		return;
	if (family == LOG_SPAMDYKE && read_origin(&text, out))
		unwrap(&text, out);
	else if (family == LOG_SPAMDYKE && !read_repeater(&text, out))
		return;
	read_fields(family, text, out);
	if (out->kind == LOG_SMTP_CHECK)
		check_split(out);
}
