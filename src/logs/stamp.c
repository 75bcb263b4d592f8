/* The stamps in front of the three logs' lines.
 *
 * Most often a line has the stamp of the line before, or its day: then bytes are compared, and at most the time is
 * read.
 */
#include "base/quick.h"
#include "logs/shape.h"

enum { COMMA_DAY = 11, SYSLOG_DAY = 7, TIME = 8 }; /* "2021-03-09 ", "Mar  9 ", "12:43:51" */

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12" at p, both digits; -1 otherwise. */
static inline int two(const char *p)
{
	return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* HH:MM:SS, eight bytes. */
static inline bool read_time(const char *p, struct civil *c)
{
	unsigned d[8];
	unsigned most = 0;

	for (int i = 0; i < 8; i++)
		d[i] = (unsigned char)p[i] - (unsigned)'0';
	most = d[0] | d[1] | d[3] | d[4] | d[6] | d[7];
	if (most > 9 && (d[0] > 9 || d[1] > 9 || d[3] > 9 || d[4] > 9 || d[6] > 9 || d[7] > 9))
		return false;
	c->hour = (int)(d[0] * 10 + d[1]);
	c->minute = (int)(d[3] * 10 + d[4]);
	c->second = (int)(d[6] * 10 + d[7]);
	return p[2] == ':' && p[5] == ':' && c->hour < 24 && c->minute < 60 && c->second <= 60;
}

/* Does the line have the day of the line before, which is `n` bytes long? */
static inline bool same_day(const struct log_line *l, const char *p, size_t n)
{
	return l->written[0] != '\0' && str_same(l->written, p, n);
}

/* And its time, which stands behind the day? */
static inline bool same_time(const struct log_line *l, const char *p, size_t day)
{
	return str_same(l->written + day, p + day, TIME);
}

static bool read_day(const char *p, struct civil *c)
{
	int century = two(p), year = two(p + 2);

	if (p[4] != '-' || p[7] != '-' || p[10] != ' ' || century < 0 || year < 0)
		return false;
	c->year = century * 100 + year;
	c->month = two(p + 5);
	c->day = two(p + 8);
	return true;
}

/* "2021-03-09 12:43:51, "; the rest of the line follows. */
bool stamp_read_comma(struct str *s, struct log_line *out)
{
	const char *p = s->p;
	struct civil c = out->stamp;
	bool known;

	if (s->n < 21 || p[19] != ',' || p[20] != ' ')
		return false;
	known = same_day(out, p, COMMA_DAY);
	*s = str_skip(*s, COMMA_DAY + TIME + 2);
	if (known && same_time(out, p, COMMA_DAY))
		return true;
	if ((!known && !read_day(p, &c)) || !read_time(p + COMMA_DAY, &c))
		return false;
	if (!known && !civil_valid(c))
		return false;
	memcpy(out->written, p, COMMA_DAY + TIME);
	out->stamp = c;
	return true;
}

static int month_of(const char *p)
{
	for (int m = 0; m < 12; m++) {
		if (memcmp(p, month_names[m], 3) == 0)
			return m + 1;
	}
	return 0;
}

/* "Mar  9 " or "Mar 9 ": how many bytes; 0: neither. */
static size_t read_syslog_day(const char *p, struct civil *c)
{
	bool padded = p[4] == ' ', short_day = !padded && p[5] == ' ';

	*c = (struct civil){ .month = month_of(p) };
	if (padded || short_day)
		c->day = is_digit(p[4 + padded]) ? p[4 + padded] - '0' : 0;
	else
		c->day = p[4] == '0' ? 0 : two(p + 4);
	return p[3] != ' ' || p[short_day ? 5 : 6] != ' ' ? 0 : short_day ? 6 : 7;
}

/* "Mar  9 12:43:51 " or "Mar 9 12:43:51 ". */
bool stamp_read_syslog(struct str *s, struct log_line *out)
{
	const char *p = s->p;
	struct civil c = out->stamp;
	size_t at = SYSLOG_DAY;
	bool known;

	if (s->n < 16)
		return false;
	known = same_day(out, p, SYSLOG_DAY);
	if (known && same_time(out, p, SYSLOG_DAY) && p[SYSLOG_DAY + TIME] == ' ') {
		out->padded_day = true;
		*s = str_skip(*s, SYSLOG_DAY + TIME + 1);
		return true;
	}
	if (!known && (at = read_syslog_day(p, &c)) == 0)
		return false;
	if (s->n < at + 9 || p[at + 8] != ' ' || !read_time(p + at, &c))
		return false;
	if (!known && !civil_valid(c))
		return false;
	if (at == SYSLOG_DAY)
		memcpy(out->written, p, SYSLOG_DAY + TIME);
	else
		out->written[0] = '\0';
	out->stamp = c;
	out->padded_day = at == SYSLOG_DAY;
	*s = str_skip(*s, at + 9);
	return true;
}
