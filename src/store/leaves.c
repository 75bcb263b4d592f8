/* Under which sender a forward leaves: telltale-queue asks. */
#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "store/server.h"
#include "store/srs.h"

enum { WHY_MAX = 400 };

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

void server_end_renewing(struct server *s, const struct job *j)
{
	s->renewing = false;
	if (j->done.status != 0)
		say(SAY_WARNING, "no new secret for the senders of forwards: %.*s", STR_ARG(buf_str(&j->done.message)));
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

int server_take_leaves(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_leaves m;
	struct lookup_leaves_told told = { .result = LEAVES_LATER };
	struct str sender = str_of(NULL);
	struct err e = { 0 };
	ARENA(a);

	if (!v->queue || ipc_unpack(f->body, &lookup_leaves_type, &m, NULL) < 0)
		return -1;
	switch (sign(s, &m, &a, &sender, &e)) {
	case SRS_SIGNED:
		told = (struct lookup_leaves_told){ .result = LEAVES_AS, .sender = sender };
		if (!str_eq(sender, m.sender))
			say_via(s, s->conf->forward.srs_domain, sender);
		break;
	case SRS_IMPOSSIBLE:
		told = (struct lookup_leaves_told){ .result = LEAVES_NEVER, .why = str_take(str_of(e.text), WHY_MAX) };
		break;
	case SRS_UNSIGNED:
		break;
	case SRS_FAILED:
		if (s->store != NULL)
			server_trouble(s, &e);
		break;
	}
	ipc_queue(&v->conn, &lookup_leaves_told_type, f->id, &told, -1);
	return 0;
}
