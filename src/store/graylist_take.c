/* The graylist as telltale-smtpd asks and tells it, and an administrator who brings another's. */
#include <string.h>

#include "base/clock.h"
#include "store/server.h"

int server_take_gray(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_gray m;
	struct lookup_gray_told told = { 0 };
	struct gray_known known;
	struct err e;

	if (!v->smtpd || ipc_unpack(f->body, &lookup_gray_type, &m, NULL) < 0 || m.rcpt.n == 0)
		return -1;
	if (graylist_ask(s->graylist, &(struct gray_key){ m.rcpt, m.sender, m.network }, &known, &e) == 0)
		told = (struct lookup_gray_told){ 1, known.domain, (uint64_t)known.first, (uint64_t)known.passed,
						  (uint64_t)known.wrote };
	ipc_queue(&v->conn, &lookup_gray_told_type, f->id, &told, -1);
	return 0;
}

/* Whom somebody wrote to is kept only where it can ever matter. */
static bool graylists(struct server *s, struct str ours)
{
	struct err e = { 0 };
	int rc = 0;

	if (!str_eqz(s->conf->gate.graylist_level, "none"))
		return true;
	server_look_at_file(s);
	if (s->store != NULL && (store_read(s->store, &e) < 0 ||
				 (rc = store_sets(s->store, ours, STR("graylist-level"), STR("none"), &e)) < 0))
		server_sick(s, &e);
	return rc == 1;
}

int server_take_gray_note(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_gray_note m;
	struct gray_event what;

	if (!v->smtpd || ipc_unpack(f->body, &lookup_gray_note_type, &m, NULL) < 0 || m.rcpt.n == 0 ||
	    m.what >= GRAY_NOTES || m.time == 0 || m.time > INT64_MAX || m.until > INT64_MAX)
		return -1;
	if (m.what == GRAY_WROTE && !graylists(s, m.rcpt))
		return 0;
	what = (struct gray_event){
		.what = (enum gray_note)m.what,
		.key = { m.rcpt, m.sender, m.network },
		.time = (int64_t)m.time,
		.until = (int64_t)m.until,
	};
	graylist_note(s->graylist, &what, clock_mono());
	return 0;
}

int server_take_gray_import(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_gray_import m;
	struct job *j;

	if (!v->admin || ipc_unpack(f->body, &lookup_gray_import_type, &m, NULL) < 0)
		return -1;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_GRAYLIST, .visitor = v->number, .id = f->id };
	j->path = graylist_path(s->graylist);
	buf_addstr(&j->words, m.domains);
	buf_addstr(&j->input, m.entries);
	graylist_prepare(s->graylist);
	server_give_admin(s, v, j);
	return 0;
}

void server_end_gray(struct server *s, const struct job *j)
{
	if (j->batch != NULL)
		graylist_written(s->graylist, j->failed ? &j->err : NULL, clock_mono());
}

void server_write_gray(struct server *s)
{
	const struct gray_batch *b = graylist_give(s->graylist, clock_mono());
	struct job *j;

	if (b == NULL)
		return;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_GRAYLIST, .path = graylist_path(s->graylist), .batch = b };
	if (workers_give(s->workers, j))
		return;
	err_set(&j->err, "too much waits to be written");
	graylist_written(s->graylist, &j->err, clock_mono());
	job_free(j);
}
