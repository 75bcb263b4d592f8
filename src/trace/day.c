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

static int64_t moment_on(const struct day *d, const struct day_frame *f, int64_t day)
{
	return day_utc(f, d->zone, day * DAY + d->hour * 3600 + d->minute * 60 + d->second);
}

bool day_bare(const struct day *d)
{
	return d->kind == DAY_NONE && d->timed;
}

bool day_resolve(const struct day *d, const struct day_frame *f, bool around, struct span *out)
{
	int64_t reference = f->reference, today, day, at, slack;
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
	at = moment_on(d, f, day);
	if (day_bare(d) && at > f->reference) /* the latest 15:00 that is not ahead */
		at = moment_on(d, f, day - 1);
	slack = d->has_seconds ? AROUND_SECOND : AROUND_MINUTE;
	*out = around ? (struct span){ at - slack, at + slack + 1 } : (struct span){ at, at + 1 };
	return true;
}
