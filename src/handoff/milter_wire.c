#include "handoff/milter_wire.h"

#include <string.h>

#include "base/cur.h"
#include "handoff/milter.h"

enum { LINES_MAX = 32 };

const struct milter_step_row *milter_step(enum milter_step s)
{
	static const struct milter_step_row rows[] = {
#define MILTER_STEP(id, letter, no, silent, stage, words) { letter, no, silent, stage, words },
#include "handoff/milter.def"
	};

	return &rows[s];
}

/* ---- writing ---- */

static void put_be32(char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> (24 - 8 * i));
}

void milter_u32(struct buf *b, uint32_t n)
{
	char p[4];

	put_be32(p, n);
	buf_add(b, p, sizeof(p));
}

size_t milter_open(struct buf *b, char letter)
{
	size_t at = b->n;

	milter_u32(b, 0);
	buf_addc(b, letter);
	return at;
}

void milter_close(struct buf *b, size_t at)
{
	put_be32(b->p + at, (uint32_t)(b->n - at - 4));
}

void milter_z(struct buf *b, struct str s)
{
	size_t at = b->n;

	buf_addstr(b, s);
	for (; at < b->n; at++)
		if ((unsigned char)b->p[at] < ' ' || b->p[at] == 0x7f)
			b->p[at] = '?';
	buf_addc(b, '\0');
}

void milter_value(struct buf *b, struct str value)
{
	buf_need(b, value.n + 1);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n')
			continue;
		buf_addc(b, c != '\0' ? c : '?');
	}
	buf_addc(b, '\0');
}

/* ---- reading ---- */

static uint32_t take_be32(struct cur *c)
{
	struct str s = cur_take(c, 4, "a number is cut short");
	uint32_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n = n << 8 | (unsigned char)s.p[i];
	return n;
}

int milter_packet(struct str in, struct str *packet, size_t *used)
{
	struct cur c = cur_of(in);
	uint32_t n;

	if (in.n < 4)
		return 0;
	n = take_be32(&c);
	if (n == 0 || n > MILTER_PACKET_MAX)
		return -1;
	if (cur_rest(&c).n < n)
		return 0;
	*packet = str_take(cur_rest(&c), n);
	*used = n + 4;
	return 1;
}

static struct str take_z(struct cur *c)
{
	return cur_until(c, str_mem("", 1), "a string without its end");
}

enum form { NOTHING, TEXT, FIELD, PLACED_FIELD, NOT_OFFERED };

static const struct {
	char letter;
	enum form form;
} replies[] = {
#define MILTER_REPLY(id, letter, form) { letter, form },
#include "handoff/milter.def"
};

static enum milter_reply_id reply_by(int letter)
{
	enum milter_reply_id id = 0;

	while (id < MILTER_REPLIES && replies[id].letter != letter)
		id++;
	return id;
}

static void read_data(struct cur *c, struct milter_reply *r)
{
	enum form form = replies[r->is].form;

	if (form == NOT_OFFERED) {
		cur_fail(c, "a change that was not offered");
		return;
	}
	if (form == PLACED_FIELD)
		r->at = take_be32(c);
	if (form == FIELD || form == PLACED_FIELD) {
		r->name = take_z(c);
		r->value = take_z(c);
	}
	if (form == TEXT)
		r->text = take_z(c);
	if (cur_ok(c) && !cur_end(c))
		cur_fail(c, "more than its kind has");
}

int milter_reply_read(struct str packet, struct milter_reply *r, const char **why)
{
	struct cur c = cur_of(packet);
	struct milter_reply out = { .is = reply_by(cur_next(&c)) };

	if (out.is == MILTER_REPLIES)
		cur_fail(&c, "an answer of an unknown kind");
	else
		read_data(&c, &out);
	*why = c.why;
	if (c.why != NULL)
		return -1;
	*r = out;
	return 0;
}

int milter_deal_read(struct str packet, struct milter_deal *d, const char **why)
{
	struct cur c = cur_of(packet);
	struct milter_deal out = { 0 };

	cur_want(&c, milter_step(MILTER_STEP_NEGOTIATE)->letter, "no answer to the negotiation");
	out.version = take_be32(&c);
	out.actions = take_be32(&c);
	out.steps = take_be32(&c);
	while (cur_ok(&c) && !cur_end(&c)) {
		uint32_t stage = take_be32(&c);
		struct str names = take_z(&c);

		if (cur_ok(&c) && stage >= MILTER_STAGES)
			cur_fail(&c, "macros of an unknown stage");
		if (cur_ok(&c))
			out.macros[stage] = names;
	}
	*why = c.why;
	if (c.why != NULL)
		return -1;
	*d = out;
	return 0;
}

/* ---- the text of a reply ---- */

/* "5.7.1 " of that class at the start of *text, which moves behind it. */
static const char *take_enhanced(struct str *text, char class, struct arena *a)
{
	struct str word = *text, part, rest;
	struct str left;

	if (!str_cut(*text, STR(" "), &word, &left))
		left = str_skip(*text, word.n);
	if (word.n < 5 || word.p[0] != class || word.p[1] != '.')
		return "";
	if (!str_cut(str_skip(word, 2), STR("."), &part, &rest) || !str_u64(part, 999, &(uint64_t){ 0 }) ||
	    !str_u64(rest, 999, &(uint64_t){ 0 }) || part.n > 3 || rest.n > 3)
		return "";
	*text = left;
	return arena_z(a, word);
}

/* sendmail's API wants a per cent sign written twice. */
static void put_printable(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 1 < s.n && s.p[i + 1] == '%')
			continue;
		buf_addc(b, ascii_isprint(s.p[i]) ? s.p[i] : '?');
	}
}

/* One line, "550 text" or "550-text", without its code; false when it has another one. */
static bool take_code(struct str line, struct str code, struct str *text)
{
	*text = str_skip(line, 4);
	return str_starts(line, code) && (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

int milter_reply_code(struct str text, struct arena *a, struct reply *r)
{
	struct str code = str_take(text, 3), line;
	const char *enhanced = "";
	uint64_t n;
	BUF(out);

	if (!str_u64(code, 599, &n) || code.n != 3 || n < 400)
		return -1;
	for (size_t i = 0; text.n > 0 && i < LINES_MAX && out.n < MILTER_TEXT_MAX; i++) {
		const char *of_line;

		str_cut(text, STR("\n"), &line, &text);
		if (!take_code(str_trim(line), code, &line))
			return -1;
		of_line = take_enhanced(&line, code.p[0], a);
		if (i == 0)
			enhanced = of_line;
		if (i > 0 && out.n > 0)
			buf_addc(&out, ' ');
		put_printable(&out, str_trim(line));
	}
	*r = (struct reply){ (int)n, enhanced, arena_str(a, str_take(buf_str(&out), MILTER_TEXT_MAX)) };
	return 0;
}
