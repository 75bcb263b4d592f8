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
static inline size_t find(struct str s, struct str needle)
{
	size_t anchor = needle.n > 1 ? needle.n - 2 : 0;
	const char *last = s.p + s.n - needle.n + anchor, *at = s.p + anchor;

	while (needle.n <= s.n && at <= last) {
		at = memchr(at, needle.p[anchor], (size_t)(last - at) + 1);
		if (at == NULL)
			break;
		if (at[needle.n - 1 - anchor] == needle.p[needle.n - 1] &&
		    (anchor == 0 || memcmp(at - anchor, needle.p, anchor) == 0))
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

/* One line that is held against a row. */
struct fit {
	const struct shape *s;
	struct log_line *out;
	struct labels labels; /* where the row is labelled */
};

/* Where the literal of part k stands in what is left of the line. */
static inline size_t find_part(const struct fit *f, int k, struct str rest)
{
	const char *at;

	if (!f->s->labelled || !f->labels.single)
		return find(rest, f->s->part[k].literal);
	at = f->labels.at[k];
	return at != NULL && at >= rest.p ? (size_t)(at - rest.p) : NO_MATCH;
}

/* A value runs to the literal behind it: of the next part, of the first tail that stands there, or to the end. */
static size_t span_until(const struct fit *f, int i, struct str rest)
{
	const struct shape *s = f->s;
	const struct shape_part *next = &s->part[i + 1];
	size_t end = rest.n;

	if (i + 1 == s->n)
		return rest.n;
	if (!next->tail && next->field < 0 && i + 2 == s->n)
		return str_ends(rest, next->literal) ? rest.n - next->literal.n : NO_MATCH;
	if (!next->tail) {
		end = find_part(f, i + 1, rest);
		if (s->family == LOG_SPAMDYKE && end != NO_MATCH &&
		    find_part(f, i + 1, str_skip(rest, end + 1)) != NO_MATCH)
			f->out->ambiguous = true;
		return end;
	}
	for (int k = i + 1; k < s->n; k++) {
		size_t at = s->part[k].tail ? find_part(f, k, rest) : NO_MATCH;

		end = at < end ? at : end;
	}
	return end;
}

/* How many bytes of rest are the field of part i; NO_MATCH when it does not fit. */
static size_t span_field(const struct fit *f, int i, struct str rest)
{
	size_t n;

	switch (f->s->part[i].reads) {
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
		return span_until(f, i, rest);
	}
	BUG("a class of fields.def reads in no known way");
}

static void keep_field(const struct shape_part *part, struct str value, struct log_line *out)
{
	if (part->reads == READS_QUOTED && value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
		out->quoted = true;
		value = str_mem(value.p + 1, value.n - 2);
	}
	out->field[part->field] = value;
}

/* The index of the next tail behind part i. */
static int next_tail(const struct shape *s, int i)
{
	for (i++; i < s->n && !s->part[i].tail; i++)
		;
	return i;
}

/* str_skip() where so much is there. */
static inline struct str behind(struct str s, size_t n)
{
	return str_mem(s.p + n, s.n - n);
}

static bool fits(const struct shape *s, struct str rest, struct log_line *out)
{
	struct fit f;

	f.s = s;
	f.out = out;
	if (s->labelled)
		label_find(s, rest, &f.labels);
	for (int i = 0; i < s->n;) {
		const struct shape_part *part = &s->part[i];
		size_t n;

		if (part->tail && (rest.n == 0 || !shape_stands(part, rest))) {
			i = next_tail(s, i);
			continue;
		}
		if (!part->tail && !shape_stands(part, rest))
			return false;
		rest = behind(rest, part->literal.n);
		if (part->field >= 0) {
			n = span_field(&f, i, rest);
			if (n == NO_MATCH)
				return false;
			keep_field(part, str_mem(rest.p, n), out);
			rest = behind(rest, n);
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
	const struct shape_table *t = shape_table();
	uint32_t rows = body.n > 0 ? t->candidates[family][(unsigned char)body.p[0]] : 0;

	for (; rows != 0; rows &= rows - 1) {
		enum log_kind k = t->first[family] + (enum log_kind)__builtin_ctz(rows);
		const struct shape *s = &t->shapes[k];

		if (!shape_stands(&s->part[0], body))
			continue;
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

/* *out is all zero. */
static void parse(enum log_family family, struct str text, struct log_line *out)
{
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
		out->stamped = stamp_read_syslog(&text, out);
	else
		out->stamped = stamp_read_comma(&text, out);
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

void log_parse(enum log_family family, struct str text, struct log_line *out)
{
	memset(out, 0, sizeof(*out));
	parse(family, text, out);
}

/* Most of a log_line is fields, and a line sets few of them: those of its row. */
void log_parse_next(enum log_family family, struct str text, struct log_line *l)
{
	if (family == LOG_FOREIGN)
		memset(l->field, 0, sizeof(l->field));
	else if (l->kind > LOG_EMPTY)
		forget_fields(shape_of(l->kind), l);
	memset(l, 0, offsetof(struct log_line, field));
	parse(family, text, l);
}
