/* deliver/tls_report.c - telltale-policy has a mail to send: a report about TLS (RFC 8460).  It is of our own making,
 * from nobody, so that nothing ever comes back about it. */
#include "deliver/schedule_inside.h"

#include "base/clock.h"
#include "wire/client.h"

enum { REPORT_MOST = 1024 * 1024 };

static int put(struct schedule *s, const struct queue_report *m, struct err *e)
{
	struct recipient to = { .final = m->rcpt, .original = m->rcpt, .channel = CHANNEL_REMOTE };
	struct envelope v = { .time = clock_wall(), .rcpts = &to, .nrcpts = 1 };

	if (str_rchr(m->rcpt, '@') < 1 || !client_may_say(m->rcpt) || m->head.n + m->body.n > REPORT_MOST)
		return err_set(e, "that is no report, or no address for one");
	if (depot_number(s->set.depot, NUMBER_MESSAGE, &v.qp, e) < 0)
		return -1;
	return schedule_put(s, &v, m->head, m->body, e);
}

int schedule_hear_report(struct schedule *s, struct ipc_conn *conn, const struct ipc_frame *f, struct err *e)
{
	struct queue_report m;
	struct queue_done done = { 0 };
	struct err why = { 0 };

	if (f->type != queue_report_number)
		return err_set(e, "message %u is no report", f->type);
	if (ipc_unpack(f->body, &queue_report_type, &m, e) < 0)
		return -1;
	done.status = put(s, &m, &why) < 0;
	done.message = str_of(why.text);
	ipc_queue(conn, &queue_done_type, f->id, &done, -1);
	return 0;
}
