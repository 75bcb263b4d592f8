#include "sts/post.h"

#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/say.h"
#include "queue/spool.h"
#include "sts/https.h"
#include "vouch/text.h"

enum {
	DAY = 86400,
	KEPT = 2, /* days that a report is tried for */
	DNS_MS = 10 * 1000,
	QUEUE_MS = 20 * 1000,
	POST_MS = 60 * 1000,
	TRIES = 3,                     /* to send one; who does not say that he has it may have it all the same */
	AGAIN_MS = 30 * 60 * 1000,     /* after a failure */
	LATER_MS = 4 * 60 * 60 * 1000, /* and after another */
};

/* One report on its way. */
struct parcel {
	struct post *post;
	int64_t day;
	const struct tally_domain *x;
	struct buf packed;
};

static int wants(const struct post *p, const struct tally_domain *x, struct arena *a, struct str *ruas, size_t *n)
{
	struct dns_question q = { .type = DNS_TXT };
	size_t records = 0;

	q.name = arena_fmt(a, "_smtp._tls.%.*s", STR_ARG(x->domain));
	dns_ask_all(p->web->dns, &q, 1, a, deadline_in(DNS_MS));
	*n = 0;
	for (size_t i = 0; i < q.n; i++) {
		struct str text = vouch_txt(q.rdata[i], a);

		if (!str_starts(text, STR("v=TLSRPTv1;")))
			continue;
		*n = report_ruas(text, ruas, REPORT_RUAS_MOST);
		records++;
	}
	if (records > 1)
		*n = 0;
	return q.status == DNS_FAILED ? -1 : 0;
}

static int tell_queue(const char *path, const struct queue_report *m, struct err *e)
{
	struct queue_hello hello = { .role = STR("t") };
	int64_t deadline = deadline_in(QUEUE_MS);
	int fd = ipc_connect(path, deadline, e), rc;
	struct queue_done done;
	struct ipc_frame f = { .fd = -1 };
	struct ipc_conn c;

	if (fd < 0)
		return -1;
	ipc_conn_init(&c, fd);
	rc = ipc_send(&c, &queue_hello_type, 0, &hello, -1, deadline, e);
	if (rc == 0)
		rc = ipc_send(&c, &queue_report_type, 1, m, -1, deadline, e);
	if (rc == 0)
		rc = ipc_recv(&c, &f, deadline, e);
	if (rc >= 0 && (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &done, e) < 0))
		rc = -1;
	if (rc >= 0 && done.status != 0)
		rc = err_set(e, "telltale-queue: %.*s", STR_ARG(done.message));
	fd_clear(&f.fd);
	ipc_conn_clear(&c);
	return rc < 0 ? -1 : 0;
}

static int post_mail(const struct parcel *x, struct str rcpt, struct err *e)
{
	BUF(mail);
	struct queue_report m = { .rcpt = rcpt };
	ptrdiff_t end;

	report_mail(&x->post->from, x->day, x->x->domain, rcpt, buf_str(&x->packed), clock_wall(), &mail);
	end = str_find(buf_str(&mail), STR("\r\n\r\n"));
	m.head = str_take(buf_str(&mail), (size_t)end + 2);
	m.body = str_skip(buf_str(&mail), (size_t)end + 2);
	return tell_queue(x->post->queue, &m, e);
}

static int post_web(const struct parcel *x, struct str host, struct str path, struct err *e)
{
	struct https_ask ask = {
		.host = host, .path = path, .body = buf_str(&x->packed), .type = "application/tlsrpt+gzip"
	};
	BUF(answer);

	return https_run(x->post->web, &ask, deadline_in(POST_MS), &answer, e) == STS_FETCHED ? 0 : -1;
}

/* -1: not now. */
static int post_to(const struct parcel *x, struct str rua)
{
	struct str address = report_mailto(rua), host, path;
	struct err e = { 0 };
	int rc = 0;

	if (address.n > 0)
		rc = post_mail(x, address, &e);
	else if (report_https(rua, &host, &path))
		rc = post_web(x, host, path, &e);
	if (rc < 0)
		say(SAY_WARNING, "the TLS report about %.*s to %.*s: %s", STR_ARG(x->x->domain), STR_ARG(rua), e.text);
	return rc;
}

/* To all that are named; -1: not to all, later again.  Who has it does not get it again, but after a crash: then its
 * report-id tells. */
static int send(struct post *p, int64_t day, struct tally_domain *x)
{
	struct parcel parcel = { .post = p, .day = day, .x = x };
	struct str ruas[REPORT_RUAS_MOST];
	size_t n;
	int rc = 0;
	ARENA(a);
	BUF(json);

	if (wants(p, x, &a, ruas, &n) < 0)
		return -1;
	if (n == 0)
		return 0;
	report_json(&p->from, day, x, &json);
	rc = report_pack(buf_str(&json), &parcel.packed);
	for (size_t i = 0; parcel.packed.n > 0 && i < n; i++)
		if ((x->told & 1u << i) == 0 && post_to(&parcel, ruas[i]) == 0)
			x->told |= 1u << i;
		else if ((x->told & 1u << i) == 0)
			rc = -1;
	buf_clear(&parcel.packed);
	return ++x->tries < TRIES ? rc : 0;
}

static struct tally_domain *due_of(const struct tally_day *d, bool *all)
{
	int64_t now = clock_mono();

	*all = true;
	for (struct tally_domain *x = d->first; x != NULL; x = x->next) {
		if (!x->done && x->again <= now)
			return x;
		*all = *all && x->done;
	}
	return NULL;
}

/* Of one day that is over. */
static bool post_of(struct post *p, struct tally *t, struct tally_day *d, int64_t now_s)
{
	bool all = true, late = now_s >= (d->day + 1 + KEPT) * DAY;
	struct tally_domain *x = p->enabled && !late ? due_of(d, &all) : NULL;

	if (x == NULL && !all)
		return false;
	if (x == NULL) {
		tally_done(t, d);
		return true;
	}
	d->changed = true;
	if (send(p, d->day, x) < 0)
		x->again = deadline_in(x->tries < 2 ? AGAIN_MS : LATER_MS);
	else
		x->done = true;
	return true;
}

bool post_one(struct post *p, struct tally *t, int64_t now_s)
{
	struct tally_day *after;

	for (struct tally_day *d = t->first; d != NULL; d = after) {
		after = d->next;
		if (now_s < (d->day + 1) * DAY + p->jitter)
			break; /* the days stand in their order */
		if (post_of(p, t, d, now_s))
			return true;
	}
	return false;
}
