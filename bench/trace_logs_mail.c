/* bench/trace_logs_mail.c - deliveries: the third log. */
#include "trace_logs_mail.h"

#include <err.h>
#include <stdlib.h>

#define LIFETIME (2 * INT64_C(86400) * SECOND)

static struct log *dlog;

struct attempt {
	struct mail *m;
	unsigned who, times, number;
	int64_t begun;
};

void mail_open(struct log *delivery)
{
	dlog = delivery;
}

struct mail *mail_new(struct who from)
{
	struct mail *m = calloc(1, sizeof(*m));

	if (m == NULL)
		err(1, "mail");
	m->from = from;
	m->bytes = 300 + (unsigned)chance_of(chance(100) ? 4000000 : 60000);
	return m;
}

static bool is_far(struct who w)
{
	return w.kind != WHO_MAILBOX;
}

static void settle(struct attempt *a, int64_t at)
{
	struct mail *m = a->m, *bounce;

	free(a);
	if (--m->open > 0)
		return;
	if (m->failed && m->from.kind != WHO_NONE) {
		bounce = mail_new((struct who){ WHO_NONE, 0 });
		bounce->to[bounce->n++] = m->from;
		bounce->qp = number_next(at);
		if (ours)
			log_say(dlog, at, "bounce, %u, qp %u", m->qp, bounce->qp);
		mail_taken(bounce, at + (int64_t)chance_of(400));
	}
	free(m);
}

/* The times of qmail: the square of (the root of the age, and ten or twenty). */
static int64_t next_time(const struct attempt *a, int64_t at)
{
	int64_t age = (at - a->m->born) / SECOND, root = 0, more = is_far(a->m->to[a->who]) ? 20 : 10;

	while ((root + 1) * (root + 1) <= age)
		root++;
	return a->m->born + (root + more) * (root + more) * SECOND + (int64_t)chance_of(3 * SECOND);
}

/* The copy that leaves for elsewhere. */
static void forward(struct attempt *a, int64_t at)
{
	struct mail *copy = mail_new(a->m->from);

	copy->to[copy->n++] = (struct who){ WHO_PERSON, (unsigned)(a->m->to[a->who].n * 7919u % 120000) };
	copy->qp = number_next(at);
	copy->bytes = a->m->bytes + 200;
	log_say(dlog, at, "result, %u, success, did_0+1+0/qp_%u/", a->number, copy->qp);
	mail_taken(copy, at + (int64_t)chance_of(400));
}

/* Where it lies, or who took it. */
static void place_line(const struct attempt *a, int64_t at, const struct name *ip)
{
	struct who to = a->m->to[a->who];
	struct name domain = who_domain(to);

	if (is_far(to))
		log_say(dlog, at,
			"remote, %u, mx.%s, %s, 25, TLSv1.3 TLS_AES_256_GCM_SHA384, %s, connect %u, tls %u, reply %u",
			a->number, domain.text, ip->text, to.n % 9 == 0 ? "dane" : "none", 8 + (unsigned)chance_of(90),
			20 + (unsigned)chance_of(90), 90 + (unsigned)chance_of(900));
	else
		log_say(dlog, at, "mailbox, %u, %s/user%u/Maildir, mailbox, %u/1073741824", a->number, domain.text,
			to.n, (unsigned)chance_of(1u << 30));
}

static void result_ok(struct attempt *a, int64_t at)
{
	struct who to = a->m->to[a->who];
	struct name ip = who_server(to);

	if (ours)
		place_line(a, at, &ip);
	if (is_far(to))
		log_say(dlog, at,
			"result, %u, success, %s_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_%08llX/",
			a->number, ip.text, (unsigned long long)chance_of(UINT64_C(1) << 32));
	else if (chance(30))
		forward(a, at);
	else
		log_say(dlog, at, "result, %u, success, %s%s", a->number, a->m->login ? "smtp_auth/" : "",
			ours || to.n % 5 == 0 ? "did_1+0+0/" : "did_0+0+1/");
}

