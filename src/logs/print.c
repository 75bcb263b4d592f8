#include "logs/shape.h"

#include <stdarg.h>
#include <stdatomic.h>

static atomic_bool in_utc;

/* The second that was asked for last, and the zone's offset at it: a group is many lines of one second.
 * One word, so that threads need no lock: second * 2^24 + offset + 2^23; 0: none yet. */
static atomic_uint_fast64_t last;
enum { OFFSET_BITS = 24, OFFSET_ZERO = 1 << 23 };

void log_zone(bool utc)
{
	atomic_store(&in_utc, utc);
	atomic_store(&last, 0);
}

int log_offset(int64_t wall_ms)
{
	uint64_t second = (uint64_t)(wall_ms / 1000), kept = atomic_load_explicit(&last, memory_order_relaxed);
	int offset;

	if (atomic_load_explicit(&in_utc, memory_order_relaxed))
		return 0;
	if (kept != 0 && kept >> OFFSET_BITS == second)
		return (int)(kept & ((1 << OFFSET_BITS) - 1)) - OFFSET_ZERO;
	offset = zone_offset((int64_t)second);
	kept = second << OFFSET_BITS | (uint64_t)(offset + OFFSET_ZERO);
	atomic_store_explicit(&last, kept, memory_order_relaxed);
	return offset;
}

void log_begin(struct log_line *l, enum log_kind kind, int64_t wall_ms)
{
	const struct shape *s = shape_of(kind);

	*l = (struct log_line){ .kind = kind, .stamped = true, .padded_day = true };
	l->stamp = civil_of_seconds(wall_ms / 1000 + log_offset(wall_ms));
	if (s != NULL && s->family == LOG_SPAMDYKE)
		l->stamp.year = 0;
}

void log_origin(struct log_line *l, struct arena *a, struct str host, uint64_t connection)
{
	char *p = arena_alloc(a, host.n + 1);

	for (size_t i = 0; i < host.n; i++)
		p[i] = host.p[i] > ' ' && host.p[i] < 0x7f ? host.p[i] : '_';
	l->host = str_mem(p, host.n);
	l->connection = arena_num(a, connection);
}

/* What stands where spamdyke knows nothing (LOG-FORMATS 1.2). */
static const char *spamdyke_blank(enum log_field f)
{
	switch (f) {
	case LOG_F_sender:
	case LOG_F_rcpt:
	case LOG_F_rdns:
	case LOG_F_user:
		return "(unknown)";
	case LOG_F_ip:
		return "0.0.0.0";
	case LOG_F_encryption:
		return "(none)";
	case LOG_F_reason:
		return "(empty)";
	default:
		return shape_class(f)->when_empty;
	}
}

static struct str blank(enum log_kind kind, enum log_field f)
{
	return str_of(kind == LOG_SPAMDYKE_VERDICT ? spamdyke_blank(f) : shape_class(f)->when_empty);
}

void log_set(struct log_line *l, enum log_field f, struct arena *a, struct str value)
{
	l->field[f] = value.n > 0 ? log_escape(a, f, value) : blank(l->kind, f);
}

void log_setf(struct log_line *l, enum log_field f, struct arena *a, const char *fmt, ...)
{
	BUF(b);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	log_set(l, f, a, buf_str(&b));
}

void log_setn(struct log_line *l, enum log_field f, struct arena *a, uint64_t value)
{
	log_set(l, f, a, arena_num(a, value));
}

void log_set_moment(struct log_line *l, enum log_field f, struct arena *a, int64_t wall_ms)
{
	BUF(b);

	buf_num(&b, (uint64_t)wall_ms / 1000);
	buf_addc(&b, '.');
	buf_digits(&b, (uint64_t)wall_ms % 1000, 3);
	log_set(l, f, a, buf_str(&b));
}

static void print_stamp(struct buf *b, const struct log_line *l, enum log_family family)
{
	struct civil c = l->stamp;

	if (family != LOG_SPAMDYKE) {
		stamp_put(b, c);
		buf_adds(b, ", ");
		return;
	}
	MUST(c.month >= 1 && c.month <= 12);
	buf_adds(b, month_names[c.month - 1]);
	buf_adds(b, l->padded_day && c.day < 10 ? "  " : " ");
	buf_num(b, (uint64_t)c.day);
	buf_addc(b, ' ');
	stamp_put_time(b, c);
	buf_addc(b, ' ');
	buf_addstr(b, l->host.n > 0 ? l->host : STR("localhost"));
	if (l->kind == LOG_SPAMDYKE_REPEATED && l->connection.n == 0) {
		buf_addc(b, ' ');
		return;
	}
	buf_adds(b, " spamdyke[");
	buf_addstr(b, l->connection.n > 0 ? l->connection : STR("0"));
	buf_adds(b, "]: ");
	if (l->again.n == 0)
		return;
	buf_adds(b, "message repeated ");
	buf_addstr(b, l->again);
	buf_adds(b, " times: [ ");
}

static void print_field(struct buf *b, const struct log_line *l, enum log_field f)
{
	bool quotes = l->quoted && shape_class(f)->reads == READS_QUOTED;

	if (quotes)
		buf_addc(b, '"');
	buf_addstr(b, l->field[f].p != NULL ? l->field[f] : blank(l->kind, f));
	if (quotes)
		buf_addc(b, '"');
}

/* Is any field of the tail that opens at part i there? */
static bool tail_stands(const struct shape *s, int i, const struct log_line *l)
{
	do {
		if (s->part[i].field >= 0 && l->field[s->part[i].field].p != NULL)
			return true;
	} while (++i < s->n && !s->part[i].tail);
	return false;
}

static void print_parts(struct buf *b, const struct shape *s, const struct log_line *l)
{
	bool stands = true;

	for (int i = 0; i < s->n; i++) {
		const struct shape_part *part = &s->part[i];

		if (part->tail)
			stands = tail_stands(s, i, l);
		if (!stands)
			continue;
		buf_addstr(b, part->literal);
		if (part->field >= 0)
			print_field(b, l, (enum log_field)part->field);
	}
}

void log_print(struct buf *b, const struct log_line *l)
{
	const struct shape *s = shape_of(l->kind);

	if (s != NULL) {
		print_stamp(b, l, s->family);
		print_parts(b, s, l);
		buf_adds(b, l->again.n > 0 ? "]" : "");
	} else if (l->kind == LOG_UNKNOWN) {
		buf_addstr(b, l->raw);
	}
	if (l->cr && l->kind != LOG_UNKNOWN)
		buf_addc(b, '\r');
	buf_addc(b, '\n');
}
