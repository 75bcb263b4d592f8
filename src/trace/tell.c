#include "trace/moment.h"
#include "trace/tell.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/cur.h"

enum { NOTES_MAX = 50 }; /* a message of thousands of recipients says no more */

void tell_note(struct told *t, const char *fmt, ...)
{
	struct note **end = &t->notes, *note;
	BUF(text);
	va_list ap;

	if (t->nnotes++ >= NOTES_MAX)
		return;
	note = arena_alloc(t->mem, sizeof(*note));
	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	note->text = arena_str(t->mem, buf_str(&text));
	while (*end != NULL)
		end = &(*end)->next;
	*end = note;
}

int64_t tell_time(const struct told *t, const struct line *x)
{
	return moment_of(t->book, x);
}

static bool read_stamp(struct str s, struct civil *c)
{
	struct cur at = cur_of(s);

	c->year = (int)cur_num(&at, 9999, "year");
	cur_want(&at, '-', "date");
	c->month = (int)cur_num(&at, 12, "month");
	cur_want(&at, '-', "date");
	c->day = (int)cur_num(&at, 31, "day");
	cur_want(&at, ' ', "space");
	c->hour = (int)cur_num(&at, 23, "hour");
	cur_want(&at, ':', "time");
	c->minute = (int)cur_num(&at, 59, "minute");
	cur_want(&at, ':', "time");
	c->second = (int)cur_num(&at, 60, "second");
	return cur_ok(&at) && cur_end(&at) && civil_valid(*c);
}

struct str tell_stamp(struct told *t, struct str stamp)
{
	struct civil c;
	int64_t utc;
	int offset;
	BUF(b);

	if (!read_stamp(stamp, &c))
		return stamp;
	utc = zone_utc(&t->book->zone, civil_to_seconds(c));
	offset = day_offset(t->frame, utc);
	stamp_put(&b, civil_of_seconds(utc + offset));
	buf_addc(&b, ' ');
	zone_put(&b, offset);
	return arena_str(t->mem, buf_str(&b));
}

struct str tell_moment(struct told *t, int64_t utc)
{
	int offset = day_offset(t->frame, utc);
	BUF(b);

	stamp_put(&b, civil_of_seconds(utc + offset));
	buf_addc(&b, ' ');
	zone_put(&b, offset);
	return arena_str(t->mem, buf_str(&b));
}

struct str tell_count(struct arena *a, uint64_t n)
{
	struct str digits = arena_fmt(a, "%llu", (unsigned long long)n);
	BUF(out);

	for (size_t i = 0; i < digits.n; i++) {
		if (i > 0 && (digits.n - i) % 3 == 0)
			buf_addc(&out, ',');
		buf_addc(&out, digits.p[i]);
	}
	return arena_str(a, buf_str(&out));
}

struct str tell_reply(struct told *t, const struct line *resp, int *code, struct str *text)
{
	struct log_line l;
	uint64_t n = 0;

	line_fields(t->book, resp, &l);
	*text = log_plain(t->mem, l.field[LOG_F_text]);
	if (l.kind == LOG_SMTP_RESP_QUEUED)
		*text = arena_fmt(t->mem, "ok %.*s qp %.*s", STR_ARG(l.field[LOG_F_epoch]), STR_ARG(l.field[LOG_F_qp]));
	else
		str_u64(str_take(l.field[LOG_F_code], 3), 999, &n);
	*code = l.kind == LOG_SMTP_RESP_QUEUED ? 250 : (int)n;
	if (*code == 0 || foreign_unsaid(*code))
		return *text;
	return arena_fmt(t->mem, "%d %.*s", *code, STR_ARG(*text));
}

const struct gate *tell_denial(const struct party *p)
{
	const struct gate *found = NULL;

	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		if (!str_eqz(g->code, "ALLOWED") && !str_eqz(g->code, "DENIED_OTHER"))
			found = g;
	return found;
}

static const struct reason_row *reason_of_gate_line(struct told *t, const struct line *x)
{
	struct log_line l;

	if (x == NULL)
		return NULL;
	line_fields(t->book, x, &l);
	return reason_by_name(l.field[LOG_F_filter]);
}

const struct reason_row *tell_gate_reason(struct told *t, const struct party *p)
{
	const struct gate *g = tell_denial(p);
	const struct reason_row *row = g != NULL ? reason_by_code(g->code) : NULL;
	struct str text;
	int code;

	if (row == NULL)
		row = reason_of_gate_line(t, p->gate_line);
	if (row == NULL && p->visit != NULL && p->code >= 400)
		row = reason_of_gate_line(t, p->visit->gate_refusal);
	if (row != NULL || p->check != NULL || p->resp == NULL || p->code < 400)
		return row;
	/* The gate's log is missing, its words are not. */
	tell_reply(t, p->resp, &code, &text);
	return reason_by_reply(code, text);
}

static bool known(struct str s)
{
	return s.n > 0 && !str_eqz(s, "(unknown)") && !str_eqz(s, "(none)") && !str_eqz(s, "unknown");
}

static struct str first_known(struct str a, struct str b)
{
	return known(a) ? a : known(b) ? b : STR("");
}

void tell_client(struct told *t)
{
	const struct visit *v = t->story->visit;
	struct visit none = { 0 };
	struct gate nothing = { 0 };
	const struct gate *g = NULL;

	for (const struct party *p = t->story->parties.first; p != NULL && g == NULL; p = p->next)
		g = p->gates; /* another recipient's gate line tells of the same connection */
	v = v != NULL ? v : &none;
	g = g != NULL ? g : &nothing;
	t->ip = first_known(g->ip, v->ip);
	t->rdns = first_known(g->rdns, v->rdns);
	t->user = first_known(v->user, g->user);
	t->encryption = first_known(v->encryption, g->encryption);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->rank - y->rank;
}

void tell(struct told *out, const struct book *b, const struct story *s, const struct scope *sc)
{
	struct told t = { .story = s, .tale = out->tale, .book = b, .scope = sc, .mem = out->mem, .frame = out->frame };

	tell_client(&t);
	t.verdict = scope_verdict(sc, b, s, t.mem);
	t.parties = arena_alloc(t.mem, (s->parties.n + 1) * sizeof(*t.parties));
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		if (!scope_party(sc, s, p))
			continue;
		tell_party(&t, &t.parties[t.nparties++], scope_view(sc, s, p, t.mem));
	}
	if (s->parties.n == 0)
		tell_lost(&t, &t.lost);
	tell_events(&t, sc);
	tell_hops(&t);
	if (t.nevents > 0)
		qsort(t.events, t.nevents, sizeof(*t.events), by_time);
	tell_notes(&t);
	*out = t;
}
