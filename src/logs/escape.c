#include "base/utf8.h"
#include "logs/shape.h"

#define REPORT_MAX 5000

/* Is the colon at i the end of one of spamdyke's labels, with a space or nothing behind it? */
static bool ends_label(struct str s, size_t i)
{
	size_t start = i;

	if (i + 1 < s.n && s.p[i + 1] != ' ')
		return false;
	while (start > 0 && s.p[start - 1] != ' ')
		start--;
	return shape_is_label(str_mem(s.p + start, i + 1 - start));
}

/* Would a verdict that opens so be read by another row of spamdyke's log? */
static bool opens_other_row(struct str s)
{
	for (enum log_kind k = shape_table()->first[LOG_SPAMDYKE]; k < LOG_KINDS; k++) {
		struct str lit = shape_of(k)->part[0].literal;

		if (lit.n > 0 && str_starts(s, lit))
			return true;
	}
	return false;
}

static bool comma_forges(int escapes, struct str s, size_t i)
{
	bool sep = i + 1 < s.n && s.p[i + 1] == ' ';

	return (escapes & ESCAPE_COMMA) != 0 || ((escapes & ESCAPE_SEP) != 0 && sep) ||
	       ((escapes & ESCAPE_CHECK) != 0 && sep && check_is_description(str_skip(s, i + 2)));
}

static bool colon_forges(int escapes, struct str s, size_t i)
{
	return (escapes & ESCAPE_COLON) != 0 || ((escapes & ESCAPE_ODD_COLON) != 0 && !shape_is_ip(s)) ||
	       ((escapes & ESCAPE_LABEL) != 0 && ends_label(s, i));
}

/* Could the printable byte at i forge something in a field with these escapes? */
static bool forges(int escapes, struct str s, size_t i)
{
	switch (s.p[i]) {
	case '\\':
		return true;
	case ' ':
		return (escapes & ESCAPE_SPACE) != 0 || i == 0 || i + 1 == s.n;
	case ',':
		return comma_forges(escapes, s, i);
	case ':':
		return colon_forges(escapes, s, i);
	case '"':
		return (escapes & ESCAPE_QUOTES) != 0 && i == 0 && s.n > 1 && s.p[s.n - 1] == '"';
	default:
		return (escapes & ESCAPE_LEVEL) != 0 && i == 0 && opens_other_row(s);
	}
}

/* How many bytes from i may stand as they are; 0: the byte at i is escaped. */
static size_t passes(int escapes, struct str s, size_t i)
{
	unsigned char byte = (unsigned char)s.p[i];
	uint32_t c;
	size_t n;

	if (byte < 0x80)
		return byte >= 0x20 && byte < 0x7f && !forges(escapes, s, i);
	n = utf8_at(str_skip(s, i), &c);
	return n > 0 && !utf8_unseen(c) ? n : 0;
}

/* Values of the strict classes: as they are, or what stands for a malformed one. */
static bool is_strict_value(const struct shape_class *class, struct str s)
{
	size_t digits = 0, dots = 0;

	if (s.n > class->cap)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		digits += ascii_isdigit(s.p[i]);
		dots += s.p[i] == '.' && i > 0 && i + 1 < s.n;
	}
	switch (class->reads) {
	case READS_DIGITS:
		return digits == s.n;
	case READS_CODE:
		return digits == 3 && s.n == 3;
	case READS_CONT:
		return s.p[0] == ' ' || s.p[0] == '-';
	default:
		return dots == 1 && digits + 1 == s.n;
	}
}

static struct str escape_bytes(struct arena *a, const struct shape_class *class, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t worst = (s.n < class->cap ? s.n : class->cap) * 4 + 4, n = 0, kept = 0;
	char *out = arena_alloc(a, worst);

	for (size_t i = 0; i < s.n;) {
		size_t run = passes(class->escapes, s, i), len = run > 0 ? run : 4;

		if (n + len > class->cap) {
			memcpy(out + kept, "...", 3);
			return str_mem(out, kept + 3);
		}
		if (run > 0) {
			memcpy(out + n, s.p + i, run);
		} else {
			unsigned char byte = (unsigned char)s.p[i];

			memcpy(out + n, (char[]){ '\\', 'x', hex[byte >> 4], hex[byte & 15] }, 4);
		}
		n += len;
		i += run > 0 ? run : 1;
		if (n + 3 <= class->cap)
			kept = n;
	}
	return str_mem(out, n);
}

