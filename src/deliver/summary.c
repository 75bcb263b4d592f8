#include "deliver/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "deliver/schedule_inside.h"
#include "deliver/show.h"

/* One destination: a domain and its channel. */
struct row {
	const char *name;
	enum channel channel;
	uint64_t messages, recipients, held, failed, busy;
	uint64_t last_qp;     /* counted already */
	int64_t oldest, next; /* next: the soonest try, 0: none */
	int64_t tried;        /* of the recipient whose report is shown: his next try */
	const char *report;
	uint32_t destination;
};

struct summary {
	struct schedule *schedule;
	struct map rows; /* by channel and name */
	struct arena mem;
	uint64_t messages, recipients, last_qp;
};

struct summary *summary_new(struct schedule *s)
{
	struct summary *y = mem_alloc(sizeof(*y));

	y->schedule = s;
	return y;
}

void summary_free(struct summary *y)
{
	if (y == NULL)
		return;
	map_clear(&y->rows);
	arena_clear(&y->mem);
	free(y);
}

static struct row *row_of(struct summary *y, const char *domain, enum channel channel)
{
	BUF(key);
	struct row *r;

	buf_addc(&key, channel == CHANNEL_LOCAL ? 'l' : 'r');
	buf_adds(&key, domain);
	r = map_get(&y->rows, buf_str(&key));
	if (r != NULL)
		return r;
	r = arena_alloc(&y->mem, sizeof(*r));
	r->name = arena_z(&y->mem, buf_str(&key));
	r->channel = channel;
	(void)map_put(&y->rows, str_of(r->name), r);
	r->name++;
	return r;
}

/* The report is copied: its recipient may be gone when the answer is made. */
static void take_report(struct summary *y, struct row *r, const struct item_rcpt *x)
{
	if (x->report == NULL || rcpt_over(x) || x->next < r->tried)
		return;
	r->tried = x->next;
	if (r->report == NULL || strcmp(r->report, x->report) != 0)
		r->report = arena_z(&y->mem, str_of(x->report));
}

void summary_add(struct summary *y, struct item *it, size_t rcpt)
{
	const struct item_rcpt *x = &it->rcpts[rcpt];
	const char *domain = depot_domain(y->schedule->set.depot, it, rcpt, NULL);
	struct row *r = row_of(y, domain != NULL ? domain : "(unreadable)", (enum channel)x->channel);

	r->messages += r->last_qp != it->qp;
	y->messages += y->last_qp != it->qp;
	r->last_qp = y->last_qp = it->qp;
	r->recipients++;
	y->recipients++;
	r->held += x->held || it->held;
	r->failed += rcpt_failed(x);
	r->busy += x->state == RCPT_BUSY;
	if (r->oldest == 0 || it->born < r->oldest)
		r->oldest = it->born;
	if (x->state == RCPT_WAITING && !x->held && !it->held && !rcpt_over(x) && (r->next == 0 || x->next < r->next))
		r->next = x->next;
	if (x->destination >= DESTINATION_NUMBERS)
		r->destination = x->destination;
	take_report(y, r, x);
}

static void put_moment(struct json *j, const char *key, int64_t when)
{
	json_key(j, key);
	if (when > 0)
		json_time(j, when);
	else
		json_none(j);
}

/* Paused, left alone, or how many deliveries there are at a time. */
static void put_state(struct summary *y, struct json *j, const struct row *r)
{
	struct schedule *s = y->schedule;
	struct destination_look d = { 0 };
	const struct pause *p = schedule_pause_of(s, str_of(r->name), r->channel, clock_wall());
	bool known = r->destination != 0 && schedule_destination(s, r->destination, &d);
	bool down = known && d.down > clock_wall();

	json_key(j, "state"), json_z(j, p != NULL     ? "paused"
					: down        ? "left-alone"
					: r->busy > 0 ? "active"
						      : "waiting");
	json_key(j, "busy"), json_num(j, (int64_t)r->busy);
	json_key(j, "concurrency");
	if (known)
		json_num(j, (int64_t)d.most);
	else
		json_none(j);
	put_moment(j, "alone-until", down ? d.down : 0);
	put_moment(j, "paused-until", p != NULL && p->until != PAUSE_OPEN ? p->until : 0);
	json_key(j, "paused-why"), json_z(j, p != NULL ? p->why : NULL);
}

static void put_row(struct summary *y, struct json *j, const struct row *r)
{
	json_begin_object(j);
	json_key(j, "destination"), json_z(j, r->name);
	json_key(j, "channel"), json_z(j, r->channel == CHANNEL_LOCAL ? "local" : "remote");
	json_key(j, "messages"), json_num(j, (int64_t)r->messages);
	json_key(j, "recipients"), json_num(j, (int64_t)r->recipients);
	json_key(j, "held"), json_num(j, (int64_t)r->held);
	json_key(j, "failed"), json_num(j, (int64_t)r->failed);
	put_moment(j, "oldest", r->oldest);
	put_moment(j, "next", r->next);
	put_state(y, j, r);
	json_key(j, "reply"), json_z(j, r->report);
	json_end_object(j);
}

/* The greatest, in order, by insertion into a short list: a queue may have as many destinations as messages. */
static size_t greatest(struct summary *y, struct row **list, size_t most)
{
	struct row *r;
	size_t n = 0;

	for (size_t i = 0; (r = map_next(&y->rows, &i, NULL)) != NULL;) {
		size_t at = n < most ? n++ : most;

		for (; at > 0 && list[at - 1]->recipients < r->recipients; at--)
			if (at < most)
				list[at] = list[at - 1];
		if (at < most)
			list[at] = r;
	}
	return n;
}

enum { ROWS_MOST = 1000 };

void summary_put(struct summary *y, struct json *j, size_t most)
{
	struct row *list[ROWS_MOST];
	size_t n = greatest(y, list, most > 0 && most < ROWS_MOST ? most : ROWS_MOST), i = 0;

	json_begin_object(j);
	json_key(j, "destinations"), json_begin_array(j);
	for (; i < n && j->out->n < SHOW_PAGE_BYTES; i++)
		put_row(y, j, list[i]);
	json_end_array(j);
	json_key(j, "more"), json_num(j, (int64_t)(y->rows.n - i));
	json_key(j, "messages"), json_num(j, (int64_t)y->messages);
	json_key(j, "recipients"), json_num(j, (int64_t)y->recipients);
	json_end_object(j);
}
