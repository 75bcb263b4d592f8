/* The year of another server's log whose stamps name none. */
#include "trace/group_foreign.h"

/* Stamps without a year stand in YEARLESS plus the years passed within the file, until its year is known. */
enum { YEARLESS = 2000, HORIZON = 86400, LEAST_YEAR = 1990 };

/* Half a year backwards is a new year, half a year forwards a late line of the old one. */
void calendar_turn(struct calendar *c, struct civil stamp)
{
	if (c->month > 0 && stamp.month < c->month - 6)
		c->passed++;
	else if (c->month > 0 && stamp.month > c->month + 6)
		c->passed--;
	c->month = stamp.month;
}

void calendar_vote(struct calendar *c, int year)
{
	int first = year - c->passed - LEAST_YEAR;

	if (first >= 0 && first < CALENDAR_YEARS)
		c->votes[first]++;
}

void calendar_yearless(struct calendar *c, struct civil stamp)
{
	c->yearless = true;
	c->last = stamp;
	c->last_passed = c->passed;
}

int calendar_year(const struct source_file *f, const struct calendar *c)
{
	return (f->first_year > 0 ? f->first_year : YEARLESS) + c->passed;
}

static int voted(const struct calendar *c)
{
	int best = 0;

	for (int i = 1; i < CALENDAR_YEARS; i++)
		if (c->votes[i] > c->votes[best])
			best = i;
	return c->votes[best] > 0 ? LEAST_YEAR + best : 0;
}

struct hints {
	int64_t others, now;
};

/* No line shows the year.  Beside other logs it is the one nearest to their end; alone, the latest one that does not
 * put the last line into the future. */
static int guess(const struct book *b, const struct calendar *c, const struct source_file *f, const struct hints *h)
{
	int64_t others = h->others > 0 ? h->others : b->newest, horizon = (f->mtime > 0 ? f->mtime : h->now) + HORIZON;
	struct civil last = c->last;

	if (others > 0)
		return zone_year_near(last, others) - c->last_passed;
	last.year = civil_of_seconds(horizon).year;
	return (civil_to_seconds(last) > horizon ? last.year - 1 : last.year) - c->last_passed;
}

/* Of a log that an index goes on with: would all of it say what its beginning said? */
static void settle_again(struct book *b, const struct source_file *f, struct calendar *c, const struct hints *h)
{
	int said = voted(c);

	if (!c->yearless && !f->year_voted && f->last != 0) {
		c->last = civil_of_seconds(f->last);
		c->last_passed = c->last.year - f->first_year;
		c->yearless = said == 0;
	}
	if (c->yearless)
		b->year_guessed = true;
	if (said > 0 ? said != f->first_year || !f->year_voted : c->yearless && guess(b, c, f, h) != f->first_year)
		b->year_lost = true;
}

void calendar_settle(struct book *b, struct source_file *f, struct calendar *c, int64_t others, int64_t now)
{
	struct hints h = { others, now };

	if (f->kept != NULL && f->kept->known && c->yearless && (voted(c) > 0 || others > 0))
		b->year_lost = true; /* some lines say the year of others */
	if (f->kept != NULL && f->kept->goes_on) {
		settle_again(b, f, c, &h);
		return;
	}
	f->first_year = voted(c);
	f->year_voted = f->first_year > 0;
	if (c->yearless && f->first_year > 0)
		b->year_proven = true;
	else if (c->yearless)
		b->year_guessed = true;
	if (c->yearless && f->first_year == 0)
		f->first_year = guess(b, c, f, &h);
	if (c->first.year == 0)
		c->first.year = f->first_year;
	f->begins = c->first.month > 0 ? civil_to_seconds(c->first) : INT64_MAX;
}
