/* deliver/bounce.c - a message's failed recipients go back to its sender, all that there are by then in one bounce.
 *
 * By the same way he is told, once, that his message is late (queue { delay-notice }): a child that settles nobody.
 * Its record on disk says that he was told, and the journal does (item->noticed).
 *
 * want: asked for -> answered -> put.  What is wanted follows from the depot alone (failed recipients of a live
 * message), so nothing of this is on disk: after a crash it is wanted again, and the
 * record of a bounce that exists has settled its recipients.
 */
#include "deliver/schedule_inside.h"

#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "mail/addr.h"
#include "mail/dsn.h"

enum {
	RCPTS_MOST = 5000,          /* of one bounce */
	PAUSE_FIRST = 1000,         /* until a question is asked again; doubles */
	PAUSE_MOST = 5 * 60 * 1000, /* up to this */
	TROUBLE_PAUSE = 10 * 1000,  /* until a bounce is tried again that could not be written */
	OVER_QUOTA_TIMES = 2        /* lifetimes of the message; then a full sender's bounce is given up */
};

struct want {
	uint64_t qp;
	int64_t due; /* monotonic ms */
	int64_t pause;
	bool asked;
};

void bounce_clear(struct schedule *s)
{
	struct want *w;

	for (size_t i = 0; (w = map_next(&s->wants, &i, NULL)) != NULL;)
		free(w);
	map_clear(&s->wants);
}

static bool ready(const struct item *it)
{
	return it != NULL && it->failed > 0 && it->open == 0 && !it->held;
}

static bool late(const struct item_rcpt *r)
{
	return r->state == RCPT_WAITING && r->next != RETRY_NEVER && r->report != NULL && !r->held;
}

/* Is its sender to be told that it waits?  Once for a message, and not any more when its time is over anyway. */
static bool notice_due(const struct schedule *s, const struct item *it)
{
	int64_t age = it == NULL ? 0 : clock_wall() - it->born;

	if (s->set.delay_notice == 0 || it == NULL || it->noticed || it->held || age < s->set.delay_notice ||
	    age >= s->set.retry.lifetime)
		return false;
	for (size_t i = 0; i < it->nrcpts; i++)
		if (late(&it->rcpts[i]))
			return true;
	return false;
}

static bool wanted(const struct schedule *s, const struct item *it)
{
	return ready(it) || notice_due(s, it);
}

static void wait_until(struct schedule *s, struct want *w, int64_t due)
{
	w->due = due;
	if (due < s->bounce_due)
		s->bounce_due = due;
}

static void want(struct schedule *s, const struct item *it)
{
	struct want *w = mem_alloc(sizeof(*w));

	*w = (struct want){ .qp = it->qp };
	map_putn(&s->wants, it->qp, w);
	wait_until(s, w, clock_mono());
}

void schedule_look(struct schedule *s, struct item *it)
{
	if (ready(it) && map_getn(&s->wants, it->qp) == NULL)
		want(s, it);
}

void schedule_late(struct schedule *s, struct item *it)
{
	if (map_getn(&s->wants, it->qp) == NULL && notice_due(s, it))
		want(s, it);
}

static void forget(struct schedule *s, struct want *w)
{
	map_deln(&s->wants, w->qp);
	free(w);
}

static void later(struct schedule *s, struct want *w)
{
	w->pause = w->pause == 0 ? PAUSE_FIRST : w->pause * 2 < PAUSE_MOST ? w->pause * 2 : PAUSE_MOST;
	wait_until(s, w, clock_mono() + w->pause);
}

static bool has_failed(const struct item_rcpt *r)
{
	return r->state == RCPT_WAITING && r->next == RETRY_NEVER;
}

/* Nobody can be told: they are failed, and that is all. */
static void settle_all(struct schedule *s, struct item *it)
{
	for (size_t i = 0; i < it->nrcpts; i++)
		if (has_failed(&it->rcpts[i]))
			depot_settle(s->set.depot, it, i, false);
}

