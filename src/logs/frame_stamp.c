/* When a line was written, in the five ways of frame.h. */
#include "logs/frame_stamp.h"

#include <string.h>

static bool is_digit(char c)
{
	return ascii_isdigit(c);
}

/* Exactly `width` digits. */
static inline int digits(struct cur *c, size_t width)
{
	struct str s = cur_take(c, width, "digits");
	bool all = true;
	int n = 0;

	for (size_t i = 0; i < s.n; i++) {
		all = all && ascii_isdigit(s.p[i]);
		n = n * 10 + (s.p[i] - '0');
	}
	if (!all)
		cur_fail(c, "digits");
	return cur_ok(c) ? n : 0;
}

void frame_fraction(struct cur *c)
{
	if (cur_try(c, '.'))
		cur_span(c, is_digit, "fraction");
}

/* HH:MM:SS */
static void clock_time(struct cur *c, struct civil *out)
{
	out->hour = digits(c, 2);
	cur_want(c, ':', "time");
	out->minute = digits(c, 2);
	cur_want(c, ':', "time");
	out->second = digits(c, 2);
}

static struct str between(const char *from, const char *to)
{
	return str_mem(from, (size_t)(to - from));
}

/* YYYY-MM-DD */
static void date(struct cur *c, struct civil *out)
{
	out->year = digits(c, 4);
	cur_want(c, '-', "date");
	out->month = digits(c, 2);
	cur_want(c, '-', "date");
	out->day = digits(c, 2);
}

/* "Z", "+02:00" or "+0200" */
static int zone(struct cur *c)
{
	int sign = cur_try(c, '-') ? -1 : 1, hours, minutes;

	if (cur_try(c, 'Z'))
		return 0;
	if (sign > 0)
		cur_want(c, '+', "zone");
	hours = digits(c, 2);
	cur_try(c, ':');
	minutes = digits(c, 2);
	if (hours > 14 || minutes > 59)
		cur_fail(c, "zone");
	return sign * (hours * 3600 + minutes * 60);
}

static void place(struct frame *out)
{
	out->absolute = true;
	out->moment = civil_to_seconds(out->stamp) - out->offset;
}

static void at_moment(struct frame *out, int64_t moment)
{
	out->front = STR("");
	out->absolute = true;
	out->zoned = false;
	out->offset = 0;
	out->moment = moment;
	out->stamp = civil_of_seconds(moment);
}

static int month_of(struct cur *c)
{
	struct str s = cur_take(c, 3, "month");

	for (int m = 0; m < 12 && s.n == 3; m++)
		if (memcmp(s.p, month_names[m], 3) == 0)
			return m + 1;
	return 0; /* no valid date */
}

bool frame_3164(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct civil s = { .month = month_of(&c) };
	const char *second, *end;

	cur_want(&c, ' ', "space");
	cur_try(&c, ' ');
	s.day = (int)cur_num(&c, 31, "day");
	cur_want(&c, ' ', "space");
	clock_time(&c, &s);
	second = c.p;
	frame_fraction(&c);
	end = c.p;
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
	out->stamp = s;
	out->front = between(at->p, second);
	out->behind = between(end, c.p);
	*at = c;
	return true;
}

bool frame_3339(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct civil s = { 0 };
	const char *second, *end;
	int offset;

	date(&c, &s);
	cur_want(&c, 'T', "T");
	clock_time(&c, &s);
	second = c.p;
	frame_fraction(&c);
	end = c.p;
	offset = zone(&c);
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
	out->stamp = s;
	out->zoned = true;
	out->offset = offset;
	out->front = between(at->p, second);
	out->behind = between(end, c.p);
	place(out);
	*at = c;
	return true;
}

/* 2021-03-09 12:43:51[.123][ +0200][ [123]] */
bool frame_exim(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct civil s = { 0 };
	int offset = 0;
	bool zoned;

	date(&c, &s);
	cur_want(&c, ' ', "space");
	clock_time(&c, &s);
	frame_fraction(&c);
	cur_want(&c, ' ', "space");
	zoned = cur_peek(&c) == '+' || cur_peek(&c) == '-';
	if (zoned) {
		offset = zone(&c);
		cur_want(&c, ' ', "space");
	}
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
	out->front = STR("");
	if (zoned || !out->absolute)
		out->stamp = s; /* else syslog's stamp knows more */
	if (zoned) {
		out->zoned = true;
		out->offset = offset;
		place(out);
	}
	*at = c;
	if (cur_try(&c, '[')) {
		struct str pid = cur_span(&c, is_digit, "number");

		cur_wantz(&c, "] ", "number");
		if (cur_ok(&c)) {
			out->pid = pid;
			*at = c;
		}
	}
	return true;
}

static int hex_of(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* @ and 24 hexadecimal digits: seconds from 2^62 (and the ten by which TAI was ahead in 1970), nanoseconds. */
bool frame_tai(struct cur *at, struct frame *out)
{
	const uint64_t zero = (UINT64_C(1) << 62) + 10, last = UINT64_C(253402300799);
	struct cur c = *at;
	uint64_t seconds = 0;

	cur_want(&c, '@', "@");
	for (int i = 0; i < 24; i++) {
		int d = hex_of(cur_next(&c));

		if (d < 0)
			return false;
		if (i < 16)
			seconds = seconds << 4 | (uint64_t)d;
	}
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || seconds < zero || seconds - zero > last)
		return false;
	at_moment(out, (int64_t)(seconds - zero));
	*at = c;
	return true;
}

/* 1615286631.123456 */
bool frame_epoch(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct str whole = cur_span(&c, is_digit, "seconds");
	uint64_t seconds = 0;

	cur_want(&c, '.', "point");
	cur_span(&c, is_digit, "fraction");
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || whole.n < 9 || !str_u64(whole, UINT64_C(253402300799), &seconds))
		return false;
	at_moment(out, (int64_t)seconds);
	*at = c;
	return true;
}
