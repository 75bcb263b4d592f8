/* A full mailbox: since when, and how many messages it has cost. */
#include "trace/tell_parts.h"
#include "trace/wish.h"

static bool full(const struct book *b, const struct party *p)
{
	const struct check_row *row;
	struct log_line l;

	if (p->last_attempt != NULL)
		return p->last_attempt->outcome != OUTCOME_SUCCESS &&
		       str_find(p->last_attempt->report, STR("over_quota")) >= 0;
	if (p->check == NULL || p->code < 400)
		return false;
	line_fields(b, p->check, &l);
	row = check_by_words(l.field[LOG_F_title], l.field[LOG_F_description]);
	return row == check_row(CHECK_OVER_QUOTA);
}

static bool took(const struct party *p)
{
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->resulted && a->outcome == OUTCOME_SUCCESS)
			return true;
	return false;
}

struct spell {
	int64_t emptied_before, emptied_after; /* the deliveries around it that succeeded */
	int64_t first;
	size_t n;
};

static void bound(struct spell *x, const struct story *s, int64_t now)
{
	if (s->time < now && s->time > x->emptied_before)
		x->emptied_before = s->time;
	if (s->time > now && s->time < x->emptied_after)
		x->emptied_after = s->time;
}

static void count(struct spell *x, const struct story *s)
{
	if (s->time <= x->emptied_before || s->time >= x->emptied_after)
		return;
	if (x->n++ == 0 || s->time < x->first)
		x->first = s->time;
}

static void each_party(const struct told *t, const struct name *to, struct spell *x, bool counting)
{
	for (const struct story *s = t->tale->stories; s != NULL; s = s->later) {
		for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
			if (p->name != to)
				continue;
			if (counting && full(t->book, p))
				count(x, s);
			else if (!counting && took(p))
				bound(x, s, t->story->time);
		}
	}
}

void tell_quota(struct told *t, struct told_party *out)
{
	struct spell x = { .emptied_before = INT64_MIN, .emptied_after = INT64_MAX };
	int offset;
	BUF(since);

	if (t->tale == NULL || !full(t->book, out->party))
		return;
	wish_address(t->tale, out->party->name->text);
	each_party(t, out->party->name, &x, false);
	each_party(t, out->party->name, &x, true);
	offset = day_offset(t->frame, x.first);
	stamp_put(&since, civil_of_seconds(x.first + offset));
	buf_addc(&since, ' ');
	zone_put(&since, offset);
	out->explanation = arena_fmt(
	    t->mem, "%.*s By these logs the mailbox has been full since %s at the latest; %zu message%s %s.",
	    STR_ARG(out->explanation), buf_z(&since), x.n, x.n == 1 ? " was turned away" : "s were turned away",
	    x.emptied_after != INT64_MAX ? "until one got in again" : "since then");
}
