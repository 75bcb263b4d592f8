/* The words of a DAY. */
#include "trace/day.h"

#include "base/cur.h"

enum { DAY = 86400 };

static const char *const months[12] = { "january", "february", "march",     "april",   "may",      "june",
					"july",    "august",   "september", "october", "november", "december" };
static const char *const weekdays[7] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

/* A word of the list, or at least its first three letters; -1: none. */
static int one_of(struct str w, const char *const *list, int n)
{
	if (w.n > 1 && w.p[w.n - 1] == '.')
		w.n--;
	for (int i = 0; i < n; i++) {
		struct str full = str_of(list[i]);

		if (w.n >= 3 && w.n <= full.n && str_ieq(w, str_take(full, w.n)) && (w.n == 3 || w.n == full.n))
			return i;
	}
	if (str_ieq(w, STR("sept")) && n == 12)
		return 8;
	return str_ieq(w, STR("tues")) && n == 7 ? 2 : -1;
}

static bool valid_date(const struct day *d)
{
	struct civil c = { d->year > 0 ? d->year : 2000, d->month > 0 ? d->month : 1, d->mday, 0, 0, 0 };

	return civil_valid(c);
}

static bool set_date(struct day *d, int year, int month, int mday)
{
	struct day x = *d;

	x.kind = DAY_DATE;
	x.year = year;
	x.month = month;
	x.mday = mday;
	if (!valid_date(&x) || d->kind != DAY_NONE)
		return false;
	*d = x;
	return true;
}

/* 2021-03-09, 2021/03/09, 9.3.2021; at the cursor */
static bool date_digits(struct cur *c, struct day *d)
{
	int a = (int)cur_num(c, 9999, "date"), b, z;
	char sep = (char)cur_peek(c);

	if (sep != '-' && sep != '/' && sep != '.')
		return false;
	cur_next(c);
	b = (int)cur_num(c, 12, "month");
	cur_want(c, sep, "date");
	z = (int)cur_num(c, 9999, "date");
	if (!cur_ok(c))
		return false;
	if (sep == '.')
		return a <= 31 && z >= 1000 && set_date(d, z, b, a);
	return a >= 1000 && z <= 31 && b > 0 && set_date(d, a, b, z);
}

/* 12:43, 12:43:51 at the cursor */
static bool time_digits(struct cur *c, struct day *d)
{
	int h = (int)cur_num(c, 23, "hour"), m, s = 0;
	bool seconds;

	cur_want(c, ':', "colon");
	m = (int)cur_num(c, 59, "minute");
	seconds = cur_ok(c) && cur_try(c, ':');
	if (seconds)
		s = (int)cur_num(c, 60, "second");
	if (!cur_ok(c) || d->timed)
		return false;
	d->timed = true;
	d->has_seconds = seconds;
	d->hour = h;
	d->minute = m;
	d->second = s;
	return true;
}

static bool known_zone(struct str w)
{
	int offset;

	return w.n > 0 && !str_ieq(w, STR("local")) && zone_named(w, 0, &offset);
}

/* A date, a time, or both with a T between and a zone behind, as one word. */
static bool one_word(struct str w, struct day *d)
{
	struct cur c = cur_of(w);
	struct day x = *d;

	if (str_chr(w, ':') == 2 || str_chr(w, ':') == 1) {
		if (!time_digits(&c, &x))
			return false;
	} else if (!date_digits(&c, &x)) {
		return false;
	} else if (!cur_end(&c)) {
		cur_want(&c, (char)cur_peek(&c) == 't' ? 't' : 'T', "time");
		if (!time_digits(&c, &x))
			return false;
	}
	if (!cur_end(&c)) {
		if (!x.timed || !known_zone(cur_rest(&c)))
			return false;
		x.zone = cur_rest(&c);
	}
	if (!cur_ok(&c))
		return false;
	*d = x;
	return true;
}

/* "10th" -> 10, "9" -> 9; 0: neither */
static int day_number(struct str w, bool *ordinal)
{
	static const char *const ends[] = { "st", "nd", "rd", "th" };
	uint64_t n;

	*ordinal = false;
	for (size_t i = 0; i < COUNT(ends) && w.n > 2; i++) {
		if (!str_iends(w, str_of(ends[i])))
			continue;
		*ordinal = true;
		w.n -= 2;
		break;
	}
	return str_u64(w, 31, &n) ? (int)n : 0;
}

