/* deliver/autoreply.c - a mailbox answers by itself (mail/autoreply.h): a child that settles nobody.
 *
 * wanted (its message was delivered) -> asked for -> put.  telltale-lookup notes on its disk that the sender is
 * answered before it says the text: whoever dies in between has answered nobody, and nobody is answered twice.  Nothing
 * of this is on our disk before the answer's own record; a crash loses what is only wanted.
 */
#include "deliver/schedule_inside.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/say.h"
#include "mail/autoreply.h"

enum {
	WANTS_MOST = 2000,
	HEAD_MOST = 32 * 1024, /* bytes of the message that are looked at */
	PAUSE = 1000,          /* ms until a question is asked again; doubles */
	TRIES = 6,
	LOST_PAUSE = 60 * 1000
};

struct reply {
	uint64_t qp, parent;
	struct arena mem;
	struct autoreply_ask ask;
	struct autoreply_of of;
	int64_t due; /* monotonic ms */
	int tries;
	bool asked;
};

static void forget(struct schedule *s, struct reply *w)
{
	map_deln(&s->replies, w->qp);
	arena_clear(&w->mem);
	free(w);
}

void autoreply_clear(struct schedule *s)
{
	struct reply *w;

	for (size_t i = 0; (w = map_next(&s->replies, &i, NULL)) != NULL;) {
		arena_clear(&w->mem);
		free(w);
	}
	map_clear(&s->replies);
}

static void wait_until(struct schedule *s, struct reply *w, int64_t due)
{
	w->due = due;
	if (due < s->bounce_due)
		s->bounce_due = due;
}

/* -1: nothing can be said about it now, and then nothing is answered. */
static int look(struct schedule *s, const struct attempt *a, struct reply *w, bool *wanted, struct err *e)
{
	BUF(message);
	struct envelope v;

	if (depot_envelope(s->set.depot, a->it, &w->mem, &v, e) < 0 ||
	    notice_original(s, a->it, HEAD_MOST, &message, e) < 0)
		return -1;
	w->ask = (struct autoreply_ask){ .message = buf_str(&message),
					 .sender = arena_str(&w->mem, v.sender),
					 .final = arena_str(&w->mem, v.rcpts[a->rcpt].final),
					 .original = arena_str(&w->mem, v.rcpts[a->rcpt].original) };
	*wanted = autoreply_refuses(&w->ask, &w->mem, &w->of) == NULL;
	w->ask.message = STR("");
	return *wanted ? depot_number(s->set.depot, NUMBER_MESSAGE, &w->qp, e) : 0;
}

static void lost(struct schedule *s, uint64_t qp)
{
	int64_t now = clock_mono();

	if (s->replies_lost != 0 && now - s->replies_lost < LOST_PAUSE)
		return;
	s->replies_lost = now;
	say(SAY_WARNING, "message %llu and others are not answered automatically: %d answers are to be made already",
	    (unsigned long long)qp, WANTS_MOST);
}

void autoreply_want(struct schedule *s, const struct attempt *a)
{
	struct reply *w;
	struct err e = { 0 };
	bool wanted = false;

	if (s->set.lookup.ask_reply == NULL)
		return;
	if (s->replies.n >= WANTS_MOST) {
		lost(s, a->it->qp);
		return;
	}
	w = mem_alloc(sizeof(*w));
	w->parent = a->it->qp;
	if (look(s, a, w, &wanted, &e) < 0)
		say(SAY_WARNING, "message %llu is not answered automatically: %s", (unsigned long long)a->it->qp,
		    e.text);
	if (w->qp == 0) {
		arena_clear(&w->mem);
		free(w);
		return;
	}
	map_putn(&s->replies, w->qp, w);
	wait_until(s, w, clock_mono());
}

void autoreply_ask_all(struct schedule *s, int64_t now)
{
	struct reply *w;

	for (size_t i = 0; (w = map_next(&s->replies, &i, NULL)) != NULL;) {
		if (w->asked)
			continue;
		if (w->due <= now)
			w->asked = s->set.lookup.ask_reply(s->set.lookup.asker, question_of(ASKER_AUTOREPLY, w->qp),
							   w->ask.final, w->ask.sender);
		if (!w->asked)
			wait_until(s, w, w->due > now ? w->due : now + PAUSE);
	}
}

static int put(struct schedule *s, const struct reply *w, const struct lookup_answer *answer, struct err *e)
{
	BUF(head);
	BUF(body);
	struct recipient stranger = { .final = w->ask.sender, .original = w->ask.sender, .channel = CHANNEL_REMOTE };
	bool ours = answer->result != RESOLVED_NOT_OURS;
	struct autoreply r = { .hostname = s->set.hostname,
			       .from = w->ask.original,
			       .to = w->ask.sender,
			       .subject = answer->subject,
			       .text = answer->text,
			       .of = w->of,
			       .qp = w->qp,
			       .now = clock_wall() };
	struct envelope child = { .qp = w->qp,
				  .time = r.now,
				  .parent_qp = w->parent,
				  .parent_rcpt = ENVELOPE_NOBODY,
				  .autoreply = 1,
				  .rcpts = ours ? answer->targets : &stranger,
				  .nrcpts = ours ? answer->n : 1 };

	autoreply_put(&head, &body, &r);
	if (schedule_put(s, &child, buf_str(&head), buf_str(&body), e) < 0)
		return -1;
	dlog_notice(s->set.log, DLOG_AUTOREPLY, w->parent, w->qp);
	return 0;
}

void autoreply_answer(struct schedule *s, uint64_t qp, const struct lookup_answer *answer)
{
	struct reply *w = map_getn(&s->replies, qp);
	struct err e = { 0 };

	if (w == NULL || !w->asked)
		return;
	if (answer->result == RESOLVED_TEMPORARY && ++w->tries < TRIES) {
		w->asked = false;
		wait_until(s, w, clock_mono() + ((int64_t)PAUSE << w->tries));
		return;
	}
	/* A sender of ours who is not there, or whose mailbox cannot be known, gets none. */
	if (answer->text.n > 0 && (answer->result == RESOLVED_NOT_OURS || answer->n > 0) && put(s, w, answer, &e) < 0)
		say(SAY_WARNING, "message %llu is not answered automatically: %s", (unsigned long long)w->parent,
		    e.text);
	forget(s, w);
}
