/* The parts: what their headers say, and what becomes of their bodies. */
#include "mail/downgrade_inside.h"

#include <string.h>

#include "base/arena.h"
#include "mail/field.h"

static const char in_header[] = "it has 8-bit bytes in a header";
static const char not_there[] = "it has 8-bit bytes where none may be, or in a part that is signed";

/* ---- what a header says ---- */

struct entity {
	struct str type, encoding, boundary;
	bool mime, typed, encoded;
};

static void read_entity(struct str head, struct arena *a, struct entity *out)
{
	struct str lines = field_lines(a, head), value = field_get(lines, "Content-Type"), rest;

	*out = (struct entity){ .mime = field_get(lines, "MIME-Version").n > 0, .typed = value.n > 0 };
	str_cut(value, STR(";"), &out->type, &rest);
	out->type = str_trim(out->type);
	out->boundary = field_param(value, "boundary");
	out->encoding = str_trim(field_get(lines, "Content-Transfer-Encoding"));
	out->encoded = out->encoding.n > 0;
}

/* Its bytes stand there as they are. */
static bool is_plain(const struct entity *e)
{
	return !e->encoded || str_ieq(e->encoding, STR("7bit")) || str_ieq(e->encoding, STR("8bit")) ||
	       str_ieq(e->encoding, STR("binary"));
}

static bool is_multipart(const struct entity *e)
{
	return str_istarts(e->type, STR("multipart/")) && e->boundary.n > 0 && e->boundary.n <= BOUNDARY_MOST;
}

static bool is_message(const struct downgrade *d, const struct entity *e)
{
	bool digest = !d->message && d->depth > 0 && d->around[d->depth - 1].digest;

	return is_plain(e) && (str_ieq(e->type, STR("message/rfc822")) || (!e->typed && digest));
}

void downgrade_give_up(struct downgrade *d, const char *why)
{
	if (d->why == NULL)
		d->why = why;
}

/* ---- bodies ---- */

static void look_utf8(struct downgrade *d, struct part *p, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool more = (c & 0xc0) == 0x80;

		if (more != (d->utf8 > 0))
			p->not_utf8 = true;
		d->utf8 = more ? (d->utf8 > 0 ? d->utf8 - 1 : 0) : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
		if (c >= 0xf5 || c == 0xc0 || c == 0xc1)
			p->not_utf8 = true;
	}
}

static void look_at_body(struct downgrade *d, struct str text, bool ended)
{
	struct part *p = &d->part[d->now];

	p->eightbit = p->eightbit || !str_ascii(text);
	look_utf8(d, p, text);
	if (ended && d->utf8 > 0)
		p->not_utf8 = true;
	d->utf8 = ended ? 0 : d->utf8;
	if (p->eightbit && d->fixed)
		downgrade_give_up(d, not_there);
}

/* A line end that no boundary has claimed belongs to the body. */
static void own_line_end(struct downgrade *d)
{
	if (d->held && d->way == WAY_BASE64)
		encode_base64_put(&d->base64, STR("\r\n"), d->out);
	if (d->held && d->way == WAY_QP)
		encode_qp_line(&d->qp, d->out);
	d->held = false;
}

static void write_body(struct downgrade *d, struct str text, bool ended)
{
	own_line_end(d);
	if (d->way == WAY_BASE64)
		encode_base64_put(&d->base64, text, d->out);
	else if (d->way == WAY_QP)
		encode_qp_put(&d->qp, text, d->out);
	else
		buf_addstr(d->out, text);
	if (ended && d->way == WAY_AS_IT_IS)
		buf_adds(d->out, "\r\n");
	else
		d->held = ended;
}

/* Preambles and epilogues are read by nobody. */
static void write_between(struct downgrade *d, struct str text, bool ended)
{
	for (size_t i = 0; i < text.n; i++)
		buf_addc(d->out, (unsigned char)text.p[i] >= 0x80 ? '?' : text.p[i]);
	if (ended)
		buf_adds(d->out, "\r\n");
}

void downgrade_end_body(struct downgrade *d, bool boundary)
{
	if (d->writing && !boundary)
		own_line_end(d);
	if (d->writing && d->way == WAY_BASE64)
		encode_base64_end(&d->base64, d->out);
	if (d->writing && d->way == WAY_QP)
		encode_qp_end(&d->qp, d->out);
	if (d->held && d->way == WAY_QP)
		buf_adds(d->out, "\r\n");
	d->held = false;
	d->qp = (struct encode_qp){ 0 };
	d->way = WAY_AS_IT_IS;
}

/* ---- headers ---- */

