#include "logs/frame.h"

#include <string.h>

#include "base/cur.h"

static bool is_digit(char c)
{
	return ascii_isdigit(c);
}

/* Exactly `width` digits. */
static int digits(struct cur *c, size_t width)
{
	struct str s = cur_take(c, width, "digits");
	int n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_isdigit(s.p[i]))
			cur_fail(c, "digits");
		n = n * 10 + (s.p[i] - '0');
	}
	return cur_ok(c) ? n : 0;
}

/* HH:MM:SS[.fraction] */
static void clock_time(struct cur *c, struct civil *out)
{
	out->hour = digits(c, 2);
	cur_want(c, ':', "time");
	out->minute = digits(c, 2);
	cur_want(c, ':', "time");
	out->second = digits(c, 2);
	if (cur_try(c, '.'))
		cur_span(c, is_digit, "fraction");
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
	out->absolute = true;
	out->zoned = false;
	out->offset = 0;
	out->moment = moment;
	out->stamp = civil_of_seconds(moment);
}

static bool read_3164(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct str month = cur_take(&c, 3, "month");
	struct civil s = { 0 };

	cur_want(&c, ' ', "space");
	cur_try(&c, ' ');
	s.day = (int)cur_num(&c, 31, "day");
	cur_want(&c, ' ', "space");
	clock_time(&c, &s);
	cur_want(&c, ' ', "space");
	for (int m = 0; m < 12 && cur_ok(&c); m++)
		if (str_eqz(month, month_names[m]))
			s.month = m + 1;
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
	out->stamp = s;
	*at = c;
	return true;
}

static bool read_3339(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct civil s = { 0 };
	int offset;

	date(&c, &s);
	cur_want(&c, 'T', "T");
	clock_time(&c, &s);
	offset = zone(&c);
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
	out->stamp = s;
	out->zoned = true;
	out->offset = offset;
	place(out);
	*at = c;
	return true;
}

/* 2021-03-09 12:43:51[.123][ +0200][ [123]] */
static bool read_exim(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct civil s = { 0 };
	int offset = 0;
	bool zoned;

	date(&c, &s);
	cur_want(&c, ' ', "space");
	clock_time(&c, &s);
	cur_want(&c, ' ', "space");
	zoned = cur_peek(&c) == '+' || cur_peek(&c) == '-';
	if (zoned) {
		offset = zone(&c);
		cur_want(&c, ' ', "space");
	}
	if (!cur_ok(&c) || !civil_valid(s))
		return false;
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
static bool read_tai(struct cur *at, struct frame *out)
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
static bool read_epoch(struct cur *at, struct frame *out)
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

static bool is_name(char c)
{
	return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != ':';
}

static bool is_host(char c)
{
	return c > ' ' && c < 0x7f;
}

/* "postfix/smtpd[123]: " or "qmail: " */
static bool read_tag(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct str pid = STR(""), program = cur_span(&c, is_name, "program");

	if (cur_try(&c, '[')) {
		pid = cur_span(&c, is_digit, "number");
		cur_want(&c, ']', "number");
	}
	cur_want(&c, ':', "colon");
	if (!cur_end(&c))
		cur_want(&c, ' ', "space");
	if (!cur_ok(&c))
		return false;
	out->program = program;
	out->pid = pid;
	*at = c;
	return true;
}

/* Without a host a word and a colon may be text ("status: local 0/10"): only a number makes it a program. */
static void read_numbered_tag(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct frame f = *out;

	if (read_tag(&c, &f) && f.pid.n > 0) {
		*out = f;
		*at = c;
	}
}

/* host tag, and behind it perhaps the stamp of the program itself */
static void read_syslog(struct cur *c, struct frame *out)
{
	out->host = cur_span(c, is_host, "host");
	cur_want(c, ' ', "space");
	if (read_tag(c, out) && !read_exim(c, out))
		read_epoch(c, out);
}

/* "message repeated 2 times: [ text]": it is the text that was written. */
static void unwrap_repeated(struct frame *out)
{
	struct cur c = cur_of(out->rest);
	struct str inner, times;

	if (!cur_tryz(&c, "message repeated "))
		return;
	times = cur_span(&c, is_digit, "number");
	cur_wantz(&c, " times: [ ", "times");
	inner = cur_rest(&c);
	if (!cur_ok(&c) || times.n > 9 || !str_ends(inner, STR("]")))
		return;
	out->again = times;
	out->rest = str_take(inner, inner.n - 1);
}

bool frame_read(struct str line, struct frame *out)
{
	struct cur c = cur_of(line);
	struct frame f = { 0 };

	if (read_3164(&c, &f) || read_3339(&c, &f))
		read_syslog(&c, &f);
	else if (read_tai(&c, &f) || read_epoch(&c, &f))
		read_numbered_tag(&c, &f);
	else if (!read_exim(&c, &f))
		return false;
	if (!cur_ok(&c))
		return false;
	f.rest = cur_rest(&c);
	unwrap_repeated(&f);
	*out = f;
	return true;
}
