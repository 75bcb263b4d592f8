#include "trace/group_foreign.h"

#include <stdlib.h>
#include <string.h>

#include "trace/moment.h"

enum { CHANGES = 256 };

/* "250_ok_EPOCH_qp_QP" of the gate shows one moment twice. */
static void measure_gate(struct book *b, struct calendar *c, const struct frame *f)
{
	struct log_line gate;
	struct str epoch, qp;
	struct civil stamp = f->stamp;
	uint64_t seconds;

	log_parse_gate(f->rest, &gate);
	if (!str_starts(gate.field[LOG_F_reason], STR("250_ok_")) ||
	    !str_cut(str_skip(gate.field[LOG_F_reason], 7), STR("_qp_"), &epoch, &qp))
		return;
	seconds = group_number(epoch);
	if (seconds == 0)
		return;
	stamp.year = zone_year_near(stamp, (int64_t)seconds);
	calendar_vote(c, stamp.year);
	zone_measure(&b->zone, civil_to_seconds(stamp), (int64_t)seconds);
}

struct scan {
	struct book *b;
	struct frame frame; /* of the line being read */
	struct str speaker; /* the host whose stamps say the zone: two hosts' may differ */
	int offset;         /* as said last */
	int changes;        /* of it, so far */
	bool speaking, said;
	bool quiet;     /* our own formats have shown it */
	int64_t newest; /* of the stamps with a year; 0: none */
};

static void say_zone(struct scan *s, const struct frame *f)
{
	if (s->quiet || s->changes == CHANGES || (s->speaking && !str_eq(s->speaker, f->host)) ||
	    (s->said && s->offset == f->offset))
		return;
	s->changes++;
	s->speaking = s->said = true;
	s->speaker = f->host;
	s->offset = f->offset;
	zone_say(&s->b->zone, f->moment, f->offset);
}

static void scan_line(struct scan *s, struct calendar *c, struct str raw, bool again)
{
	struct frame *f = &s->frame;

	if (!frame_glance(raw, f) || f->stamp.month == 0)
		return;
	if (c->month == 0)
		c->first = f->stamp;
	calendar_turn(c, f->stamp);
	if (f->zoned)
		say_zone(s, f);
	if (f->stamp.year > 0) {
		calendar_vote(c, f->stamp.year);
		if (civil_to_seconds(f->stamp) > s->newest)
			s->newest = civil_to_seconds(f->stamp);
		return;
	}
	if (!again)
		calendar_yearless(c, f->stamp);
	if (str_starts(f->rest, STR("spamdyke")) && !frame_next(raw, f))
		return;
	if (str_eqz(f->program, "spamdyke"))
		measure_gate(s->b, c, f);
}

static void scan_file(struct scan *s, const struct source_file *f, struct calendar *c)
{
	struct source_walk w = { .file = f };
	enum source_fault fault;
	struct str raw;

	s->said = false;
	while (source_next(&w, &raw, &fault)) {
		s->b->source->understood += raw.n / 2;
		if (fault != SOURCE_GOOD)
			continue;
		if (f->kept != NULL)
			kept_turn(f, w.number, c);
		scan_line(s, c, raw, f->kept != NULL && w.number <= f->kept->counted);
	}
}

void foreign_scan(struct book *b, int64_t now)
{
	bool ours = source_has(b->source, LOG_SMTP) || source_has(b->source, LOG_DELIVERY) ||
		    source_has(b->source, LOG_SPAMDYKE);
	struct scan s = { .b = b, .quiet = ours && b->zone.nsaid + b->zone.nmeasured > 0 };
	size_t n = b->source->n;
	struct calendar *c = arena_alloc(&b->mem, (n + 1) * sizeof(*c));

	for (size_t i = 0; i < n; i++)
		if (b->source->files[i].family == LOG_FOREIGN)
			scan_file(&s, &b->source->files[i], &c[i]);
	for (size_t i = 0; i < n; i++)
		if (b->source->files[i].family == LOG_FOREIGN)
			calendar_settle(b, &b->source->files[i], &c[i], s.newest, now);
}

