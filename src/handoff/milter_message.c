/* The message itself: header, body, and what the filter says to it in the end. */
#include "handoff/milter_inside.h"

#include <limits.h>

#include "base/clock.h"
#include "base/fiber.h"

/* Of all packets after the end of the message together: signs of progress too. */
enum { PACKETS_MAX = 2000, TURN = 16, REASON_MAX = 200 };

/* ---- header ---- */

static bool keeps_space(const struct milter *m)
{
	return (m->deal.steps & MILTER_LEADING_SPACE) != 0;
}

static struct milter_word say_field(struct milter *m, const struct head_field *f)
{
	struct str value = f->value;
	size_t at = milter_open(&m->out, milter_step(MILTER_STEP_HEADER)->letter);

	while (!keeps_space(m) && value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = str_skip(value, 1);
	milter_z(&m->out, str_take(f->name, MILTER_NAME_MAX));
	milter_value(&m->out, str_take(value, MILTER_VALUE_MAX));
	milter_close(&m->out, at);
	return milter_say(m, MILTER_STEP_HEADER);
}

static struct milter_word say_end_of_header(struct milter *m)
{
	if (!milter_wants(m, MILTER_STEP_EOH))
		return milter_holds(m);
	milter_macros(m, MILTER_STEP_EOH);
	milter_close(&m->out, milter_open(&m->out, milter_step(MILTER_STEP_EOH)->letter));
	return milter_say(m, MILTER_STEP_EOH);
}

struct milter_word milter_head(struct milter *m, const struct head *h)
{
	struct milter_word w = milter_holds(m);

	m->left = m->set.message * 1000;
	for (size_t i = 0; i < h->n && w.is == MILTER_CONTINUE && milter_wants(m, MILTER_STEP_HEADER); i++)
		if (h->fields[i].name.n > 0 && !m->skip_header)
			w = say_field(m, &h->fields[i]);
	return w.is == MILTER_CONTINUE ? say_end_of_header(m) : w;
}

/* ---- body ---- */

static struct milter_word say_chunk(struct milter *m)
{
	size_t at;

	if (m->chunk.n == 0 || m->skip_body)
		return milter_holds(m);
	at = milter_open(&m->out, milter_step(MILTER_STEP_BODY)->letter);
	buf_addstr(&m->out, buf_str(&m->chunk));
	milter_close(&m->out, at);
	buf_reset(&m->chunk);
	return milter_say(m, MILTER_STEP_BODY);
}

struct milter_word milter_body(struct milter *m, struct str piece)
{
	struct milter_word w = milter_holds(m);

	while (piece.n > 0 && w.is == MILTER_CONTINUE && !m->skip_body && milter_wants(m, MILTER_STEP_BODY)) {
		struct str part = str_take(piece, MILTER_CHUNK - m->chunk.n);

		buf_addstr(&m->chunk, part);
		piece = str_skip(piece, part.n);
		if (m->chunk.n == MILTER_CHUNK)
			w = say_chunk(m);
	}
	return w;
}

/* ---- the end ---- */

struct ending {
	struct milter *m;
	struct arena *mem;
	struct milter_changes *out;
	size_t room;
};

static void refuse(struct milter_changes *out, const char *why)
{
	if (out->refused++ == 0)
		out->why = why;
}

static void take_edit(struct ending *x, struct edit d)
{
	struct milter_changes *out = x->out;
	const char *why;

	if (out->n == EDITS_MAX) {
		refuse(out, "too many edits");
	} else if (edit_make(&d, x->mem, &why) < 0) {
		refuse(out, why);
	} else {
		if (out->n == x->room) {
			size_t want = x->room == 0 ? 8 : 2 * x->room;

			out->edits = arena_grow(x->mem, out->edits, out->n, want, sizeof(d));
			x->room = want;
		}
		out->edits[out->n++] = d;
	}
}

static struct str value_of(struct ending *x, struct str value)
{
	if (keeps_space(x->m) || value.n == 0)
		return value;
	return edit_spaced(x->mem, value);
}

static struct str printable(struct arena *a, struct str s)
{
	struct str take = str_take(s, REASON_MAX);
	char *p = arena_alloc(a, take.n + 1);

