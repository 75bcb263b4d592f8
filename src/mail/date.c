#include "mail/date.h"

#include "base/clock.h"
#include "base/cur.h"

static void skip_blank(struct cur *c)
{
	while (cur_peek(c) == ' ' || cur_peek(c) == '\t')
		cur_next(c);
}

static int month_of(struct str name)
{
	for (int i = 0; i < 12; i++)
		if (str_ieq(str_take(name, 3), str_of(month_names[i])))
			return i + 1;
	return 0;
}

/* day-of-week "," */
static void skip_weekday(struct cur *c)
{
	if (cur_peek(c) >= 0 && ascii_isalpha((char)cur_peek(c))) {
		cur_span(c, ascii_isalpha, NULL);
		skip_blank(c);
		cur_try(c, ',');
		skip_blank(c);
	}
}

static int year_of(uint64_t year)
{
	if (year >= 100)
		return (int)year;
	return (int)(year < 70 ? year + 2000 : year + 1900);
}

/* zone = ( "+" / "-" ) 4DIGIT, or a name */
static int zone_of(struct str word)
{
	static const struct {
		const char *name;
		int hours;
	} names[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
		      { "PST", -8 }, { "PDT", -7 }, { "JST", 9 },  { "CET", 1 },  { "CEST", 2 } };
	uint64_t n;

	if (word.n == 5 && (word.p[0] == '+' || word.p[0] == '-') && str_u64(str_skip(word, 1), 2359, &n))
		return (int)(n / 100 * 3600 + n % 100 * 60) * (word.p[0] == '-' ? -1 : 1);
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_ieq(word, str_of(names[i].name)))
			return names[i].hours * 3600;
	return 0;
}

bool date_parse(struct str text, int64_t *seconds, int *offset)
{
	struct cur c = cur_of(str_trim(str_take(text, 200)));
	struct civil t = { .month = 0 };
	struct str rest, zone;

	skip_weekday(&c);
	t.day = (int)cur_num(&c, 31, "expected a day");
	while (cur_try(&c, ' ') || cur_try(&c, '-'))
		continue;
	t.month = month_of(cur_span(&c, ascii_isalpha, "expected a month"));
	while (cur_try(&c, ' ') || cur_try(&c, '-'))
		continue;
	t.year = year_of(cur_num(&c, 9999, "expected a year"));
	skip_blank(&c);
	t.hour = (int)cur_num(&c, 23, "expected an hour");
	cur_want(&c, ':', "expected minutes");
	t.minute = (int)cur_num(&c, 59, "expected minutes");
	if (cur_try(&c, ':'))
		t.second = (int)cur_num(&c, 60, "expected seconds");
	if (c.why != NULL || t.month == 0)
		return false;
	t.second = t.second == 60 ? 59 : t.second;
	if (!civil_valid(t))
		return false;
	rest = cur_rest(&c);
	zone = str_word(&rest);
	*offset = zone_of(zone);
	*seconds = civil_to_seconds(t) - *offset;
	return true;
}