void downgrade_between(struct downgrade *d, struct str text, bool ended)
{
	if (d->writing)
		write_between(d, text, ended);
	else if (downgrade_signed(d) && !str_ascii(text))
		downgrade_give_up(d, not_there);
}

void downgrade_body(struct downgrade *d, struct str text, bool ended)
{
	if (d->writing)
		write_body(d, text, ended);
	else
		look_at_body(d, text, ended);
}

void downgrade_begin_part(struct downgrade *d, bool message)
{
	d->place = IN_HEAD;
	d->message = message;
	d->utf8 = 0;
	buf_reset(&d->head);
	if (d->now + 1 < PARTS_MOST)
		d->now++;
	else
		downgrade_give_up(d, "it has too many parts");
}

bool downgrade_signed(const struct downgrade *d)
{
	for (size_t i = 0; i < d->depth; i++)
		if (d->around[i].is_signed)
			return true;
	return false;
}

static const char *word_of(enum way way)
{
	return way == WAY_QP ? "quoted-printable" : way == WAY_BASE64 ? "base64" : "7bit";
}

/* The header again, with another encoding, and what it needs so that the encoding means something. */
static void write_changed(struct downgrade *d, const struct entity *e)
{
	struct str rest = buf_str(&d->head);

	while (rest.n > 0) {
		struct str raw = field_raw(&rest);

		if (!str_ieq(str_take(raw, field_name(raw)), STR("Content-Transfer-Encoding")))
			buf_addstr(d->out, raw);
	}
	if (!e->mime && d->message)
		buf_adds(d->out, "MIME-Version: 1.0\r\n");
	if (!e->typed && d->way == WAY_QP)
		buf_fmt(d->out, "Content-Type: text/plain; charset=%s\r\n",
			d->part[d->now].not_utf8 ? "unknown-8bit" : "utf-8");
	buf_fmt(d->out, "Content-Transfer-Encoding: %s\r\n", word_of(d->way));
}

static void write_head(struct downgrade *d, const struct entity *e)
{
	bool composite = is_multipart(e) || is_message(d, e);
	bool changes = d->way != WAY_AS_IT_IS || (composite && e->encoded && !str_ieq(e->encoding, STR("7bit")));

	if (changes && !downgrade_signed(d))
		write_changed(d, e);
	else
		buf_addstr(d->out, buf_str(&d->head));
	buf_adds(d->out, "\r\n");
}

static void enclose(struct downgrade *d, const struct entity *e)
{
	struct enclosing *x;

	d->place = IN_BETWEEN;
	if (d->depth == DEPTH_MOST) {
		downgrade_give_up(d, "its parts are nested too deep");
		return;
	}
	x = &d->around[d->depth++];
	*x = (struct enclosing){ .n = e->boundary.n,
				 .is_signed = str_ieq(e->type, STR("multipart/signed")),
				 .digest = str_ieq(e->type, STR("multipart/digest")) };
	memcpy(x->boundary, e->boundary.p, e->boundary.n);
}

static enum way way_of(const struct downgrade *d, const struct entity *e)
{
	if (!d->part[d->now].eightbit)
		return WAY_AS_IT_IS;
	return !e->typed || str_istarts(e->type, STR("text/")) ? WAY_QP : WAY_BASE64;
}

void downgrade_end_head(struct downgrade *d)
{
	ARENA(a);
	struct entity e;
	bool composite;

	if (!str_ascii(buf_str(&d->head)))
		downgrade_give_up(d, in_header);
	read_entity(buf_str(&d->head), &a, &e);
	composite = is_multipart(&e) || is_message(d, &e);
	d->fixed = !is_plain(&e) || downgrade_signed(d) || str_istarts(e.type, STR("message/")) ||
		   str_istarts(e.type, STR("multipart/"));
	d->way = d->writing && !composite ? way_of(d, &e) : WAY_AS_IT_IS;
	if (d->writing)
		write_head(d, &e);
	d->place = IN_BODY;
	if (is_multipart(&e))
		enclose(d, &e);
	else if (composite)
		downgrade_begin_part(d, true);
}

void downgrade_head(struct downgrade *d, struct str text, bool ended, bool inside)
{
	if (ended && !inside && text.n == 0) {
		downgrade_end_head(d);
		return;
	}
	if (d->head.n + text.n + 2 > HEAD_MOST) {
		downgrade_give_up(d, "it has a header that is too long");
		return;
	}
	buf_addstr(&d->head, text);
	if (ended)
		buf_adds(&d->head, "\r\n");
}

void downgrade_bare_head(struct downgrade *d)
{
	if (d->writing)
		buf_addstr(d->out, buf_str(&d->head));
	else if (!str_ascii(buf_str(&d->head)))
		downgrade_give_up(d, in_header);
}