static void result_failed(struct attempt *a, int64_t at)
{
	struct who to = a->m->to[a->who];
	struct name ip = who_server(to);

	a->m->failed = true;
	if (is_far(to))
		log_say(
		    dlog, at,
		    "result, %u, failure, %s_does_not_like_recipient./Remote_host_said:_550_5.1.1_No_such_user_here/"
		    "Giving_up_on_%s./",
		    a->number, ip.text, ip.text);
	else
		log_say(dlog, at, "result, %u, failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/", a->number);
}

static void result_later(struct attempt *a, int64_t at, bool last)
{
	static const char over[] = "I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./";
	const char *outcome = last ? "failure" : "deferral", *end = last ? over : "";
	struct who to = a->m->to[a->who];
	struct name ip = who_server(to);

	a->m->failed |= last;
	if (!is_far(to))
		log_say(dlog, at, "result, %u, %s, Temporary_error_on_maildir_delivery._(#4.3.0)/%s", a->number,
			outcome, end);
	else if (to.n % 4 == 0)
		log_say(dlog, at, "result, %u, %s, Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/%s",
			a->number, outcome, end);
	else
		log_say(dlog, at,
			"result, %u, %s, %s_does_not_like_recipient./Remote_host_said:_451_4.7.1_Try_again_later/"
			"Giving_up_on_%s./%s",
			a->number, outcome, ip.text, ip.text, end);
}

static void begin_attempt(int64_t at, void *with);

static void done_line(const struct attempt *a, int64_t at)
{
	if (ours)
		log_say(dlog, at, "done, %u, %lld", a->number, (long long)(at - a->begun));
}

static void end_attempt(int64_t at, void *with)
{
	struct attempt *a = with;
	bool far = is_far(a->m->to[a->who]);
	int64_t next = next_time(a, at);
	char civil[32];

	if (chance(a->times == 1 ? (far ? 120 : 20) : 400)) {
		bool last = next - a->m->born > LIFETIME;

		result_later(a, at, last);
		done_line(a, at);
		if (last) {
			settle(a, at);
			return;
		}
		if (ours) {
			civil_text(next, civil, sizeof(civil));
			log_say(dlog, at, "next, %u, %s", a->number, civil);
		}
		event_at(next, begin_attempt, a);
		return;
	}
	if (chance(25))
		result_failed(a, at);
	else
		result_ok(a, at);
	done_line(a, at);
	settle(a, at);
}

/* Numbers count by time, so they are given now. */
static void begin_attempt(int64_t at, void *with)
{
	static unsigned deliveries = 114000;
	struct attempt *a = with;
	struct who to = a->m->to[a->who];
	const char *channel = is_far(to) ? "remote" : "local";
	struct name from = who_name(a->m->from), rcpt = who_name(to);
	struct text t = { 0 };

	a->times++;
	a->begun = at;
	a->number = ours ? number_next(at) : ++deliveries;
	if (ours) {
		log_line(dlog, &t, at, "init, <%s>", from.text);
		log_line(dlog, &t, at, "info, %u, qp %u, attempt %u, bytes %u, %lld.%03d", a->number, a->m->qp,
			 a->times, a->m->bytes, (long long)(a->m->born / SECOND), (int)(a->m->born % SECOND));
	}
	log_line(dlog, &t, at, "try, %u, %s, %s", a->number, channel, rcpt.text);
	log_text(dlog, at, &t);
	event_at(at + 30 + (int64_t)chance_of(is_far(to) ? 4000 : 600), end_attempt, a);
}

void mail_taken(struct mail *m, int64_t at)
{
	struct name from = who_name(m->from);

	m->born = at;
	m->open = m->n;
	at += (int64_t)chance_of(300);
	if (!ours)
		log_say(dlog, at, "init, <%s>", from.text);
	for (unsigned i = 0; i < m->n; i++) {
		struct attempt *a = calloc(1, sizeof(*a));

		if (a == NULL)
			err(1, "attempt");
		*a = (struct attempt){ .m = m, .who = i };
		event_at(at + (int64_t)chance_of(400), begin_attempt, a);
	}
}
