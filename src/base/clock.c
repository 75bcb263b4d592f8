#include "base/clock.h"

#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/err.h"

const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
const char weekday_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

int64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono(void)
{
	return clock_mono_us() / 1000;
}

/* The test clock: a file of 8 bytes that a story changes while we run. */
static const atomic_int_least64_t *test_offset;

static void map_test_clock(void)
{
	const char *path = getenv("TELLTALE_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat st;
	void *at;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(*test_offset)) {
		at = mmap(NULL, sizeof(*test_offset), PROT_READ, MAP_SHARED, fd, 0);
		test_offset = at != MAP_FAILED ? at : NULL;
	}
	close(fd);
}

bool clock_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, map_test_clock);
	return test_offset != NULL;
}

int64_t clock_wall(void)
{
	struct timespec t;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &t);
	ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (clock_begin())
		ms += (int64_t)le64toh((uint64_t)atomic_load_explicit(test_offset, memory_order_relaxed));
	return ms;
}

int64_t deadline_in(int64_t ms)
{
	int64_t at;

	return __builtin_add_overflow(clock_mono(), ms, &at) ? INT64_MAX : at;
}

int64_t wait_shorter(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Days from civil and back: Howard Hinnant's algorithms, in eras of 400 years. */
int64_t civil_to_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

int64_t civil_to_seconds(struct civil c)
{
	return civil_to_days(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
}

struct civil civil_of_seconds(int64_t seconds)
{
	int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	int64_t rest = seconds - days * 86400;
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){ .year = (int)(yoe + era * 400 + (month <= 2)),
			       .month = month,
			       .day = (int)(doy - (153 * mp + 2) / 5 + 1),
			       .hour = (int)(rest / 3600),
			       .minute = (int)(rest / 60 % 60),
			       .second = (int)(rest % 60) };
}

int civil_weekday(int64_t days)
{
	int64_t w = (days + 4) % 7; /* 1970-01-01 was a Thursday */

	return (int)(w < 0 ? w + 7 : w);
}

bool civil_valid(struct civil c)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;

	if (c.month < 1 || c.month > 12 || c.day < 1 || c.year < 0 || c.year > 9999)
		return false;
	if (c.day > length[c.month - 1] + (c.month == 2 && (leap || c.year == 0)))
		return false;
	return c.hour >= 0 && c.hour < 24 && c.minute >= 0 && c.minute < 60 && c.second >= 0 && c.second <= 60;
}

int zone_offset(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int)tm.tm_gmtoff : 0;
}

/* "+02:00", "+0200", "-5" */
static bool zone_numeric(struct str name, int *offset)
{
	struct cur c = cur_of(name);
	int sign = cur_try(&c, '-') ? -1 : 1;
	uint64_t h, m = 0;
	struct str digits;

	if (sign == 1)
		cur_want(&c, '+', "no sign");
	digits = cur_span(&c, ascii_isdigit, "no digits");
	if (digits.n == 4)
		m = (uint64_t)((digits.p[2] - '0') * 10 + digits.p[3] - '0');
	else if (cur_try(&c, ':'))
		m = cur_num(&c, 59, "minutes");
	if (!cur_ok(&c) || !cur_end(&c) || !str_u64(str_take(digits, 2), 14, &h) || (digits.n > 2 && digits.n != 4) ||
	    m > 59)
		return false;
	*offset = sign * (int)(h * 3600 + m * 60);
	return true;
}

/* Abbreviations that people write; everything else is the zone database's. */
static bool zone_short(struct str name, int *offset)
{
	static const struct {
		const char *name;
		int hours;
	} t[] = { { "UTC", 0 },  { "GMT", 0 },  { "Z", 0 },    { "EST", -5 }, { "EDT", -4 },
		  { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 },
		  { "PDT", -7 }, { "WET", 0 },  { "BST", 1 },  { "CET", 1 },  { "CEST", 2 },
		  { "EET", 2 },  { "EEST", 3 }, { "MSK", 3 },  { "IST", 5 },  { "JST", 9 } };

	for (size_t i = 0; i < COUNT(t); i++) {
		if (!str_ieq(name, str_of(t[i].name)))
			continue;
		*offset = t[i].hours * 3600 + (str_ieq(name, STR("IST")) ? 1800 : 0);
		return true;
	}
	return false;
}

