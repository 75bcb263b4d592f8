/* What telltale-lookup is asked, and what it answers. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "store/server.h"

enum {
	ANSWER_MAX = IPC_LIMIT - 4096,
	LOCK_MS = 50,       /* a question never waits longer for a lock */
	LOOK_MS = 1000,     /* how often a file that failed or moved is looked at again */
	REFUSED_WAIT = 5000 /* of a login that was not even tried: too many failures from there */
};

/* ---- the file ---- */

void server_sick(struct server *s, const struct err *e)
{
	if (!s->sick)
		say(SAY_ERROR, "the accounts cannot be asked, senders are told to come again: %s", e->text);
	s->sick = true;
	store_close(s->store);
	s->store = NULL;
}

static void none_yet(struct server *s)
{
	if (!s->none)
		say(SAY_INFO, "there are no accounts yet, senders are told to come again: telltale domain add makes %s",
		    s->path);
	s->none = true;
}

/* A file that is not there is not made: without it nobody knows which domains are ours, and mail is put off. */
void server_look_at_file(struct server *s)
{
	struct err e = { 0 };

	if (clock_mono() - s->looked < LOOK_MS)
		return;
	s->looked = clock_mono();
	if (s->store != NULL && store_moved(s->store)) {
		store_close(s->store);
		s->store = NULL;
	}
	if (s->store == NULL) {
		s->store = store_open_existing(s->path, LOCK_MS, &e);
		server_renew(s);
	}
	if (s->store != NULL)
		s->opened = true;
	else if (!s->opened && e.code == ENOENT)
		none_yet(s);
	else
		server_sick(s, &e);
}

void server_well(struct server *s)
{
	if (s->sick)
		say(SAY_INFO, "the accounts answer again");
	s->sick = false;
}

/* ---- administrators ---- */

static void tell_admin(struct visitor *v, uint64_t id, const struct store_done *d)
{
	struct lookup_done m = { .status = (uint64_t)d->status };

	m.output = buf_str(&d->output);
	m.message = str_take(buf_str(&d->message), 2048);
	if (m.output.n > ANSWER_MAX)
		m = (struct lookup_done){ 1, STR(""), STR("the list is too long for one answer: ask for one domain") };
	ipc_queue(&v->conn, &lookup_done_type, id, &m, -1);
}

void server_give_admin(struct server *s, struct visitor *v, struct job *j)
{
	if (workers_give(s->workers, j))
		return;
	j->done.status = 1;
	buf_adds(&j->done.message, "too many requests at once: try again");
	tell_admin(v, j->id, &j->done);
	job_free(j);
}

static int take_admin(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_admin m;
	struct job *j;

	if (!v->admin || ipc_unpack(f->body, &lookup_admin_type, &m, NULL) < 0)
		return -1;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_ADMIN, .visitor = v->number, .id = f->id };
	buf_addstr(&j->words, m.words);
	buf_addstr(&j->input, m.input);
	server_give_admin(s, v, j);
	return 0;
}

/* What it did counts at once, also when it made the file. */
static void end_admin(struct server *s, struct visitor *v, const struct job *j)
{
	if (s->store == NULL)
		s->looked = INT64_MIN / 2;
	if (v != NULL)
		tell_admin(v, j->id, &j->done);
}

/* ---- logins ---- */

static void tell_login(struct visitor *v, uint64_t id, enum login result, int64_t wait, const char *account)
{
	struct lookup_login_told told = { (uint64_t)result, str_of(account), (uint64_t)wait };

	ipc_queue(&v->conn, &lookup_login_told_type, id, &told, -1);
}