static int year_word(const struct str *w, size_t n)
{
	uint64_t y;

	return n > 0 && w[0].n == 4 && str_u64(w[0], 9999, &y) && y >= 1970 ? (int)y : 0;
}

/* "9 March [2021]", "March 9 [2021]", "9th of March", "10th" */
static size_t month_words(const struct str *w, size_t n, struct day *d)
{
	bool ordinal = false, second = false;
	int m = one_of(w[0], months, 12), day = day_number(w[0], &ordinal), year;
	size_t of = n > 2 && day > 0 && str_ieq(w[1], STR("of"));

	if (m >= 0 && n > 1 && (day = day_number(w[1], &second)) > 0) {
		year = year_word(w + 2, n - 2);
		return set_date(d, year, m + 1, day) ? 2 + (size_t)(year > 0) : 0;
	}
	if (day > 0 && n > 1 + of && (m = one_of(w[1 + of], months, 12)) >= 0) {
		year = year_word(w + 2 + of, n - 2 - of);
		return set_date(d, year, m + 1, day) ? 2 + of + (size_t)(year > 0) : 0;
	}
	return ordinal && day > 0 && set_date(d, 0, 0, day) ? 1 : 0;
}

/* "March 2021", "march"; may is a word, and a month's three letters alone are too few. */
static size_t month_alone(const struct str *w, size_t n, struct day *d)
{
	int m = one_of(w[0], months, 12), year = year_word(w + 1, n - 1);

	if (m < 0 || d->kind != DAY_NONE || (year == 0 && w[0].n < 4))
		return 0;
	d->kind = DAY_MONTH;
	d->month = m + 1;
	d->year = year;
	return 1 + (size_t)(year > 0);
}

/* "2", "two"; 0: none */
static uint64_t count_word(struct str w)
{
	static const char *const t[] = {
		"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"
	};
	uint64_t n;

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_ieq(w, str_of(t[i])))
			return i + 1;
	return str_u64(w, 1000, &n) ? n : 0;
}

/* "2 hours", "hour": of the last ones, or so long ago; 0: no words of a length of time */
static size_t length_words(const struct str *w, size_t n, int64_t *seconds)
{
	static const struct {
		const char *one, *many;
		int64_t seconds;
	} t[] = { { "minute", "minutes", 60 }, { "min", "mins", 60 },        { "hour", "hours", 3600 },
		  { "day", "days", DAY },      { "week", "weeks", 7 * DAY }, { "month", "months", 30 * DAY } };
	uint64_t count = n > 0 ? count_word(w[0]) : 0;
	size_t unit = count > 0;

	for (size_t i = 0; i < COUNT(t) && unit < n; i++)
		if (str_ieq(w[unit], str_of(t[i].one)) || str_ieq(w[unit], str_of(t[i].many))) {
			*seconds = (int64_t)(count > 0 ? count : 1) * t[i].seconds;
			return unit + 1;
		}
	return 0;
}

/* "last 2 hours", "past month", "10 minutes ago", "an hour ago" */
static size_t past_words(const struct str *w, size_t n, struct day *d)
{
	bool last = str_ieq(w[0], STR("last")) || str_ieq(w[0], STR("past"));
	bool one = str_ieq(w[0], STR("an")) || str_ieq(w[0], STR("a"));
	size_t lead = last || one,
	       used = lead > 0 || count_word(w[0]) > 0 ? length_words(w + lead, n - lead, &d->past) : 0;
	bool ago = used > 0 && lead + used < n && str_ieq(w[lead + used], STR("ago"));

	if (used == 0 || d->kind != DAY_NONE || (!last && !ago))
		return 0;
	d->kind = last ? DAY_PAST : DAY_AGO;
	return lead + used + !last;
}

static bool set_kind(struct day *d, enum day_kind kind, int weekday)
{
	if (d->kind != DAY_NONE)
		return false;
	d->kind = kind;
	d->weekday = weekday;
	return true;
}

