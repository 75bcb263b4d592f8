/* Is what was joined what it would be if all had been read? */
#include "index/tail_inside.h"

static bool our_visits(const struct book *b)
{
	for (const struct visit *v = b->visits; v != NULL; v = v->later)
		if (v->connection == 0 || v->foreign != NULL)
			return false;
	return true;
}

static bool our_attempts(const struct book *b)
{
	for (const struct attempt *a = b->attempts; a != NULL; a = a->later)
		if (a->qp == 0 || a->number == 0 || a->lines.first->kind != LOG_DELIVERY_INFO)
			return false;
	return true;
}

static bool our_gates(const struct tale *t)
{
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		for (const struct party *p = s->parties.first; p != NULL; p = p->next)
			for (const struct gate *g = p->gates; g != NULL; g = g->next)
				if (g->connection == 0 || g->repeat != NULL)
					return false;
	return true;
}

static int check_ours(const struct tail *t, struct err *e)
{
	if (t->book.zone.source != ZONE_SAID)
		return err_set(e, "the logs do not say their zone");
	if (!our_visits(&t->book))
		return err_set(e, "a visit in the SMTP log has no number");
	if (!our_attempts(&t->book))
		return err_set(e, "an attempt in the delivery log has no message's number");
	if (!our_gates(&t->tale))
		return err_set(e, "a line in the gate's log has no number");
	return 0;
}

static bool same_zone(const struct tail *t)
{
	const struct zone_table *was = &t->ask->x->facts.zone, *now = &t->book.zone;

	for (size_t i = 0; i < was->nsteps && i < now->nsteps; i++)
		if (was->steps[i].from != now->steps[i].from || was->steps[i].offset != now->steps[i].offset)
			return false;
	return was->nsteps == now->nsteps && (now->nsteps == 1 || t->zone_said >= t->ask->x->root.zone_last);
}

/* The same kinds of logs: with the first delivery log what was not known before is known to wait. */
static bool same_kinds(const struct tail *t)
{
	for (int f = 0; f < LOG_FAMILIES; f++)
		if (source_has(&t->source, (enum log_family)f) != source_has(&t->ask->x->own, (enum log_family)f))
			return false;
	return true;
}

/* The year of a gate's log that names none is guessed by the others: is the guess still the same? */
static bool years_stand(const struct tail *t)
{
	int64_t newest = 0;

	for (size_t i = 0; i < t->source.n; i++) {
		const struct source_file *now = &t->source.files[i], *was = &t->g->at[i].f;

		if (now->family != LOG_SPAMDYKE && now->last > newest)
			newest = now->last;
		if (now->family != LOG_SPAMDYKE && t->g->at[i].was > 0 && was->last > newest)
			newest = was->last;
	}
	for (size_t i = 0; i < t->source.n; i++) {
		const struct source_file *now = &t->source.files[i];
		int64_t last = now->last > t->g->at[i].f.last ? now->last : t->g->at[i].f.last;
		struct civil c = civil_of_seconds(newest + 86400), of_last = civil_of_seconds(last), latest = of_last;

		if (now->family != LOG_SPAMDYKE || now->year_voted || last == 0)
			continue;
		latest.year = c.year;
		if (civil_to_seconds(latest) > newest + 86400)
			latest.year--;
		if (newest == 0 || latest.year != of_last.year)
			return false;
	}
	return true;
}

/* Is the file's beginning where growth.c thought it was, by which it has its place in the order of reading? */
static bool begins_so(const struct source_file *now, const struct growth_file *g)
{
	return g->from > 0 || now->text.n == 0 || now->begins == g->f.begins;
}

/* Without a year in the stamps, a line's year is told by the line before it.  Of the last one a chapter knows no more
 * than the latest stamp of all: it has to be of the same month. */
static bool ends_latest(const struct source_file *f)
{
	struct civil end = civil_of_seconds(f->ends), latest = civil_of_seconds(f->last);

	return f->year_voted || f->ends == 0 || (end.year == latest.year && end.month == latest.month);
}

/* Of other servers' logs: each names the year, or none does. */
static int check_files(const struct tail *t, struct err *e)
{
	unsigned servers = 0;
	int voted = -1;

	for (size_t i = 0; i < t->source.n; i++) {
		const struct source_file *f = &t->source.files[i];

		if (!begins_so(f, &t->g->at[i]))
			return err_set(e, "the year of %.*s is not clear", STR_ARG(f->path));
		servers |= f->servers;
		if (!growth_goes_on(servers))
			return err_set(e, "%s", growth_not_theirs);
		if (!ends_latest(f))
			return err_set(e, "the clock of %.*s ran backwards", STR_ARG(f->path));
		if (f->last != 0 && voted >= 0 && voted != f->year_voted)
			return err_set(e, "some logs name the year, and others do not");
		voted = f->last != 0 ? f->year_voted : voted;
	}
	return 0;
}

static int check_theirs(const struct tail *t, struct err *e)
{
	const struct book *b = &t->book;
	const struct index *x = t->ask->x;

	if (check_files(t, e) < 0)
		return -1;
	if (b->unsteady != NULL)
		return err_set(e, "%s", b->unsteady);
	if (b->ids.several || b->nhop_skews > 0 ||
	    (x != NULL && b->ids.host.n > 0 && x->root.host.n > 0 && !str_eq(b->ids.host, x->root.host)))
		return err_set(e, "they are of several hosts");
	if (b->zone.nsteps > 1)
		return err_set(e, "the clock of the logs was changed");
	if (x != NULL && x->root.zone_from <= x->root.zone_to &&
	    survey_zone(x->root.zone_from, x->root.zone_to) != x->root.zone)
		return err_set(e, "the logs do not name their zone, and this machine had another one");
	return 0;
}

int tail_check(struct tail *t, struct err *e)
{
	t->old = t->ask->x != NULL ? t->pull.old : !growth_foreign(t->g) && t->book.zone.source != ZONE_SAID;
	t->newest =
	    t->ask->x != NULL && t->ask->x->facts.newest > t->book.newest ? t->ask->x->facts.newest : t->book.newest;
	if (t->old ? tail_old_check(t, e) < 0 : (growth_foreign(t->g) ? check_theirs : check_ours)(t, e) < 0)
		return -1;
	if (t->ask->x == NULL)
		return t->book.year_lost ? err_set(e, "the year of the logs is not clear") : 0;
	if (!t->old && !same_zone(t))
		return err_set(e, "the clock of the logs was changed");
	if (t->book.year_lost || !years_stand(t))
		return err_set(e, "the year of the %s is another one", growth_foreign(t->g) ? "logs" : "gate's log");
	if (!same_kinds(t))
		return err_set(e, "there are logs of another kind now");
	return 0;
}
