/* What is new in each log: its text, how many lines that are, and by which numbers they belong to what was there. */
#include "index/tail_inside.h"
#include "trace/group.h"

static void see_zone(struct tail *t, const struct log_line *l)
{
	int64_t epoch = (int64_t)group_number(l->field[LOG_F_epoch]);

	if ((l->kind == LOG_SMTP_ZONE || l->kind == LOG_DELIVERY_ZONE) && epoch > 0 && epoch < t->zone_said)
		t->zone_said = epoch;
}

static void scan_foreign(struct tail *t, struct tail_file *f, struct str raw)
{
	struct foreign_line *l = &t->line;
	bool known = foreign_read_next(raw, l);

	if (l->frame.rest.p == NULL) {
		f->unreadable += raw.n > 0;
		return;
	}
	f->unreadable += !known;
	f->strangers += known && l->kind == FOREIGN_STRANGER;
	if (known && l->kind != FOREIGN_STRANGER)
		touch_foreign(&t->pull.keys, l);
}

static void see_stamp(struct tail *t, enum log_family family, const struct log_line *l)
{
	struct civil stamp = l->stamp;
	int64_t local;

	if (!l->stamped || !t->pull.old)
		return;
	if (l->kind == LOG_DELIVERY_TRY)
		tail_old_try(t, l->field[LOG_F_rcpt]);
	if (family == LOG_SPAMDYKE)
		stamp.year = zone_year_near(stamp, t->newest);
	local = civil_to_seconds(stamp);
	t->earliest = local < t->earliest ? local : t->earliest;
}

/* Of old logs: from when on all is joined anew. */
static int find_since(struct tail *t, struct err *e)
{
	int64_t surprise = tail_old_surprise(t) - PULL_NEAR, flight = tail_old_flight(t) - PULL_NEAR;

	t->pull.known.since = (t->earliest < t->newest ? t->earliest : t->newest) - PULL_ANEW;
	if (surprise < t->pull.known.since && surprise >= t->newest - TAIL_ANEW)
		t->pull.known.since = surprise;
	if (flight < t->pull.known.since)
		t->pull.known.since = flight;
	t->pull.open_from = t->pull.known.since - PULL_BESIDE;
	if (flight < t->newest - TAIL_ANEW)
		return err_set(e, "a delivery took so long that others of its recipient depend on its end");
	if (t->earliest < t->newest - TAIL_LAG)
		return err_set(e, "some of what is new is older than what was read");
	return 0;
}

static void scan_lines(struct tail *t, size_t i, const struct buf *text)
{
	struct tail_file *f = &t->files[i];
	struct source_file whole = { .text = *text };
	struct source_walk w = { .file = &whole };
	struct log_line l = { 0 };
	enum source_fault fault;
	struct str raw;

	t->pull.keys.from = NULL;
	t->pull.keys.ngroup = 0;
	t->line = (struct foreign_line){ 0 };
	while (source_next(&w, &raw, &fault)) {
		f->lines++;
		f->unreadable += fault != SOURCE_GOOD;
		if (fault != SOURCE_GOOD)
			continue;
		if (t->g->at[i].f.family == LOG_FOREIGN) {
			scan_foreign(t, f, raw);
			continue;
		}
		log_parse_next(t->g->at[i].f.family, raw, &l);
		f->unreadable += l.kind == LOG_UNKNOWN;
		see_zone(t, &l);
		see_stamp(t, t->g->at[i].f.family, &l);
		touch_line(&t->pull.keys, &l);
	}
}

int tail_scan(struct tail *t, struct err *e)
{
	t->newest = t->ask->x != NULL ? t->ask->x->facts.newest : 0;
	for (size_t i = 0; i < t->g->n && t->ask->x != NULL; i++) {
		struct growth_file *g = &t->g->at[i];
		BUF(text);

		if (!growth_text(g, g->from, g->to, &text))
			return err_set(e, "%.*s cannot be read", STR_ARG(g->f.path));
		scan_lines(t, i, &text);
	}
	if (t->pull.keys.again)
		return err_set(e, "the gate's log was written by syslog");
	return t->pull.old ? find_since(t, e) : 0;
}
