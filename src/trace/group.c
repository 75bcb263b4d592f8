#include "trace/group_foreign.h"

#include <stdlib.h>

#include "trace/moment.h"

uint64_t group_number(struct str s)
{
	uint64_t n;

	return str_u64(s, (uint64_t)1 << 53, &n) ? n : 0;
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

/* "250_ok_1615286631_qp_15309" */
static void reason_numbers(struct gate *g)
{
	struct str rest = g->reason, epoch, qp;

	if (!str_starts(rest, STR("250_ok_")) || !str_cut(str_skip(rest, 7), STR("_qp_"), &epoch, &qp))
		return;
	g->epoch = group_number(epoch);
	g->qp = group_number(qp);
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

/* The line that it repeats was not read: it stands for that one and for the others. */
static void stand_for_others(struct book *b, struct gate *g, uint64_t times)
{
	if (times < 2)
		return;
	g->repeat = arena_alloc(&b->mem, sizeof(*g->repeat));
	g->repeat->times = times - 1;
}

static void link_gate(struct book *b, struct gate *g)
{
	if (b->last_gate != NULL)
		b->last_gate->next = g;
	else
		b->gates = g;
	b->last_gate = g;
}

static struct gate *new_gate(struct book *b, const struct line *ln, const struct log_line *l)
{
	struct gate *g = arena_alloc(&b->mem, sizeof(*g));

	*g = (struct gate){ .line = line_new(b, ln),
			    .from = book_name(b, l->field[LOG_F_sender]),
			    .to = book_name(b, l->field[LOG_F_rcpt]),
			    .code = l->field[LOG_F_verdict],
			    .allowed = str_eqz(l->field[LOG_F_verdict], "ALLOWED"),
			    .ip = l->field[LOG_F_ip],
			    .rdns = l->field[LOG_F_rdns],
			    .user = l->field[LOG_F_user],
			    .encryption = l->field[LOG_F_encryption],
			    .reason = l->field[LOG_F_reason],
			    .connection = group_number(l->connection) };
	reason_numbers(g);
	return g;
}

struct gate *group_gate(struct repeat_reader *r, const struct line *ln, const struct log_line *l)
{
	struct gate *g = new_gate(r->b, ln, l);

	if (l->again.n > 0 && repeat_of(r, ln, l, g))
		return NULL;
	stand_for_others(r->b, g, group_number(l->again));
	repeat_see(r, ln, g);
	link_gate(r->b, g);
	return g;
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

struct readers {
	struct book *b;
	struct log_line line; /* the one being read */
	struct civil day;     /* the day of the last stamp, which is most often that of the next one, */
	int64_t midnight;     /* and when it begins */
	struct smtp_reader smtp;
	struct delivery_reader delivery;
	struct gate_reader *gates; /* of the file being read, or NULL */
	struct repeat_reader repeats;
	int64_t before; /* the stamp before this one, in this file */
};

static int64_t local_of(struct readers *r, struct civil c)
{
	if (r->gates != NULL)
		c.year = yearless(r->gates, c);
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

static void take_line(struct readers *r, struct source_file *f, struct str raw, struct line *ln)
{
	struct log_line *l = &r->line;

	log_parse_next(f->family, raw, l);
	ln->at = (uint32_t)(raw.p - f->text.p);
	ln->length = raw.n;
	ln->kind = l->kind;
	if (l->kind == LOG_UNKNOWN)
		f->unreadable++;
	if (l->stamped) {
		ln->local = local_of(r, l->stamp);
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
	if (year > 0) {
		b->year_proven = true;
	} else {
		year = latest_year(civil_of_seconds(f->last), horizon) - (civil_of_seconds(f->last).year - YEARLESS);
		b->year_guessed = true;
	}
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
	struct line ln = { .file = i };
	struct str raw;
	enum source_fault fault;

	r->before = 0;
	r->line = (struct log_line){ 0 };
	if (f->family == LOG_SMTP)
		smtp_begin_file(&r->smtp, f->label);
	else if (f->family == LOG_DELIVERY)
		delivery_begin_file(&r->delivery, f->path);
	while (source_next(&w, &raw, &fault)) {
		f->lines++;
		ln.number = (uint32_t)w.number;
		ln.local = 0;
		if (fault != SOURCE_GOOD)
			f->unreadable++;
		else
			take_line(r, f, raw, &ln);
	}
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

/* The stamp of a file's first readable line, to read rotated files in their order. */
static int64_t first_stamp(const struct source_file *f)
{
	struct source_walk w = { .file = f };
	struct log_line l;
	struct str raw;
	enum source_fault fault;

	for (int i = 0; i < 100 && source_next(&w, &raw, &fault); i++) {
		if (fault != SOURCE_GOOD)
			continue;
		log_parse(f->family, raw, &l);
		if (l.stamped)
			return civil_to_seconds(l.stamp);
	}
	return INT64_MAX;
}

static int by_first(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->kept != NULL && y->kept != NULL)
		return x->kept->order < y->kept->order ? -1 : 1;
	return str_cmp(x->path, y->path);
}

static void sort_files(struct source *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->files[i].first = first_stamp(&s->files[i]);
	if (s->n > 0)
		qsort(s->files, s->n, sizeof(*s->files), by_first);
	for (size_t i = 0; i < s->n; i++)
		s->files[i].first = 0;
}

void group_read(struct book *b, int64_t now)
{
	struct readers r = { .b = b, .smtp = { .b = b }, .delivery = { .b = b }, .repeats = { .b = b } };
	struct source *s = b->source;

	source_settle(s);
	sort_files(s);
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