static bool same_civil(struct civil a, struct civil b)
{
	return a.second == b.second && a.minute == b.minute && a.hour == b.hour && a.day == b.day &&
	       a.month == b.month && a.year == b.year;
}

static void settle_time(struct book *b, const struct source_file *f, struct calendar *c, const struct frame *at,
			struct line *x)
{
	struct civil stamp = at->stamp;

	if (f->kept != NULL)
		kept_turn(f, x->number, c);
	calendar_turn(c, stamp);
	x->pass = 0;
	if (at->absolute) {
		moment_known(b, x, at->moment);
		return;
	}
	if (!same_civil(stamp, c->read) || c->passed != c->read_passed) {
		c->read = stamp;
		c->read_passed = c->passed;
		if (stamp.year == 0)
			stamp.year = calendar_year(f, c);
		c->local = civil_to_seconds(stamp);
	}
	x->local = c->local;
}

static void take_gate(struct foreign_reader *r)
{
	struct log_line l;

	log_parse_gate(r->l->frame.rest, &l);
	l.connection = r->l->frame.pid;
	l.again = r->l->frame.again;
	if (l.kind != LOG_SPAMDYKE_VERDICT)
		return;
	group_gate(&r->gates, r->line, &l);
	r->made.gate = true;
}

static void take_kind(struct foreign_reader *r, struct source_file *f)
{
	static void (*const take[FOREIGN_SERVERS])(struct foreign_reader *) = { [FOREIGN_POSTFIX] = postfix_take,
										[FOREIGN_QMAIL] = qmail_take,
										[FOREIGN_EXIM] = exim_take,
										[FOREIGN_CHKUSER] = chkuser_take };

	f->servers |= 1u << r->l->server;
	if (r->l->server == FOREIGN_SPAMDYKE)
		take_gate(r);
	else if (take[r->l->server] != NULL)
		take[r->l->server](r);
}

static void note_span(struct source_file *f, int64_t local)
{
	if (f->first == 0 || local < f->first)
		f->first = local;
	if (f->last == 0 || local > f->last)
		f->last = local;
}

/* What a line repeats must stand before it, also when not all is read again. */
static const char counted[] = "syslog counted lines that it did not write";

/* The line of its host before this one came so many times more. */
static void count_again(struct foreign_reader *r, uint64_t times)
{
	const struct made *m = &r->at->latest;
	struct line *x = line_new(r->b, r->line);

	r->b->unsteady = counted;
	x->times = (unsigned)times;
	lines_add(m->lines, x);
	if (m->party != NULL)
		m->party->again += times;
	else if (m->visit != NULL && m->line == m->visit->final)
		m->visit->again += times;
}

/* "last message repeated N times": whose was the last? */
static void take_repeated(struct foreign_reader *r, struct source_file *f)
{
	struct log_line l = { .kind = LOG_SPAMDYKE_REPEATED };

	r->b->unsteady = counted;
	l.field[LOG_F_times] = mail_field(r, FF_count);
	if (r->at->latest.gate)
		repeat_before(&r->gates, r->line, &l);
	else if (r->at->latest.line != NULL)
		count_again(r, group_number(mail_field(r, FF_count)));
	f->strangers += r->at->latest.stranger;
}

static bool is_latest(const struct foreign_reader *r)
{
	const struct made *m = &r->at->latest;
	const struct frame *f = &r->l->frame;

	return m->line != NULL && str_eq(m->rest, f->rest) && str_eq(m->program, f->program) && str_eq(m->pid, f->pid);
}