static bool zone_name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && strchr("/_+-", name.p[i]) == NULL)
			return false;
	return name.n > 0 && name.n < 64 && name.p[0] != '/';
}

/* The C library knows zones only by the environment: one thread at a time. */
static bool zone_from_database(struct str name, int64_t seconds, int *offset)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const char *was = getenv("TZ");
	char *kept = was != NULL ? mem_dupz(was) : NULL;
	char z[80] = ":", path[160];
	size_t n = name.n < 64 ? name.n : 64;
	struct str file;

	memcpy(z + 1, name.p, n);
	z[n + 1] = '\0';
	file = str_of("/usr/share/zoneinfo/");
	memcpy(path, file.p, file.n);
	memcpy(path + file.n, z + 1, n + 1);
	if (!zone_name_ok(name) || access(path, R_OK) != 0) {
		free(kept);
		return false;
	}
	pthread_mutex_lock(&lock);
	setenv("TZ", z, 1);
	tzset();
	*offset = zone_offset(seconds);
	if (kept != NULL)
		setenv("TZ", kept, 1);
	else
		unsetenv("TZ");
	tzset();
	pthread_mutex_unlock(&lock);
	free(kept);
	return true;
}

bool zone_named(struct str name, int64_t seconds, int *offset)
{
	if (str_ieq(name, STR("local"))) {
		*offset = zone_offset(seconds);
		return true;
	}
	return zone_numeric(name, offset) || zone_short(name, offset) || zone_from_database(name, seconds, offset);
}

void zone_put(struct buf *b, int offset)
{
	int minutes = (offset < 0 ? -offset : offset) / 60;

	buf_fmt(b, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/* Every line of every log has a stamp: no printf. */
static void put_part(struct buf *b, int v, size_t width)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_digits(b, (uint64_t)(v < 0 ? -(int64_t)v : v), v < 0 ? width - 1 : width);
}

void stamp_put_time(struct buf *b, struct civil c)
{
	put_part(b, c.hour, 2);
	buf_addc(b, ':');
	put_part(b, c.minute, 2);
	buf_addc(b, ':');
	put_part(b, c.second, 2);
}

static void put_date(struct buf *b, struct civil c)
{
	put_part(b, c.year, 4);
	buf_addc(b, '-');
	put_part(b, c.month, 2);
	buf_addc(b, '-');
	put_part(b, c.day, 2);
}

void stamp_put(struct buf *b, struct civil c)
{
	put_date(b, c);
	buf_addc(b, ' ');
	stamp_put_time(b, c);
}

void stamp_put_iso(struct buf *b, int64_t seconds, int offset)
{
	struct civil c = civil_of_seconds(seconds + offset);

	put_date(b, c);
	buf_addc(b, 'T');
	stamp_put_time(b, c);
	zone_put(b, offset);
}

void stamp_put_rfc5322(struct buf *b, int64_t seconds, int offset)
{
	struct civil c = civil_of_seconds(seconds + offset);
	int minutes = (offset < 0 ? -offset : offset) / 60;

	buf_adds(b, weekday_names[civil_weekday(civil_to_days(c.year, c.month, c.day))]);
	buf_adds(b, ", ");
	put_part(b, c.day, 2);
	buf_addc(b, ' ');
	buf_adds(b, month_names[c.month - 1]);
	buf_addc(b, ' ');
	put_part(b, c.year, 4);
	buf_addc(b, ' ');
	stamp_put_time(b, c);
	buf_adds(b, offset < 0 ? " -" : " +");
	put_part(b, minutes / 60, 2);
	put_part(b, minutes % 60, 2);
}
