#include "web/tally.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "trace/follow.h"

enum { REASONS = 256 };

struct follow_tally {
	struct follow *f;
	uint64_t by_verdict[VERDICT_COUNT];
	/* Refusals by the row of words/ that says why; those that no row says are the first. */
	struct {
		const char *code;
		uint64_t n;
	} by_reason[REASONS];
	size_t nreasons;
};

struct follow_tally *follow_tally_new(const struct conf *c, struct err *e)
{
	const char *dir = conf_z(c->top.log_dir);
	struct follow_ask ask = { .paths = &dir, .npaths = 1, .lifetime = c->queue.lifetime / 1000 };
	struct follow *f = follow_open(&ask, e);
	struct follow_tally *t;

	if (f == NULL)
		return NULL;
	t = mem_alloc(sizeof(*t));
	t->f = f;
	t->by_reason[0].code = "other";
	t->nreasons = 1;
	return t;
}

void follow_tally_free(struct follow_tally *t)
{
	if (t == NULL)
		return;
	follow_close(t->f);
	free(t);
}

static void count_reason(struct follow_tally *t, const char *code)
{
	size_t i = 0;

	while (code != NULL && i < t->nreasons && strcmp(t->by_reason[i].code, code) != 0)
		i++;
	if (i == t->nreasons && i < REASONS)
		t->by_reason[t->nreasons++].code = code;
	t->by_reason[i < REASONS ? i : 0].n++;
}

/* Of a story that was told before: is something new about this recipient? */
static bool is_fresh(const struct follow_event *e, const struct party *p)
{
	for (size_t i = 0; i < e->told->nevents && e->kind == FOLLOW_CHANGED; i++)
		if (e->fresh[i] && e->told->events[i].party == p)
			return true;
	return e->kind == FOLLOW_NEW;
}

/* The logs tell of one refusal in turn: it counts when it is told first. */
static void count(struct follow_tally *t, const struct follow_event *e)
{
	struct told *told = (struct told *)(uintptr_t)e->told;
	unsigned more[VERDICT_COUNT];

	for (int v = 0; v < VERDICT_COUNT; v++)
		t->by_verdict[v] += more[v] = e->more[v];
	for (size_t i = 0; i < told->nparties; i++) {
		const struct told_party *p = &told->parties[i];
		const struct reason_row *row;

		if (p->verdict != VERDICT_REFUSED && p->verdict != VERDICT_REFUSED_TEMPORARILY)
			continue;
		if (more[p->verdict] == 0 || !is_fresh(e, p->party))
			continue;
		more[p->verdict]--;
		row = p->party != NULL ? tell_gate_reason(told, p->party) : NULL;
		count_reason(t, row != NULL ? row->code : NULL);
	}
}

void follow_tally_look(struct follow_tally *t)
{
	struct follow_event e;

	(void)follow_wait(t->f, clock_mono());
	while (follow_next(t->f, &e))
		count(t, &e);
	while (follow_said(t->f) != NULL)
		continue;
}

int follow_tally_watch(const struct follow_tally *t)
{
	return follow_fd(t->f);
}

void follow_tally_put(struct buf *out, const struct follow_tally *t)
{
	buf_adds(out, "# HELP telltale_recipients_total Recipients whose mail came to that end, or to that waiting.\n"
		      "# TYPE telltale_recipients_total counter\n");
	for (int v = 0; v < VERDICT_COUNT; v++)
		buf_fmt(out, "telltale_recipients_total{verdict=\"%s\"} %llu\n", verdict_words[v],
			(unsigned long long)t->by_verdict[v]);
	buf_adds(out, "# HELP telltale_refusals_total Refused recipients, by the reason of the gate; other: by the "
		      "recipient check, or by somebody else.\n"
		      "# TYPE telltale_refusals_total counter\n");
	for (size_t i = 0; i < t->nreasons; i++)
		buf_fmt(out, "telltale_refusals_total{reason=\"%s\"} %llu\n", t->by_reason[i].code,
			(unsigned long long)t->by_reason[i].n);
}