	for (size_t i = 0; i < take.n; i++)
		p[i] = ascii_isprint(take.p[i]) ? take.p[i] : '?';
	return str_mem(p, take.n);
}

/* A change of the message: false when it is none, or one that the filter did not announce. */
static bool take_change(struct ending *x, const struct milter_reply *r)
{
	uint32_t may = x->m->deal.actions;
	struct edit d = { .name = r->name, .value = value_of(x, r->value) };

	d.at = r->at < INT32_MAX ? (int32_t)r->at : INT32_MAX;
	if (r->is == MILTER_IS_QUARANTINE && (may & MILTER_QUARANTINES) != 0) {
		x->out->quarantine = true;
		x->out->reason = printable(x->mem, r->text);
		return true;
	}
	if (r->is == MILTER_IS_CHANGE_HEADER && (may & MILTER_CHANGES) != 0) {
		d.kind = r->value.n > 0 ? EDIT_CHANGE : EDIT_DELETE;
		if (d.at == 0)
			refuse(x->out, "a field is counted from 1");
		else
			take_edit(x, d);
		return true;
	}
	if ((r->is != MILTER_IS_ADD_HEADER && r->is != MILTER_IS_INSERT_HEADER) || (may & MILTER_ADDS) == 0)
		return false;
	d.kind = r->is == MILTER_IS_ADD_HEADER ? EDIT_ADD : EDIT_INSERT;
	take_edit(x, d);
	return true;
}

static bool is_change(enum milter_reply_id is)
{
	return is == MILTER_IS_ADD_HEADER || is == MILTER_IS_INSERT_HEADER || is == MILTER_IS_CHANGE_HEADER ||
	       is == MILTER_IS_QUARANTINE;
}

static struct milter_word hear_end(struct ending *x)
{
	const enum milter_step s = MILTER_STEP_END;
	struct milter_reply r;

	for (int n = 1; n <= PACKETS_MAX; n++) {
		if (!milter_hear(x->m, s, milter_deadline(x->m, s), &r))
			return x->m->visit;
		if (is_change(r.is) && !take_change(x, &r))
			return milter_fails(x->m, s, "a change that it had not announced");
		if (!is_change(r.is) && r.is != MILTER_IS_PROGRESS)
			return milter_mean(x->m, s, &r);
		if (n % TURN == 0)
			fiber_yield();
	}
	return milter_fails(x->m, s, "changes or signs of progress without end");
}

static struct milter_word ask_end(struct ending *x)
{
	struct milter *m = x->m;
	struct milter_word w = say_chunk(m);

	if (w.is != MILTER_CONTINUE)
		return w;
	milter_macros(m, MILTER_STEP_END);
	milter_close(&m->out, milter_open(&m->out, milter_step(MILTER_STEP_END)->letter));
	arena_reset(&m->said);
	if (!milter_quiet(m, MILTER_STEP_END) || !milter_flush(m, MILTER_STEP_END, milter_deadline(m, MILTER_STEP_END)))
		return m->visit;
	w = hear_end(x);
	m->in_message = false;
	return w.is == MILTER_SHUTDOWN ? milter_settle(m, MILTER_STEP_END, w) : w;
}

struct milter_word milter_end(struct milter *m, struct arena *a, struct milter_changes *out)
{
	struct ending x = { .m = m, .mem = a, .out = out };
	struct milter_word w = milter_holds(m);

	*out = (struct milter_changes){ 0 };
	if (m->left < 0)
		m->left = m->set.message * 1000;
	if (w.is == MILTER_CONTINUE)
		w = ask_end(&x);
	if (w.is != MILTER_CONTINUE && w.is != MILTER_ACCEPT)
		*out = (struct milter_changes){ 0 };
	m->left = -1;
	return w;
}
