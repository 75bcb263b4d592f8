/* Patterns of the other servers' rows against the text of a line. */
#include <string.h>

#include "base/cur.h"
#include "logs/foreign_fit.h"

enum { STEPS = 32 }; /* places looked at for one row: a hostile line costs no more */

static const struct str field_names[FOREIGN_FIELDS] = {
#define FOREIGN_FIELD(name) [FF_##name] = STR_INIT(#name),
#include "logs/foreign.def"
#undef FOREIGN_FIELD
};

static bool is_ip_byte(char c)
{
	return (c >= '.' && c <= ':' && c != '/') || ascii_isalpha(c);
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
	if (!ascii_isdigit(ip.p[0]) && str_istarts(ip, STR("IPv6:")))
		ip = str_skip(ip, 5);
	out->field[FF_ip] = ip;
	out->field[FF_port] = port;
	return true;
}

/* Where the first " [" stands, or -1. */
static ptrdiff_t find_bracket(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		ptrdiff_t at = str_chr(str_skip(s, i), '[');

		if (at < 0)
			return -1;
		i += (size_t)at;
		if (s.p[i - 1] == ' ')
			return (ptrdiff_t)i - 1;
	}
	return -1;
}

bool foreign_read_client(struct str s, struct foreign_line *out)
{
	ptrdiff_t at, open;
	struct str name;

	if (s.n > 0 && s.p[0] == '[')
		return read_ip(s, out);
	at = find_bracket(s);
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

static int field_of(struct str name)
{
	for (int f = 0; f < FOREIGN_FIELDS; f++)
		if (str_eq(name, field_names[f]))
			return f;
	BUG("a pattern names a field %.*s that foreign.def lacks", STR_ARG(name));
}

/* What may stand behind a field: the parts that may be missing, and what must come; or the end. */
static void find_ends(struct foreign_pattern *p, int at)
{
	struct foreign_step *s = &p->step[at];
	int i = at + 1;

	while (i < p->n && p->step[i].behind > 0) {
		MUST(s->nends < FOREIGN_ENDS);
		if (p->step[i].literal.n > 0)
			s->ends[s->nends++] = (uint8_t)i;
		i = p->step[i].behind;
	}
	s->end = i == p->n;
	if (!s->end) {
		MUST(s->nends < FOREIGN_ENDS && p->step[i].literal.n > 0);
		s->ends[s->nends++] = (uint8_t)i;
	}
	s->stop_byte = s->nends > 0 ? (unsigned char)p->step[s->ends[0]].literal.p[0] : -1;
	for (int k = 0; k < s->nends; k++) {
		unsigned char byte = (unsigned char)p->step[s->ends[k]].literal.p[0];

		s->stop[byte / 64] |= UINT64_C(1) << byte % 64;
		if (byte != s->stop_byte)
			s->stop_byte = -1;
	}
}

static void take_apart(struct foreign_pattern *p, const char *text)
{
	int opened = -1;

	while (*text != '\0') {
		struct foreign_step *s = &p->step[p->n];
		size_t n;

		MUST(p->n < FOREIGN_STEPS);
		if (*text == '[') {
			opened = p->n;
			text++;
		}
		n = strcspn(text, "{[]");
		*s = (struct foreign_step){ .literal = str_mem(text, n), .field = -1 };
		memcpy(&s->head, text, n < sizeof(s->head) ? n : sizeof(s->head));
		memset(&s->mask, 0xff, n < sizeof(s->mask) ? n : sizeof(s->mask));
		text += n;
		if (*text == '{') {
			n = strcspn(++text, "}");
			s->field = field_of(str_mem(text, n));
			text += n + 1;
		}
		p->n++;
		if (*text == ']') {
			p->step[opened].behind = p->n;
			text++;
		}
	}
	for (int i = 0; i < p->n; i++)
		if (p->step[i].field >= 0)
			find_ends(p, i);
}

static void add(struct foreign_rows *set, size_t row)
{
	set->bits[row / 64] |= UINT64_C(1) << row % 64;
}

static size_t program_of(const struct foreign_table *t, struct str program)
{
	size_t i = 0;

	while (i < t->nprograms && (t->programs[i].n != program.n || !str_same(t->programs[i].p, program.p, program.n)))
		i++;
	return i;
}

static bool leads(char row, char line)
{
	return row == line || row == '*' || (row == '.' && line != '-');
}

static void index_program(struct foreign_table *t, size_t row)
{
	struct str program = t->rows[row].program;

	if (str_eqz(program, "*")) {
		add(&t->of_others, row);
		for (size_t i = 0; i < t->nprograms; i++)
			add(&t->of_program[i], row);
	} else {
		add(&t->of_program[program_of(t, program)], row);
	}
}

static void index_row(struct foreign_table *t, size_t row)
{
	static const char line_leads[FOREIGN_LEADS] = { '-', 'q', 'n' };
	struct str head = t->patterns[row].step[0].literal;

	for (size_t byte = 0; byte < COUNT(t->first); byte++)
		if (head.n == 0 || (unsigned char)head.p[0] == byte)
			add(&t->first[byte], row);
	for (size_t i = 0; i < FOREIGN_LEADS; i++)
		if (leads(t->rows[row].lead, line_leads[i]))
			add(&t->lead[i], row);
	index_program(t, row);
}

static void name_program(struct foreign_table *t, struct str program)
{
	if (str_eqz(program, "*") || program_of(t, program) < t->nprograms)
		return;
	MUST(t->nprograms < FOREIGN_PROGRAMS);
	t->programs[t->nprograms++] = program;
}

void foreign_compile(struct foreign_table *t, const struct foreign_row *rows, size_t n)
{
	MUST(n <= FOREIGN_ROWS);
	t->rows = rows;
	t->n = n;
	for (size_t i = 0; i < n; i++)
		name_program(t, rows[i].program);
	for (size_t i = 0; i < n; i++) {
		take_apart(&t->patterns[i], rows[i].pattern);
		index_row(t, i);
	}
}

struct foreign_rows foreign_rows(const struct foreign_table *t, struct str program, int lead, struct str text)
{
	size_t i = program_of(t, program);
	const struct foreign_rows *of = i < t->nprograms ? &t->of_program[i] : &t->of_others;
	struct foreign_rows may = t->first[text.n > 0 ? (unsigned char)text.p[0] : 0];

	for (size_t k = 0; k < COUNT(may.bits); k++)
		may.bits[k] &= t->lead[lead].bits[k] & of->bits[k];
	return may;
}

size_t foreign_next(const struct foreign_table *t, struct foreign_rows *left, struct str text)
{
	for (size_t k = 0; k < COUNT(left->bits); k++)
		while (left->bits[k] != 0) {
			size_t row = k * 64 + (size_t)__builtin_ctzll(left->bits[k]);

			left->bits[k] &= left->bits[k] - 1;
			if (foreign_stands(&t->patterns[row].step[0], text))
				return row;
		}
	return t->n;
}

struct fitter {
	const struct foreign_pattern *p;
	struct foreign_line *out;
	int steps;
};

static bool keep(struct fitter *f, int field, struct str value)
{
	f->out->field[field] = value;
	return field != FF_client || foreign_read_client(value, f->out);
}

static bool fits(struct fitter *f, int at, struct str text);

/* Behind a step: the next one, or the end. */
static bool follows(struct fitter *f, int at, struct str text)
{
	if (f->steps-- <= 0)
		return false;
	return at == f->p->n ? text.n == 0 : fits(f, at, text);
}

static size_t next_stop(const struct foreign_step *s, struct str text, size_t at)
{
	if (s->stop_byte >= 0) {
		ptrdiff_t found = str_chr(str_skip(text, at), (char)s->stop_byte);

		return found < 0 ? text.n : at + (size_t)found;
	}
	for (; at < text.n; at++) {
		unsigned char byte = (unsigned char)text.p[at];

		if ((s->stop[byte / 64] >> byte % 64 & 1) != 0)
			break;
	}
	return at;
}

/* Where the field may end: the first place from `at` on where one of its ends stands, or the text's end. */
static inline size_t next_end(const struct foreign_pattern *p, const struct foreign_step *s, struct str text, size_t at)
{
	for (at = next_stop(s, text, at); at < text.n; at = next_stop(s, text, at + 1))
		for (int i = 0; i < s->nends; i++)
			if (foreign_stands(&p->step[s->ends[i]], str_skip(text, at)))
				return at;
	return text.n;
}

static bool fits_field(struct fitter *f, int at, struct str text)
{
	const struct foreign_step *s = &f->p->step[at];
	size_t i = s->nends == 0 ? text.n : next_end(f->p, s, text, 0);

	for (; i < text.n && f->steps > 0; i = next_end(f->p, s, text, i + 1))
		if (keep(f, s->field, str_take(text, i)) && follows(f, at + 1, str_skip(text, i)))
			return true;
	if (i == text.n && s->end && f->steps > 0 && keep(f, s->field, text) && follows(f, at + 1, str_skip(text, i)))
		return true;
	f->out->field[s->field] = (struct str){ NULL, 0 };
	return false;
}

static bool fits_step(struct fitter *f, int at, struct str text)
{
	const struct foreign_step *s = &f->p->step[at];

	if (!str_starts(text, s->literal))
		return false;
	text = str_skip(text, s->literal.n);
	return s->field >= 0 ? fits_field(f, at, text) : follows(f, at + 1, text);
}

static bool fits(struct fitter *f, int at, struct str text)
{
	while (at < f->p->n && f->p->step[at].behind > 0) {
		if (text.n > 0 && fits_step(f, at, text))
			return true;
		at = f->p->step[at].behind;
	}
	return at < f->p->n ? fits_step(f, at, text) : follows(f, at, text);
}

enum straight { STRAIGHT_FITS, STRAIGHT_NOT, STRAIGHT_NEVER };

/* What the fields would be, in the order of the pattern. */
struct values {
	int n, field[FOREIGN_STEPS];
	struct str value[FOREIGN_STEPS];
};

/* The way that fits() tries first, without a way back: nearly every line goes it.
 * NEVER: no other way fits either.  All of them come by this field, none earlier in the text, and nothing that may
 * stand behind it stands in what is left. */
static enum straight go_straight(const struct foreign_pattern *p, struct str text, struct values *out)
{
	bool only_way = true;
	size_t end;

	out->n = 0;
	for (int at = 0; at < p->n; at++) {
		const struct foreign_step *s = &p->step[at];

		for (; s->behind > 0 && (text.n == 0 || !foreign_stands(s, text)); s = &p->step[at]) {
			at = s->behind;
			if (at == p->n)
				return text.n == 0 ? STRAIGHT_FITS : STRAIGHT_NOT;
		}
		if (!foreign_stands(s, text))
			return STRAIGHT_NOT;
		only_way = only_way && s->behind == 0;
		text = str_skip(text, s->literal.n);
		if (s->field < 0)
			continue;
		end = s->nends == 0 ? text.n : next_end(p, s, text, 0);
		if (end == text.n && !s->end)
			return only_way ? STRAIGHT_NEVER : STRAIGHT_NOT;
		out->field[out->n] = s->field;
		out->value[out->n++] = str_take(text, end);
		text = str_skip(text, end);
	}
	return text.n == 0 ? STRAIGHT_FITS : STRAIGHT_NOT;
}

static enum straight fit_straight(struct fitter *f, struct str text)
{
	struct values v;
	enum straight how = go_straight(f->p, text, &v);

	for (int i = 0; i < v.n && how == STRAIGHT_FITS; i++)
		if (v.field[i] == FF_client && !keep(f, FF_client, v.value[i]))
			how = STRAIGHT_NOT;
	for (int i = 0; i < v.n && how == STRAIGHT_FITS; i++)
		f->out->field[v.field[i]] = v.value[i];
	return how;
}

bool foreign_fits(const struct foreign_table *t, size_t row, struct str text, struct foreign_line *out)
{
	struct fitter f = { .p = &t->patterns[row], .out = out, .steps = STEPS };

	enum straight how = fit_straight(&f, text);

	if (how == STRAIGHT_NEVER || (how == STRAIGHT_NOT && !fits(&f, 0, text)))
		return false;
	out->kind = t->rows[row].kind;
	out->server = t->rows[row].server;
	return true;
}