static size_t named_day(const struct str *w, size_t n, struct day *d)
{
	int wd = one_of(w[0], weekdays, 7);

	if (wd >= 0)
		return set_kind(d, DAY_WEEKDAY, wd);
	if (str_ieq(w[0], STR("today")))
		return set_kind(d, DAY_TODAY, 0);
	if (str_ieq(w[0], STR("yesterday")))
		return set_kind(d, DAY_YESTERDAY, 0);
	if (n > 2 && str_ieq(w[0], STR("day")) && str_ieq(w[1], STR("before")) && str_ieq(w[2], STR("yesterday"))) {
		if (!set_kind(d, DAY_YESTERDAY, 0))
			return 0;
		d->past = DAY;
		return 3;
	}
	if (n > 1 && str_ieq(w[0], STR("this")) && (str_ieq(w[1], STR("morning")) || str_ieq(w[1], STR("afternoon"))))
		return set_kind(d, DAY_TODAY, 0) ? 2 : 0;
	if (n < 2 || !str_ieq(w[0], STR("last")))
		return 0;
	if (str_ieq(w[1], STR("week")))
		return set_kind(d, DAY_LAST_WEEK, 0) ? 2 : 0;
	wd = one_of(w[1], weekdays, 7);
	return wd >= 0 && set_kind(d, DAY_WEEKDAY, wd) ? 2 : 0;
}

/* "3 pm", "3pm", "11:30 am" (the time stands already) */
static size_t half_day(const struct str *w, size_t n, struct day *d)
{
	struct str digits = w[0], half;
	size_t used = 1;
	uint64_t h;

	if (w[0].n > 2 && (str_iends(w[0], STR("am")) || str_iends(w[0], STR("pm")))) {
		digits = str_take(w[0], w[0].n - 2);
		half = str_skip(w[0], w[0].n - 2);
	} else if (n > 1) {
		half = w[1];
		used = 2;
	} else {
		return 0;
	}
	if (d->timed || !str_u64(digits, 12, &h) || h == 0 || (!str_ieq(half, STR("am")) && !str_ieq(half, STR("pm"))))
		return 0;
	d->timed = true;
	d->hour = (int)(h % 12) + (str_ieq(half, STR("pm")) ? 12 : 0);
	return used;
}

static struct str without_comma(struct str w)
{
	return w.n > 1 && w.p[w.n - 1] == ',' ? str_take(w, w.n - 1) : w;
}

/* "Tue, 9 Mar 2021", "tuesday 2021-03-09": the date says which day it is. */
static size_t dated_weekday(const struct str *w, size_t n, struct day *d)
{
	struct day x = *d;
	size_t used;

	if (n < 2 || one_of(without_comma(w[0]), weekdays, 7) < 0)
		return 0;
	used = month_words(w + 1, n - 1, &x);
	if (used == 0 && one_word(w[1], &x) && x.kind == DAY_DATE)
		used = 1;
	if (used == 0)
		return 0;
	*d = x;
	return 1 + used;
}

static size_t take_some(const struct str *w, size_t n, struct day *d)
{
	size_t used = one_word(w[0], d) ? 1 : 0;

	if (used == 0)
		used = dated_weekday(w, n, d);
	if (used == 0)
		used = named_day(w, n, d);
	if (used == 0)
		used = past_words(w, n, d);
	if (used == 0)
		used = half_day(w, n, d);
	if (used == 0)
		used = month_words(w, n, d);
	if (used == 0)
		used = month_alone(w, n, d);
	return used;
}

size_t day_words(const struct str *words, size_t n, struct day *d)
{
	bool end = n > 2 && str_ieq(words[0], STR("end")) && str_ieq(words[1], STR("of"));
	size_t used;

	if (end) {
		used = day_words(words + 2, n - 2, d);
		d->end = used > 0;
		return used > 0 ? 2 + used : 0;
	}
	used = n > 0 ? take_some(words, n, d) : 0;
	if (used > 0 && used < n && d->timed && d->zone.n == 0 && known_zone(words[used]))
		d->zone = words[used++];
	return used;
}

bool day_parse(struct str value, struct day *d)
{
	struct str words[8], rest = value;
	size_t n = 0, at = 0, used;

	*d = (struct day){ 0 };
	while (n < COUNT(words) && (words[n] = str_word(&rest)).n > 0)
		n++;
	if (n == 0 || str_trim(rest).n > 0)
		return false;
	for (; at < n; at += used)
		if ((used = day_words(words + at, n - at, d)) == 0)
			return false;
	return true;
}