static int take_login(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_login m;
	struct attempt attempt;
	struct job *j;
	int64_t wait, now = clock_mono();

	if (!(v->smtpd || v->web) || ipc_unpack(f->body, &lookup_login_type, &m, NULL) < 0 || m.user.n == 0 ||
	    m.user.n > LOGIN_USER_MAX || m.password.n > LOGIN_PASSWORD_MAX)
		return -1;
	wait = throttle_begin(s->throttle, m.ip, m.user, now, &attempt);
	if (wait < 0) {
		tell_login(v, f->id, LOGIN_TEMPORARY, REFUSED_WAIT, NULL);
		return 0;
	}
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_LOGIN, .visitor = v->number, .id = f->id, .given = now };
	j->attempt = attempt;
	j->wait = wait;
	buf_addstr(&j->words, m.user);
	buf_addstr(&j->input, m.password);
	if (workers_give(s->workers, j))
		return 0;
	throttle_end(s->throttle, &attempt, ATTEMPT_UNDECIDED, now);
	tell_login(v, f->id, LOGIN_TEMPORARY, 0, NULL);
	job_free(j);
	return 0;
}

/* It counts whether or not the asker is still there. */
static void end_login(struct server *s, struct visitor *v, const struct job *j)
{
	static const enum attempt_end ends[] = {
		[LOGIN_YES] = ATTEMPT_PASSED,
		[LOGIN_NO] = ATTEMPT_FAILED,
		[LOGIN_TEMPORARY] = ATTEMPT_UNDECIDED,
	};

	throttle_end(s->throttle, &j->attempt, ends[j->login.result], clock_mono());
	if (j->login.result == LOGIN_TEMPORARY && !s->sick)
		say(SAY_WARNING, "a login could not be checked: %s", j->err.text);
	if (v != NULL)
		tell_login(v, j->id, j->login.result, j->wait, j->login.account);
}

/* ---- all of them ---- */

int server_hear(struct server *s, struct visitor *v, struct ipc_frame *f)
{
	static const struct {
		const uint16_t *type;
		int (*take)(struct server *s, struct visitor *v, const struct ipc_frame *f);
	} rows[] = {
		{ &lookup_resolve_type.number, server_take_resolve },
		{ &lookup_quota_type.number, server_take_quota },
		{ &lookup_reply_type.number, server_take_reply },
		{ &lookup_list_type.number, server_take_list },
		{ &lookup_post_type.number, server_take_post },
		{ &lookup_usage_server_type.number, server_take_usage_server },
		{ &lookup_usage_told_type.number, server_take_usage },
		{ &lookup_admin_type.number, take_admin },
		{ &lookup_login_type.number, take_login },
		{ &lookup_who_type.number, server_take_who },
		{ &lookup_own_type.number, server_take_own },
		{ &lookup_leaves_type.number, server_take_leaves },
		{ &lookup_suppress_type.number, server_take_suppress },
		{ &lookup_suppressed_type.number, server_take_suppressed },
		{ &lookup_gray_type.number, server_take_gray },
		{ &lookup_gray_note_type.number, server_take_gray_note },
		{ &lookup_gray_import_type.number, server_take_gray_import },
	};
	int rc = -1;

	if (f->fd >= 0) {
		fd_clear(&f->fd);
		return -1;
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		if (*rows[i].type == f->type)
			rc = rows[i].take(s, v, f);
	if (f->body.n > 0) /* there may be a password in it */
		explicit_bzero((void *)(uintptr_t)f->body.p, f->body.n);
	return rc;
}

void server_tell_done(struct server *s)
{
	struct job *j;

	while ((j = workers_take(s->workers)) != NULL) {
		struct visitor *v = map_getn(&s->by_number, j->visitor);

		if (j->kind == JOB_GRAYLIST)
			server_end_gray(s, j);
		if (j->kind == JOB_LOGIN)
			end_login(s, v, j);
		else if (j->kind == JOB_REPLY)
			server_end_reply(v, j);
		else if (j->kind == JOB_SUPPRESS)
			server_end_suppress(j);
		else if (j->kind == JOB_ADMIN && j->visitor == 0)
			server_end_renewing(s, j);
		else if (j->batch == NULL)
			end_admin(s, v, j);
		if (v != NULL)
			visitor_flush(s, v);
		job_free(j);
	}
}
