/* Which time a DAY is. */
#include "trace/day.h"

enum {
	DAY = 86400,
	AROUND_MINUTE = 15 * 60, /* "at 15:00": people are not precise */
	AROUND_SECOND = 60
};

void day_frame_init(struct day_frame *f, const struct zone_table *z, struct str tz, int64_t newest_utc, int64_t now)
{
	*f = (struct day_frame){ .zone = z, .tz = tz, .reference = now };
	if (newest_utc == 0 || (newest_utc > now - DAY && newest_utc < now + DAY))
		return;
	f->reference = newest_utc;
	f->from_logs = true;
}

int day_offset(const struct day_frame *f, int64_t utc)
{
	int offset;

	return f->tz.n > 0 && zone_named(f->tz, utc, &offset) ? offset : zone_at(f->zone, utc);
}

int64_t day_utc(const struct day_frame *f, struct str zone, int64_t local)
{
	struct str tz = zone.n > 0 ? zone : f->tz;
	int offset;

	if (tz.n == 0)
		return zone_utc(f->zone, local);
	if (!zone_named(tz, local, &offset) || !zone_named(tz, local - offset, &offset))
		return local;
	return local - offset;
}

/* Where a clock is set back a local time comes twice: the other time that is `at`, or that one again. */
static int64_t other_pass(const struct day_frame *f, struct str zone, int64_t local, int64_t at)
{
	struct str tz = zone.n > 0 ? zone : f->tz;
	int64_t moments[2];
	int offset, then;

	if (tz.n == 0 && zone_moments(f->zone, local, moments) == 2)
		return moments[moments[0] == at];
	for (int half = -DAY / 2; half <= DAY / 2 && tz.n > 0; half += DAY)
		if (zone_named(tz, at + half, &offset) && zone_named(tz, local - offset, &then) && then == offset &&
		    local - offset != at)
			return local - offset;
	return at;
}

/* The day number (days since 1970 in the zone of the question). */
static bool day_of(const struct day *d, int64_t today, int64_t *out)
{
	struct civil t = civil_of_seconds(today * DAY);
	int year = d->year > 0 ? d->year : t.year, month = d->month > 0 ? d->month : t.month;

	switch (d->kind) {
	case DAY_WEEKDAY:
		*out = today - (civil_weekday(today) - d->weekday + 7) % 7;
		return true;
	case DAY_YESTERDAY:
		*out = today - 1 - d->past / DAY;
		return true;
	case DAY_DATE:
		*out = civil_to_days(year, month, d->mday);
		if (d->year == 0 && d->month > 0 && *out > today)
			*out = civil_to_days(year - 1, month, d->mday);
		else if (d->month == 0 && *out > today)
			*out = civil_to_days(month == 1 ? year - 1 : year, month == 1 ? 12 : month - 1, d->mday);
		return true;
	default:
		*out = today;
		return d->kind != DAY_NONE || d->timed;
	}
}

static bool past_span(const struct day *d, const struct day_frame *f, bool around, struct span *out)
{
	int64_t at = f->reference - d->past, slack = around ? d->past / 2 : 0;

	*out =
	    d->kind == DAY_PAST ? (struct span){ at, f->reference + 1 } : (struct span){ at - slack, at + slack + 1 };
	return true;
}

static bool month_span(const struct day *d, const struct day_frame *f, int64_t today, struct span *out)
{
	struct civil t = civil_of_seconds(today * DAY);
	int year = d->year > 0 ? d->year : t.year - (d->month > t.month), next = d->month % 12 + 1;

	*out = (struct span){ day_utc(f, d->zone, civil_to_days(year, d->month, 1) * DAY),
			      day_utc(f, d->zone, civil_to_days(year + (next == 1), next, 1) * DAY) };
	return true;
}

/* The minutes around a time of that day, both times where it comes twice; or the moment itself. */
static struct span time_span(const struct day *d, const struct day_frame *f, int64_t day, bool around)
{
	int64_t local = day * DAY + d->hour * 3600 + d->minute * 60 + d->second, at = day_utc(f, d->zone, local);
	int64_t slack = d->has_seconds ? AROUND_SECOND : AROUND_MINUTE, other;

	if (!around)
		return (struct span){ at, at + 1 };
	other = other_pass(f, d->zone, local, at);
	return (struct span){ (at < other ? at : other) - slack, (at > other ? at : other) + slack + 1 };
}

bool day_bare(const struct day *d)
{
	return d->kind == DAY_NONE && d->timed;
}

bool day_resolve(const struct day *d, const struct day_frame *f, bool around, struct span *out)
{
	int64_t reference = f->reference, today, day;
	int offset;

	offset = d->zone.n > 0 && zone_named(d->zone, reference, &offset) ? offset : day_offset(f, reference);
	reference += offset;
	today = (reference - (reference % DAY + DAY) % DAY) / DAY;
	if (d->kind == DAY_PAST || d->kind == DAY_AGO)
		return past_span(d, f, around, out);
	if (d->kind == DAY_MONTH)
		return month_span(d, f, today, out);
	if (!day_of(d, today, &day))
		return false;
	if (!d->timed) {
		int64_t first = d->kind == DAY_LAST_WEEK ? day - 6 : day;

		*out = (struct span){ day_utc(f, d->zone, first * DAY), day_utc(f, d->zone, (day + 1) * DAY) };
		return true;
	}
	*out = time_span(d, f, day, around);
	if (day_bare(d) && out->from > f->reference) /* the latest 15:00 that is not ahead */
		*out = time_span(d, f, day - 1, around);
	return true;
}
