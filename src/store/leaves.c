/* Under which sender a forward leaves: telltale-queue asks. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "store/server.h"
#include "store/srs.h"

enum { WHY_MAX = 400, EARLY_MOST = 64 };

static int64_t now(void)
{
	return clock_wall() / 1000;
}

void server_renew(struct server *s)
{
	struct err e = { 0 };
	struct job *j;

	if (!s->conf->forward.srs || s->store == NULL || s->renewing || srs_due(s->store, now(), &e) <= 0)
		return;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_ADMIN };
	buf_addstr(&j->words, STR("srs\0rotate\0due"));
	s->renewing = workers_give(s->workers, j);
	if (!s->renewing)
		job_free(j);
}

/* A domain that is none of ours gets no mail here: bounces would be lost. */
static void say_via(struct server *s, struct str via, struct str sender)
{
	if (via.n == 0 || s->no_via || str_iends(sender, via))
		return;
	s->no_via = true;
	say(SAY_WARNING,
	    "forward { srs-domain = \"%.*s\" } is no domain of ours (telltale domain add): the alias's is used",
	    STR_ARG(via));
}

static enum srs_signed sign(struct server *s, const struct lookup_leaves *m, struct arena *a, struct str *sender,
			    struct err *e)
{
	server_look_at_file(s);
	if (s->store == NULL || store_read(s->store, e) < 0)
		return SRS_FAILED;
	server_renew(s);
	return srs_sign(s->store, m->sender, m->alias, s->conf->forward.srs_domain, now(), a, sender, e);
}

static void answer(struct server *s, const struct lookup_leaves *m, struct arena *a, struct lookup_leaves_told *told,
		   bool *no_secret)
{
	struct str sender = str_of(NULL);
	struct err e = { 0 };
	enum srs_signed rc = sign(s, m, a, &sender, &e);

	*told = (struct lookup_leaves_told){ .result = LEAVES_LATER };
	*no_secret = rc == SRS_UNSIGNED;
	if (rc == SRS_SIGNED)
		*told = (struct lookup_leaves_told){ .result = LEAVES_AS, .sender = sender };
	if (rc == SRS_IMPOSSIBLE)
		*told = (struct lookup_leaves_told){ .result = LEAVES_NEVER,
						     .why = arena_str(a, str_take(str_of(e.text), WHY_MAX)) };
	if (rc == SRS_SIGNED && !str_eq(sender, m->sender))
		say_via(s, s->conf->forward.srs_domain, sender);
	if (rc == SRS_FAILED && s->store != NULL)
		server_sick(s, &e);
}

/* ---- those who came before the first secret ---- */

struct early {
	uint64_t visitor, id;
	struct buf sender, alias;
	struct early *next;
};

static void early_free(struct early *x)
{
	buf_clear(&x->sender);
	buf_clear(&x->alias);
	free(x);
}

static bool wait_for_secret(struct server *s, const struct visitor *v, uint64_t id, const struct lookup_leaves *m)
{
	struct early *x;

	if (!s->renewing || s->nearly == EARLY_MOST)
		return false;
	x = mem_alloc(sizeof(*x));
	*x = (struct early){ .visitor = v->number, .id = id, .next = s->early };
	buf_addstr(&x->sender, m->sender);
	buf_addstr(&x->alias, m->alias);
	s->early = x;
	s->nearly++;
	return true;
}

/* Once more, and then what is known now is said. */
static void answer_early(struct server *s, const struct early *x)
{
	struct visitor *v = map_getn(&s->by_number, x->visitor);
	struct lookup_leaves m = { buf_str(&x->sender), buf_str(&x->alias) };
	struct lookup_leaves_told told;
	bool no_secret;
	ARENA(a);

	if (v == NULL)
		return;
	answer(s, &m, &a, &told, &no_secret);
	ipc_queue(&v->conn, &lookup_leaves_told_type, x->id, &told, -1);
	visitor_soon(s, v);
}

void server_end_renewing(struct server *s, const struct job *j)
{
	struct early *x, *next = s->early;
	struct err e = { 0 };

	if (s->store != NULL && store_rest(s->store, &e) < 0) /* what was asked in this turn may be older */
		server_sick(s, &e);
	s->renewing = false;
	s->early = NULL;
	s->nearly = 0;
	if (j->done.status != 0)
		say(SAY_WARNING, "no new secret for the senders of forwards: %.*s", STR_ARG(buf_str(&j->done.message)));
	while ((x = next) != NULL) {
		next = x->next;
		answer_early(s, x);
		early_free(x);
	}
}

void server_forget_early(struct server *s)
{
	struct early *x;

	while ((x = s->early) != NULL) {
		s->early = x->next;
		early_free(x);
	}
}

int server_take_leaves(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_leaves m;
	struct lookup_leaves_told told;
	bool no_secret;
	ARENA(a);

	if (!v->queue || ipc_unpack(f->body, &lookup_leaves_type, &m, NULL) < 0)
		return -1;
	answer(s, &m, &a, &told, &no_secret);
	if (!no_secret || !wait_for_secret(s, v, f->id, &m))
		ipc_queue(&v->conn, &lookup_leaves_told_type, f->id, &told, -1);
	return 0;
}
