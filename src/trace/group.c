#include "trace/group_foreign.h"

#include <stdlib.h>

#include "trace/moment.h"

/* str_u64() up to 2^53, for the short numbers that nearly all are. */
uint64_t group_number(struct str s)
{
	enum { SHORT = 15 };
	uint64_t n = 0;

	if (s.n > SHORT)
		return str_u64(s, (uint64_t)1 << 53, &n) ? n : 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9)
			return 0;
		n = n * 10 + digit;
	}
	return n;
}

int64_t group_moment(struct str s)
{
	struct str seconds, millis;
	uint64_t whole, part;

	if (!str_cut(s, STR("."), &seconds, &millis) || !str_u64(seconds, (uint64_t)1 << 40, &whole))
		return 0;
	return millis.n == 3 && str_u64(millis, 999, &part) ? (int64_t)(whole * 1000 + part) : 0;
}

/* Stamps of syslog have no year.  Until it is known they stand in YEARLESS plus the years passed within the file. */
enum { YEARLESS = 2000 };

struct gate_reader {
	struct book *b;
	struct repeat_reader *repeats;
	int month, passed;
	int year;      /* of the latest epoch */
	int votes[64]; /* for a year, as anchors prove it: index year - FIRST_YEAR */
};

enum { FIRST_YEAR = 1990, LAST_YEAR = FIRST_YEAR + 63 };

/* Half a year backwards in one file is a new year; half a year forwards is a late line of the old one. */
static int yearless(struct gate_reader *r, struct civil stamp)
{
	if (r->month > 0 && stamp.month < r->month - 6)
		r->passed++;
	else if (r->month > 0 && stamp.month > r->month + 6)
		r->passed--;
	r->month = stamp.month;
	return YEARLESS + r->passed;
}

/* The stamp in the year that brings it nearest to the epoch: mostly the year of the one before. */
static int64_t near_epoch(struct gate_reader *r, struct civil stamp, int64_t epoch)
{
	enum { THIRD = 120 * 86400 };
	int64_t local;

	stamp.year = r->year;
	local = civil_to_seconds(stamp);
	if (r->year > 0 && local > epoch - THIRD && local < epoch + THIRD)
		return local;
	stamp.year = r->year = zone_year_near(stamp, epoch);
	return civil_to_seconds(stamp);
}

static void vote(struct gate_reader *r, const struct line *ln, const struct gate *g, struct civil stamp)
{
	int64_t local = near_epoch(r, stamp, (int64_t)g->epoch);
	int base = r->year - r->passed;

	moment_epoch(r->b, ln, local, (int64_t)g->epoch);
	if (base >= FIRST_YEAR && base <= LAST_YEAR)
		r->votes[base - FIRST_YEAR]++;
}

static void take_gate(struct gate_reader *r, const struct line *ln, const struct log_line *l)
{
	struct gate *g = NULL;

	if (l->kind == LOG_SPAMDYKE_REPEATED)
		repeat_before(r->repeats, ln, l);
	else if (l->kind == LOG_SPAMDYKE_VERDICT)
		g = group_gate(r->repeats, ln, l);
	if (g != NULL && g->epoch > 0)
		vote(r, ln, g, l->stamp);
}

static void note_span(struct source_file *f, int64_t local)
{
	if (f->first == 0 || local < f->first)
		f->first = local;
	if (f->last == 0 || local > f->last)
		f->last = local;
}

/* A line is understood some lines before anything is made of it: meanwhile the names in it are fetched. */
enum { AHEAD = 8 };
struct pending {
	struct line line;
	struct log_line fields;
	struct str raw;
	uint64_t names[2]; /* as book_name_soon() gave them */
	int nnames;
	enum source_fault fault;
};

struct readers {
	struct book *b;
	struct pending pending[AHEAD];
	struct civil day; /* the day of the last stamp, which is most often that of the next one, */
	int64_t midnight; /* and when it begins */
	struct smtp_reader smtp;
	struct delivery_reader delivery;
	struct gate_reader *gates; /* of the file being read, or NULL */
	struct repeat_reader repeats;
	int64_t before; /* the stamp before this one, in this file */
};

static int64_t local_of(struct readers *r, const struct source_file *f, const struct line *ln, struct civil c)
{
	if (r->gates != NULL) {
		if (f->kept != NULL && f->kept->year > 0)
			source_kept_turn(f, ln->number, &r->gates->month, &r->gates->passed);
		c.year = yearless(r->gates, c);
	}
	if (c.day != r->day.day || c.month != r->day.month || c.year != r->day.year) {
		r->day = c;
		r->midnight = civil_to_days(c.year, c.month, c.day) * 86400;
	}
	return r->midnight + c.hour * 3600 + c.minute * 60 + c.second;
}