static void trouble(struct schedule *s, struct want *w, const struct err *e)
{
	say(SAY_WARNING, "the bounce of message %llu: %s; trying again", (unsigned long long)w->qp, e->text);
	wait_until(s, w, clock_mono() + TROUBLE_PAUSE);
}

/* False: nothing more can be asked now. */
static bool ask(struct schedule *s, struct want *w)
{
	ARENA(mem);
	struct item *it = depot_find(s->set.depot, w->qp);
	struct envelope v;
	struct err e = { 0 };

	if (!wanted(s, it)) {
		forget(s, w);
		return true;
	}
	if (depot_envelope(s->set.depot, it, &mem, &v, &e) < 0) {
		if (it->held)
			forget(s, w);
		else
			trouble(s, w, &e);
		return true;
	}
	if (addr_is_nobody(v.sender)) { /* failed ones are of a former version: new ones never get here */
		settle_all(s, it);
		depot_noticed(s->set.depot, it);
		forget(s, w);
		return true;
	}
	w->asked = s->set.ask(s->set.asker, w->qp, v.sender);
	if (!w->asked)
		wait_until(s, w, clock_mono() + PAUSE_FIRST);
	return w->asked;
}

void schedule_bounces(struct schedule *s)
{
	int64_t now = clock_mono();
	struct want *w;
	bool more = true;

	if (s->stopped || s->bounce_due > now)
		return;
	s->bounce_due = INT64_MAX;
	for (size_t i = 0; (w = map_next(&s->wants, &i, NULL)) != NULL;) {
		if (w->asked)
			continue;
		if (more && w->due <= now)
			more = ask(s, w);
		else
			wait_until(s, w, w->due > now ? w->due : now + PAUSE_FIRST);
	}
}

int64_t schedule_bounces_next(const struct schedule *s)
{
	return s->stopped ? INT64_MAX : s->bounce_due;
}

/* The beginning of the message, as far as a bounce quotes it. */
static int read_beginning(struct schedule *s, struct item *it, struct buf *out, struct err *e)
{
	struct message msg;
	size_t n;
	int rc;

	if (depot_read(s->set.depot, it, &msg, e) < 0)
		return -1;
	n = msg.size < DSN_HEADERS_MAX ? (size_t)msg.size : DSN_HEADERS_MAX;
	buf_need(out, n);
	rc = io_pread_all(msg.fd, out->p, n, (off_t)msg.offset);
	close(msg.fd);
	if (rc < 0)
		return err_sys(e, "read the message");
	out->n = n;
	return 0;
}

/* The failed recipients, or those that wait: for the text, and for the child's envelope. */
static size_t collect(const struct item *it, const struct envelope *v, bool delay, struct dsn_rcpt *at,
		      struct buf *list)
{
	size_t n = 0;

	for (size_t i = 0; i < it->nrcpts && i < v->nrcpts && n < RCPTS_MOST; i++) {
		if (delay ? !late(&it->rcpts[i]) : !has_failed(&it->rcpts[i]))
			continue;
		at[n++] = (struct dsn_rcpt){ v->rcpts[i].final, v->rcpts[i].original, str_of(it->rcpts[i].report) };
		envelope_add_index(list, i);
	}
	return n;
}

