/* What telltale-lookup is told and asked about addresses that a mailbox's mail does not go to any more. */
#include "base/io.h"
#include "base/say.h"
#include "lookup/suppressed.h"
#include "store/server.h"

int server_take_suppress(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_suppress m;
	struct job *j;

	if (!v->queue || ipc_unpack(f->body, &lookup_suppress_type, &m, NULL) < 0 || m.mailbox.n == 0 ||
	    m.address.n == 0)
		return -1;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_SUPPRESS, .visitor = v->number };
	buf_addstr(&j->words, m.mailbox);
	buf_addstr(&j->input, m.address);
	buf_addstr(&j->reason, m.reason);
	if (!workers_give(s->workers, j)) /* it fails again, if it is written to again */
		job_free(j);
	return 0;
}

void server_end_suppress(const struct job *j)
{
	if (j->failed)
		say(SAY_WARNING, "an address that failed could not be put on its sender's list: %s", j->err.text);
}

int server_take_suppressed(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	ARENA(mem);
	struct lookup_suppressed m;
	struct lookup_suppressed_told told = { 0 };
	struct suppressed x = { 0 };
	struct err e = { 0 };
	int rc = -1;

	if (!v->smtpd || ipc_unpack(f->body, &lookup_suppressed_type, &m, NULL) < 0)
		return -1;
	server_look_at_file(s);
	if (s->store != NULL && store_read(s->store, &e) == 0)
		rc = store_suppressed(s->store, m.mailbox, m.address, &mem, &x, &e);
	if (rc >= 0)
		server_well(s);
	else if (s->store != NULL)
		server_sick(s, &e);
	if (rc > 0)
		told = (struct lookup_suppressed_told){ (uint64_t)x.since, (uint64_t)x.until, x.reason };
	ipc_queue(&v->conn, &lookup_suppressed_told_type, f->id, &told, -1);
	return 0;
}