/* The clock was set back by an hour: lines behind this one are of the second pass. */
static void note_back(struct readers *r, const struct line *ln)
{
	enum { LEAST = 50 * 60, MOST = 70 * 60 };

	if (r->before - ln->local >= LEAST && r->before - ln->local <= MOST)
		moment_back(r->b, ln);
	r->before = ln->local;
}

static void take_zone(struct book *b, const struct log_line *l)
{
	uint64_t epoch = group_number(l->field[LOG_F_epoch]);
	int offset;

	if (epoch > 0 && zone_named(l->field[LOG_F_offset], (int64_t)epoch, &offset))
		zone_say(&b->zone, (int64_t)epoch, offset);
}

/* The addresses of a line, as its readers will ask for them. */
static void names_soon(const struct book *b, struct pending *p)
{
	static const struct {
		int n;
		enum log_field field[2];
	} of[LOG_KINDS] = {
		[LOG_SMTP_FROM] = { 1, { LOG_F_sender } },
		[LOG_SMTP_TO] = { 1, { LOG_F_path } },
		[LOG_DELIVERY_INIT] = { 1, { LOG_F_sender } },
		[LOG_DELIVERY_TRY] = { 1, { LOG_F_rcpt } },
		[LOG_SPAMDYKE_VERDICT] = { 2, { LOG_F_sender, LOG_F_rcpt } },
	};
	const struct log_line *l = &p->fields;

	p->nnames = of[l->kind].n;
	for (int i = 0; i < p->nnames; i++)
		p->names[i] = book_name_soon(b, l->field[of[l->kind].field[i]]);
}

/* before: the line before it. */
static void understand(const struct readers *r, const struct source_file *f, const struct pending *before,
		       struct pending *p)
{
	p->nnames = 0;
	if (p->fault != SOURCE_GOOD)
		return;
	log_follow(&p->fields, &before->fields);
	log_parse_next(f->family, p->raw, &p->fields);
	p->line.at = (uint32_t)(p->raw.p - f->text.p);
	p->line.length = p->raw.n;
	p->line.kind = p->fields.kind;
	p->line.local = 0;
	names_soon(r->b, p);
}

static void look_ahead(const struct book *b, const struct pending *p)
{
	for (int i = 0; i < p->nnames; i++)
		book_name_sooner(b, p->names[i]);
}

static void take_line(struct readers *r, struct source_file *f, struct pending *p)
{
	const struct log_line *l = &p->fields;
	struct line *ln = &p->line;

	f->lines++;
	f->unreadable += p->fault != SOURCE_GOOD || l->kind == LOG_UNKNOWN;
	if (p->fault != SOURCE_GOOD)
		return;
	if (l->stamped) {
		ln->local = local_of(r, f, ln, l->stamp);
		note_span(f, ln->local);
		note_back(r, ln);
	} else if (l->kind != LOG_EMPTY) {
		return;
	}
	if (l->kind == LOG_SMTP_ZONE || l->kind == LOG_DELIVERY_ZONE)
		take_zone(r->b, l);
	if (f->family == LOG_SMTP)
		smtp_take(&r->smtp, ln, l);
	else if (f->family == LOG_DELIVERY)
		delivery_take(&r->delivery, ln, l);
	else
		take_gate(r->gates, ln, l);
}

/* The latest year that does not put the file's last line into the future. */
static int latest_year(struct civil last, int64_t horizon)
{
	int year = civil_of_seconds(horizon).year;

	last.year = year;
	return civil_to_seconds(last) > horizon ? year - 1 : year;
}

static int voted_year(const struct gate_reader *r)
{
	int best = 0;

	for (int i = 1; i < (int)COUNT(r->votes); i++)
		if (r->votes[i] > r->votes[best])
			best = i;
	return r->votes[best] > 0 ? FIRST_YEAR + best : 0;
}

/* Years are moved by days: one look at the calendar for all lines of a day. */
struct move {
	int64_t day, days; /* the last day, and by how much it was moved */
	int years;
};

static int64_t moved(struct move *m, int64_t local)
{
	int64_t day = local / 86400 - (local % 86400 < 0);
	struct civil c;

	if (m->days == 0 || day != m->day) {
		c = civil_of_seconds(day * 86400);
		m->day = day;
		m->days = civil_to_days(c.year + m->years, c.month, c.day) - day;
	}
	return local + m->days * 86400;
}