/* child: its recipients and its number are set. */
static int put(struct schedule *s, struct item *it, const struct envelope *v, struct envelope *child, struct err *e)
{
	ARENA(mem);
	BUF(list);
	BUF(head);
	BUF(body);
	BUF(message);
	size_t room = it->nrcpts < RCPTS_MOST ? it->nrcpts : RCPTS_MOST;
	struct dsn_rcpt *failed = arena_alloc(&mem, room * sizeof(*failed));
	struct dsn d = { .hostname = s->set.hostname,
			 .contact = s->set.contact,
			 .sender = v->sender,
			 .qp = child->qp,
			 .parent = it->qp,
			 .now = clock_wall(),
			 .arrival = it->born,
			 .until = child->delay ? it->born + s->set.retry.lifetime : 0,
			 .rcpts = failed };

	if (read_beginning(s, it, &message, e) < 0)
		return -1;
	d.n = collect(it, v, child->delay != 0, failed, &list);
	d.message = buf_str(&message);
	dsn_put(&head, &body, &d);
	child->time = d.now;
	child->parent_qp = it->qp;
	child->parent_rcpts = child->delay ? STR("") : buf_str(&list);
	child->parent_rcpt = child->delay ? ENVELOPE_NOBODY : envelope_settled(child, 0);
	dlog_flush(s->set.log); /* depot_put() may sync what was recorded so far */
	if (depot_put(s->set.depot, child, buf_str(&head), buf_str(&body), e) < 0)
		return -1;
	if (child->delay)
		dlog_delay_notice(s->set.log, it->qp, child->qp);
	else
		dlog_bounce(s->set.log, it->qp, child->qp);
	return 0;
}

/* Whom does it go to?  False: nobody of that name is here, and the bounce fails at once. */
static bool recipients(const struct envelope *v, const struct lookup_answer *answer, struct recipient *stranger,
		       struct envelope *child)
{
	*stranger = (struct recipient){ .final = v->sender, .original = v->sender, .channel = CHANNEL_LOCAL };
	child->rcpts = stranger;
	child->nrcpts = 1;
	if (answer->result == RESOLVED_NO_MAILBOX || answer->result == RESOLVED_LOOP)
		return false;
	stranger->channel = CHANNEL_REMOTE;
	if (answer->result == RESOLVED_NOT_OURS)
		return true;
	child->rcpts = answer->targets;
	child->nrcpts = answer->n;
	return true;
}

static int bounce(struct schedule *s, struct item *it, const struct lookup_answer *answer, struct err *e)
{
	ARENA(mem);
	struct envelope v, child = { .delay = !ready(it) };
	struct recipient stranger;
	bool known;

	if (depot_envelope(s->set.depot, it, &mem, &v, e) < 0 ||
	    depot_number(s->set.depot, NUMBER_MESSAGE, &child.qp, e) < 0)
		return -1;
	known = recipients(&v, answer, &stranger, &child);
	if (child.delay && !known) {
		depot_noticed(s->set.depot, it); /* there is nobody to be told */
		return 0;
	}
	if (put(s, it, &v, &child, e) < 0)
		return -1;
	if (!known)
		return attempt_refuse(s, depot_find(s->set.depot, child.qp), 0,
				      "Sorry, no mailbox here by that name. (#5.1.1)", false, e);
	return 0;
}

/* A sender whose mailbox is full gets the bounce when there is room, or never. */
static void over_quota(struct schedule *s, struct want *w, struct item *it)
{
	if (clock_wall() - it->born < OVER_QUOTA_TIMES * s->set.retry.lifetime) {
		later(s, w);
		return;
	}
	say(SAY_WARNING, "message %llu failed and cannot be returned: its sender's mailbox stays full",
	    (unsigned long long)w->qp);
	settle_all(s, it);
	forget(s, w);
}

void schedule_answer(struct schedule *s, uint64_t id, const struct lookup_answer *answer)
{
	struct want *w = map_getn(&s->wants, id);
	struct item *it = depot_find(s->set.depot, id);
	struct err e = { 0 };

	if (w == NULL || !w->asked)
		return;
	w->asked = false;
	if (!wanted(s, it)) {
		forget(s, w);
	} else if (answer->result == RESOLVED_TEMPORARY) {
		later(s, w);
	} else if (answer->result == RESOLVED_OVER_QUOTA && !ready(it)) {
		depot_noticed(s->set.depot, it); /* no news is worth the wait for room */
		forget(s, w);
	} else if (answer->result == RESOLVED_OVER_QUOTA) {
		over_quota(s, w, it);
	} else if (bounce(s, it, answer, &e) < 0) {
		trouble(s, w, &e);
	} else {
		forget(s, w);
		schedule_look(s, it); /* those that did not fit */
	}
}