/* No byte of it forges anything, wherever it stands, and nothing is cut: as most values are. */
static bool is_harmless(const struct shape_class *class, struct str s)
{
	if (s.n > class->cap || (class->escapes & ESCAPE_LEVEL) != 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == ' ' && i > 0 && i + 1 < s.n && (class->escapes & ESCAPE_SPACE) == 0)
			continue;
		if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ':' || c == '\\')
			return false;
	}
	return true;
}

struct str log_escape(struct arena *a, enum log_field f, struct str value)
{
	const struct shape_class *class = shape_class(f);

	if (value.n == 0)
		return str_of(class->when_empty);
	if (class->reads == READS_DIGITS || class->reads == READS_CODE || class->reads == READS_CONT ||
	    class->reads == READS_MOMENT)
		return is_strict_value(class, value) ? arena_str(a, value) : str_of(class->when_empty);
	return is_harmless(class, value) ? arena_str(a, value) : escape_bytes(a, class, value);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that `\xHH` at i stands for, or -1. */
static int escaped_at(struct str s, size_t i)
{
	int high, low;

	if (i + 4 > s.n || s.p[i] != '\\' || s.p[i + 1] != 'x')
		return -1;
	high = hex_value(s.p[i + 2]);
	low = hex_value(s.p[i + 3]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

struct str log_plain(struct arena *a, struct str value)
{
	char *out;
	size_t n = 0;

	if (str_chr(value, '\\') < 0)
		return value;
	out = arena_alloc(a, value.n);
	for (size_t i = 0; i < value.n;) {
		int byte = escaped_at(value, i);

		out[n++] = byte < 0 ? value.p[i] : (char)byte;
		i += byte < 0 ? 1 : 4;
	}
	return str_mem(out, n);
}

/* A long report keeps its end: "did_1+0+0/" and "qp_N/" stand there. */
static struct str cut_middle(struct arena *a, struct str text)
{
	size_t tail = REPORT_MAX / 4, head = REPORT_MAX - tail - 3;
	char *out = arena_alloc(a, REPORT_MAX);

	memcpy(out, text.p, head);
	memcpy(out + head, "...", 3);
	memcpy(out + head + 3, text.p + text.n - tail, tail);
	return str_mem(out, REPORT_MAX);
}

struct str log_report(struct arena *a, struct str text)
{
	struct str whole = text.n <= REPORT_MAX ? text : cut_middle(a, text);
	char *out = arena_alloc(a, whole.n + 1);
	size_t n = whole.n;

	for (size_t i = 0; i < n; i++) {
		char c = whole.p[i];

		out[i] = c == '\n' ? '/' : c < 33 || c > 126 || c == '%' ? '_' : c;
	}
	if (n == 0 || out[n - 1] != '/')
		out[n++] = '/';
	return str_mem(out, n);
}

struct str log_report_plain(struct arena *a, struct str report)
{
	char *out = arena_alloc(a, report.n + 1);

	for (size_t i = 0; i < report.n; i++)
		out[i] = report.p[i] == '/' ? '\n' : report.p[i] == '_' ? ' ' : report.p[i];
	return str_mem(out, report.n);
}

struct str log_reason(struct arena *a, struct str text)
{
	char *out;

	if (text.n == 0)
		return STR("(empty)");
	out = arena_alloc(a, text.n);
	for (size_t i = 0; i < text.n; i++)
		out[i] = text.p[i] == ' ' ? '_' : text.p[i];
	return str_mem(out, text.n);
}

struct str log_reason_plain(struct arena *a, struct str reason)
{
	char *out = arena_alloc(a, reason.n + 1);

	for (size_t i = 0; i < reason.n; i++)
		out[i] = reason.p[i] == '_' ? ' ' : reason.p[i];
	return str_mem(out, reason.n);
}