static void take_known(struct foreign_reader *r, struct source_file *f)
{
	uint64_t times = group_number(r->l->frame.again);

	if (times > 0)
		r->b->unsteady = counted;
	if (times > 0 && is_latest(r)) {
		count_again(r, times);
		return;
	}
	r->made = (struct made){ 0 };
	take_kind(r, f);
	r->made.rest = r->l->frame.rest;
	r->made.program = r->l->frame.program;
	r->made.pid = r->l->frame.pid;
	r->at->latest = r->made;
	if (times < 2 || r->made.line == NULL)
		return;
	r->made.line->times = (unsigned)times; /* the line that it repeats was not read: it stands for that one too */
	if (r->made.party != NULL)
		r->made.party->again = times - 1;
	else if (r->made.visit != NULL && r->made.line == r->made.visit->final)
		r->made.visit->again = times - 1;
}

static void take_line(struct foreign_reader *r, struct source_file *f, struct calendar *c, struct str raw,
		      struct line *ln)
{
	struct foreign_line *l = &r->read;
	bool known = foreign_read_next(raw, l);

	if (l->frame.rest.p == NULL) {
		f->unreadable += raw.n > 0;
		return;
	}
	ln->at = (uint32_t)(raw.p - f->text.p);
	ln->length = raw.n;
	settle_time(r->b, f, c, &l->frame, ln);
	note_span(f, ln->local);
	if (f->kept != NULL && ln->number > f->kept->counted)
		f->ends = ln->local;
	r->line = ln;
	r->l = l;
	places_find(r, f, l->frame.host);
	if (f->kept != NULL)
		kept_line(r);
	if (known && l->kind == FOREIGN_REPEATED) {
		take_repeated(r, f);
	} else if (known && l->kind != FOREIGN_STRANGER) {
		take_known(r, f);
	} else {
		r->at->latest = (struct made){ .stranger = known };
		f->strangers += known;
		f->unreadable += !known;
	}
}

static void read_file(struct foreign_reader *r, size_t i)
{
	struct source_file *f = &r->b->source->files[i];
	struct source_walk w = { .file = f };
	struct line ln = { .file = i };
	struct calendar c = { 0 };
	struct str raw;
	enum source_fault fault;

	while (source_next(&w, &raw, &fault)) {
		r->b->source->understood += raw.n - raw.n / 2 + 1;
		f->lines++;
		ln.number = (uint32_t)w.number;
		if (fault != SOURCE_GOOD)
			f->unreadable++;
		else
			take_line(r, f, &c, raw, &ln);
	}
}

/* The lines of refused recipients go behind those that concern the whole message. */
static void close_visits(const struct book *b)
{
	for (struct visit *v = b->visits; v != NULL; v = v->later) {
		struct lines *refusals = v->foreign != NULL ? &v->foreign->refusals : NULL;

		if (refusals == NULL || refusals->first == NULL || v->foreign->absorbed)
			continue;
		if (v->lines.last != NULL)
			v->lines.last->next = refusals->first;
		else
			v->lines.first = refusals->first;
		v->lines.last = refusals->last;
	}
}

static int by_beginning(const void *a, const void *b)
{
	const struct source_file *const *x = a, *const *y = b;

	if ((*x)->begins != (*y)->begins)
		return (*x)->begins < (*y)->begins ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* Rotated files in their order, which is known only now that their years are. */
static void read_files(struct foreign_reader *r)
{
	struct source *s = r->b->source;
	struct source_file **order = arena_alloc(&r->b->mem, (s->n + 1) * sizeof(struct source_file *));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == LOG_FOREIGN)
			order[n++] = &s->files[i];
	if (n > 0)
		qsort(order, n, sizeof(struct source_file *), by_beginning);
	for (size_t i = 0; i < n; i++)
		read_file(r, (size_t)(order[i] - s->files));
}

void foreign_group(struct book *b)
{
	struct foreign_reader r = { .b = b, .gates = { .b = b } };
	struct map *const maps[] = { &r.mails, &r.talks, &r.parties, &r.deliveries };

	if (b->one_clock)
		kept_begin(&r);
	read_files(&r);
	places_clear(&r.places);
	close_visits(b);
	if (b->one_clock)
		kept_end(&r);
	for (size_t i = 0; i < COUNT(maps); i++)
		map_clear(maps[i]);
}
