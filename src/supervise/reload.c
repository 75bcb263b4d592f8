#include "supervise/reload.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum { LOOK = 3000, TELL = 5000, LEAVE = 5000, CONNECT_PAUSE = 100 };
enum { DONE = 0, REFUSED = 1, INCOMPLETE = 3 }; /* exit codes of the command */

void reload_init(struct reload *r, struct crew *crew, const struct generation_set *set)
{
	*r = (struct reload){ .crew = crew, .set = set, .look_at = deadline_in(LOOK) };
}

void reload_clear(struct reload *r)
{
	if (r->connected)
		ipc_conn_clear(&r->queue);
	buf_clear(&r->words);
}

static void end(struct reload *r, int status, const char *words)
{
	if (r->connected)
		ipc_conn_clear(&r->queue);
	r->connected = false;
	r->state = RELOAD_IDLE;
	r->status = status;
	r->ended = true;
	r->words.n = 0;
	buf_adds(&r->words, words);
	say(status == DONE ? SAY_INFO : SAY_WARNING, "%s", words);
}

static void end_fmt(struct reload *r, int status, const char *fmt, const char *what, unsigned number)
{
	BUF(b);

	buf_fmt(&b, fmt, what, number);
	end(r, status, buf_z(&b));
}

static bool try_next(struct reload *r, struct generation *next, enum crew_kind kind, struct err *e)
{
	if (next == NULL)
		return false;
	if (crew_next(r->crew, next, kind, e) < 0) {
		generation_free(next);
		return false;
	}
	r->state = RELOAD_TRYING;
	r->kind = kind;
	return true;
}

bool reload_begin(struct reload *r)
{
	struct err e = { 0 };

	if (r->state != RELOAD_IDLE)
		return false;
	r->kind = CREW_ALL;
	r->state = RELOAD_TRYING;
	if (!try_next(r, generation_again(crew_now(r->crew), r->set, &e), CREW_ALL, &e))
		end_fmt(r, REFUSED, "the configuration was not reloaded: %s", e.text, 0);
	return true;
}

void reload_signal(struct reload *r)
{
	r->again = true;
}

/* Did certificate or key change on disk?  A pair that does not fit is told once; the next change is looked at anew. */
static void look_at_keys(struct reload *r)
{
	struct generation *now = crew_now(r->crew);
	struct err e = { 0 };

	if (clock_mono() < r->look_at)
		return;
	r->look_at = deadline_in(LOOK);
	if (!keys_changed(&now->keys, &now->conf) && !keys_changed(&now->web_keys, &now->conf))
		return;
	keys_look(&now->keys, &now->conf);
	keys_look(&now->web_keys, &now->conf);
	if (!try_next(r, generation_with_new_keys(now, r->set, &e), CREW_SESSIONS, &e))
		say(SAY_WARNING, "certificate or key have changed, but the old ones stay in use: %s", e.text);
}

/* ---- telltale-queue ---- */

static void connect_queue(struct reload *r)
{
	struct generation *now = crew_now(r->crew);
	struct err e = { 0 };
	int fd = ipc_connect(proc_socket(&now->conf, "queue.ctl"), clock_mono(), &e), text;

	if (fd < 0)
		return;
	ipc_conn_init(&r->queue, fd);
	r->connected = true;
	text = io_memfd("telltale.conf", now->conf.text, &e);
	r->set->house->queue_tell(&r->queue, now->number, text);
}

static void finish(struct reload *r, const struct err *trouble)
{
	struct generation *now = crew_now(r->crew);

	if (trouble == NULL)
		end_fmt(r, DONE, "%s was reloaded: generation %u is at work", conf_z(now->conf.file), now->number);
	else
		end_fmt(r, INCOMPLETE, "reloaded, but telltale-queue keeps some of its settings: %s (generation %u)",
			trouble->text, now->number);
}

static void tell_queue(struct reload *r)
{
	struct err e = { 0 };
	struct ipc_frame f;
	int rc = 0;

	if (!r->connected)
		connect_queue(r);
	if (r->connected) {
		rc = ipc_flush(&r->queue, &e) < 0 || ipc_fill(&r->queue, &e) < 0 ? -1 : ipc_next(&r->queue, &f, &e);
		if (rc > 0) {
			rc = r->set->house->queue_told(&f, &e);
			fd_clear(&f.fd);
			finish(r, rc < 0 ? &e : NULL);
			return;
		}
	}
	if (rc == 0 && clock_mono() < r->tell_until)
		return;
	if (rc == 0)
		err_set(&e, "it does not answer");
	finish(r, &e);
}

/* ---- one step after another ---- */

static void commit(struct reload *r)
{
	crew_commit(r->crew);
	if (r->kind == CREW_SESSIONS) {
		r->state = RELOAD_IDLE;
		say(SAY_INFO, "certificate and key have changed: generation %u is at work", crew_now(r->crew)->number);
		return;
	}
	r->state = RELOAD_LEAVING;
	r->leave_until = deadline_in(LEAVE);
}

static void leave(struct reload *r)
{
	if (crew_takes_still(r->crew) && clock_mono() < r->leave_until)
		return;
	r->state = RELOAD_TELLING;
	r->tell_until = deadline_in(TELL);
}

static void go_on(struct reload *r)
{
	struct err e = { 0 };

	switch (crew_try(r->crew, &e)) {
	case CREW_WAIT:
		break;
	case CREW_GOOD:
		commit(r);
		break;
	case CREW_FAILED:
		crew_give_up(r->crew);
		if (r->kind == CREW_ALL) {
			end_fmt(r, REFUSED, "the configuration was not reloaded: %s", e.text, 0);
			break;
		}
		r->state = RELOAD_IDLE;
		say(SAY_WARNING, "the new certificate is not used: %s", e.text);
		break;
	}
}

bool reload_ended(struct reload *r)
{
	bool ended;

	if (r->state == RELOAD_IDLE && r->again) {
		r->again = false;
		reload_begin(r);
	}
	if (r->state == RELOAD_IDLE)
		look_at_keys(r);
	if (r->state == RELOAD_TRYING)
		go_on(r);
	if (r->state == RELOAD_LEAVING)
		leave(r);
	if (r->state == RELOAD_TELLING)
		tell_queue(r);
	ended = r->ended;
	r->ended = false;
	return ended;
}

int64_t reload_due(const struct reload *r)
{
	int64_t left = r->look_at - clock_mono();

	if (r->state == RELOAD_IDLE && r->again)
		return 0;
	if (r->state == RELOAD_LEAVING || r->state == RELOAD_TELLING)
		return CONNECT_PAUSE;
	return r->state == RELOAD_TRYING ? -1 : left > 0 ? left : 0;
}

size_t reload_watch(const struct reload *r, struct pollfd *at)
{
	if (!r->connected)
		return 0;
	at[0] = (struct pollfd){ .fd = r->queue.fd, .events = POLLIN };
	return 1;
}