/* Move the stamps of one gate log from YEARLESS to its true years. */
static void settle_year(struct gate_reader *r, struct source_file *f, struct gate *first, int64_t now)
{
	struct book *b = r->b;
	int year = voted_year(r);
	struct move m = { 0 };
	int64_t horizon = (b->newest > 0 ? b->newest : f->mtime > 0 ? f->mtime : now) + 86400;

	if (f->last == 0)
		return;
	if (f->kept != NULL && f->kept->year > 0) {
		b->year_lost = b->year_lost || (year > 0 && year != f->first_year);
		f->year_voted = f->year_voted || year > 0;
		year = f->first_year;
	} else if (year > 0) {
		b->year_proven = f->year_voted = true;
	} else {
		year = latest_year(civil_of_seconds(f->last), horizon) - (civil_of_seconds(f->last).year - YEARLESS);
		b->year_guessed = true;
	}
	f->first_year = year;
	m.years = year - YEARLESS;
	f->first = moved(&m, f->first);
	f->last = moved(&m, f->last);
	for (struct gate *g = first; g != NULL; g = g->next)
		g->line->local = moved(&m, g->line->local);
}

static void read_file(struct readers *r, size_t i)
{
	struct source_file *f = &r->b->source->files[i];
	struct source_walk w = { .file = f };
	size_t read = 0, taken = 0;
	struct pending *p;

	r->before = 0;
	for (size_t k = 0; k < AHEAD; k++)
		r->pending[k] = (struct pending){ .line = { .file = i } };
	if (f->family == LOG_SMTP)
		smtp_begin_file(&r->smtp, f->label);
	else if (f->family == LOG_DELIVERY)
		delivery_begin_file(&r->delivery, f->path);
	for (p = r->pending; source_next(&w, &p->raw, &p->fault); p = &r->pending[read % AHEAD]) {
		p->line.number = (uint32_t)w.number;
		p->fault = source_mute(f, w.number) ? SOURCE_NUL : p->fault;
		r->b->source->understood += p->raw.n + 1;
		understand(r, f, &r->pending[(read - 1) % AHEAD], p);
		if (++read < AHEAD)
			continue;
		look_ahead(r->b, &r->pending[(read - AHEAD / 2) % AHEAD]);
		take_line(r, f, &r->pending[taken++ % AHEAD]);
	}
	while (taken < read)
		take_line(r, f, &r->pending[taken++ % AHEAD]);
	if (f->family == LOG_SMTP)
		smtp_end_file(&r->smtp);
}

static void read_gate_file(struct readers *r, size_t i, int64_t now)
{
	struct book *b = r->b;
	struct gate_reader g = { .b = b, .repeats = &r->repeats };
	struct gate *before = b->last_gate;

	r->gates = &g;
	read_file(r, i);
	r->gates = NULL;
	settle_year(&g, &b->source->files[i], before != NULL ? before->next : b->gates, now);
}

static void widen(struct book *b, const struct source_file *f)
{
	if (f->first != 0 && (b->oldest == 0 || f->first < b->oldest))
		b->oldest = f->first;
	if (f->last != 0 && (b->newest == 0 || f->last > b->newest))
		b->newest = f->last;
}

void group_files(struct book *b)
{
	source_settle(b->source);
	group_sort(b->source);
}

void group_lines(struct book *b, int64_t now)
{
	struct readers r = { .b = b, .smtp = { .b = b }, .delivery = { .b = b }, .repeats = { .b = b } };
	struct source *s = b->source;

	moment_begin(b);
	for (size_t i = 0; i < s->n; i++) {
		if (s->files[i].family == LOG_SPAMDYKE || s->files[i].family == LOG_FOREIGN)
			continue;
		read_file(&r, i);
		widen(b, &s->files[i]);
	}
	/* Gate logs last: the others' stamps bound their year. */
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == LOG_SPAMDYKE)
			read_gate_file(&r, i, now);
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == LOG_SPAMDYKE)
			widen(b, &s->files[i]);
	smtp_end(&r.smtp);
	delivery_end(&r.delivery);
	foreign_scan(b, now);
	zone_settle(&b->zone);
	if (source_has(s, LOG_FOREIGN))
		foreign_group(b);
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == LOG_FOREIGN)
			widen(b, &s->files[i]);
	source_rotations(s);
}

void group_read(struct book *b, int64_t now)
{
	group_files(b);
	group_lines(b, now);
}
