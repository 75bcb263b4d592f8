/* bench/trace_logs_postfix.c - Postfix's syslog, with what other programs say in between. */
#include "trace_logs.h"

#include <err.h>
#include <stdlib.h>

enum { PROCESSES = 300, TO_MOST = 8 };

static struct log *mail_log;

struct mail {
	struct who from, to[TO_MOST];
	unsigned n, open, tries[TO_MOST];
	unsigned long long id;
	bool login, failed;
	int64_t born;
};

struct
try {
	struct mail *m;
	unsigned who;
};

/* A process that is free at that moment, and busy for so long; after a hundred visits its successor has a number of
 * its own. */
static unsigned process(int64_t at, int64_t busy)
{
	static struct {
		int64_t free;
		unsigned pid, visits;
	} known[PROCESSES];
	static unsigned pid = 2000;
	size_t i = 0;

	while (i < PROCESSES - 1 && known[i].free > at)
		i++;
	if (known[i].pid == 0 || ++known[i].visits > 100) {
		pid = pid > 4000000 ? 2000 : pid + 1 + (unsigned)chance_of(40);
		known[i].pid = pid;
		known[i].visits = 0;
	}
	known[i].free = at + busy;
	return known[i].pid;
}

/* Microseconds, then the number of the file: as short queue ids are made. */
static unsigned long long queue_id(int64_t at)
{
	return (unsigned long long)(at % SECOND * 1000 + (int64_t)chance_of(1000)) << 20 |
	       (0x80000 + chance_of(0x7ffff));
}

static struct name client_of(struct who w)
{
	struct name host = who_host(w), ip = who_ip(w), out;
	struct text t = { 0 };

	text_add(&t, "%s[%s]", host.text[0] != '\0' ? host.text : "unknown", ip.text);
	out = (struct name){ "" };
	for (size_t i = 0; i < t.n && i + 1 < sizeof(out.text); i++)
		out.text[i] = t.p[i];
	free(t.p);
	return out;
}

static struct mail *mail_new(struct who from, int64_t at)
{
	struct mail *m = calloc(1, sizeof(*m));

	if (m == NULL)
		err(1, "mail");
	m->from = from;
	m->id = queue_id(at);
	m->born = at;
	return m;
}

static bool is_far(struct who w)
{
	return w.kind != WHO_MAILBOX;
}

static void queued(struct mail *m, int64_t at, const char *host)
{
	struct name from = who_name(m->from);

	log_say(mail_log, at, "postfix/cleanup[%u]: %010llX: message-id=<%llx.%u@%s>", 1800 + (unsigned)chance_of(40),
		m->id, (unsigned long long)m->born, (unsigned)chance_of(1u << 30), host);
	log_say(mail_log, at + 20, "postfix/qmgr[900]: %010llX: from=<%s>, size=%u, nrcpt=%u (queue active)", m->id,
		from.text, 600 + (unsigned)chance_of(90000), m->n);
}

static void try_begin(struct mail *m, int64_t at);

static void settle(struct try *t, int64_t at)
{
	struct mail *m = t->m, *bounce;

	free(t);
	if (--m->open > 0)
		return;
	if (m->failed && m->from.kind != WHO_NONE) {
		bounce = mail_new((struct who){ WHO_NONE, 0 }, at);
		bounce->to[bounce->n++] = m->from;
		queued(bounce, at, "mx1.example.com");
		log_say(mail_log, at + 10, "postfix/bounce[%u]: %010llX: sender non-delivery notification: %010llX",
			1700 + (unsigned)chance_of(20), m->id, bounce->id);
		try_begin(bounce, at + 40);
	}
	log_say(mail_log, at + 30, "postfix/qmgr[900]: %010llX: removed", m->id);
	free(m);
}

struct ending {
	const char *relay, *dsn, *status, *said;
};

/* One line of qmgr's agents. */
static void result_line(const struct try *t, int64_t at, const char *program, struct ending e)
{
	const struct mail *m = t->m;
	struct name to = who_name(m->to[t->who]);
	unsigned ms = (unsigned)(at - m->born);

	log_say(mail_log, at,
		"postfix/%s[%u]: %010llX: to=<%s>, relay=%s, delay=%u.%u, delays=0.%02u/0.0%u/0.%02u/0.%02u, dsn=%s, "
		"status=%s (%s)",
		program, 1900 + (unsigned)chance_of(90), m->id, to.text, e.relay, ms / 1000, ms / 100 % 10,
		(unsigned)chance_of(99), (unsigned)chance_of(9), (unsigned)chance_of(99), (unsigned)chance_of(99),
		e.dsn, e.status, e.said);
}

static void local_result(const struct try *t, int64_t at)
{
	struct name to = who_name(t->m->to[t->who]);
	struct text said = { 0 };

	text_add(&said, "250 2.0.0 <%s> %08llxK%06llx Saved", to.text, (unsigned long long)chance_of(UINT64_C(1) << 32),
		 (unsigned long long)chance_of(1 << 24));
	result_line(t, at, "lmtp", (struct ending){ "mx1.example.com[private/dovecot-lmtp]", "2.0.0", "sent", said.p });
	free(said.p);
}

static void remote_result(const struct try *t, int64_t at, bool later, bool no)
{
	struct who to = t->m->to[t->who];
	struct name domain = who_domain(to), ip = who_server(to), name = who_name(to);
	struct text relay = { 0 }, said = { 0 };
	struct ending e = { NULL, "2.0.0", "sent", NULL };

	text_add(&relay, "mx.%s[%s]:25", domain.text, ip.text);
	if (later && to.n % 4 == 0) {
		text_add(&said, "connect to mx.%s[%s]:25: Connection timed out", domain.text, ip.text);
		e = (struct ending){ "none", "4.4.1", "deferred", said.p };
	} else if (later) {
		text_add(&said,
			 "host mx.%s[%s] said: 451 4.7.1 Greylisted, try again later (in reply to RCPT TO command)",
			 domain.text, ip.text);
		e = (struct ending){ relay.p, "4.7.1", "deferred", said.p };
	} else if (no) {
		text_add(&said,
			 "host mx.%s[%s] said: 550 5.1.1 <%s>: Recipient address rejected: User unknown (in reply to "
			 "RCPT TO command)",
			 domain.text, ip.text, name.text);
		e = (struct ending){ relay.p, "5.1.1", "bounced", said.p };
	} else {
		text_add(&said, "250 2.0.0 Ok: queued as %010llX", queue_id(at));
		e = (struct ending){ relay.p, e.dsn, e.status, said.p };
	}
	result_line(t, at, "smtp", e);
	free(relay.p);
	free(said.p);
}

static void try_end(int64_t at, void *with)
{
	struct try *t = with;
	struct mail *m = t->m;
	struct who to = m->to[t->who];
	bool later = is_far(to) && m->tries[t->who] < 6 && chance(m->tries[t->who] == 0 ? 120 : 400), no = chance(25);

	if (!is_far(to)) {
		local_result(t, at);
	} else {
		remote_result(t, at, later, no);
		m->failed |= !later && no;
	}
	if (!later) {
		settle(t, at);
		return;
	}
	m->tries[t->who]++;
	event_at(at + (5 * MINUTE << m->tries[t->who]) + (int64_t)chance_of(MINUTE), try_end, t);
}

static void try_begin(struct mail *m, int64_t at)
{
	m->open = m->n;
	for (unsigned i = 0; i < m->n; i++) {
		struct try *t = calloc(1, sizeof(*t));

		if (t == NULL)
			err(1, "try");
		*t = (struct try){ m, i };
		event_at(at + 60 + (int64_t)chance_of(is_far(m->to[i]) ? 4000 : 500), try_end, t);
	}
}

static void connected(int64_t at, const char *program, unsigned pid, struct who from, bool tls)
{
	struct name client = client_of(from);

	log_say(mail_log, at, "postfix/%s[%u]: connect from %s", program, pid, client.text);
	if (tls)
		log_say(mail_log, at + 40,
			"postfix/%s[%u]: Anonymous TLS connection established from %s: TLSv1.3 with cipher "
			"TLS_AES_256_GCM_SHA384 "
			"(256/256 bits)",
			program, pid, client.text);
}

static void accepted(int64_t at, struct who from, enum who_kind to, unsigned n, bool login)
{
	const char *program = login ? "submission/smtpd" : "smtpd";
	bool tls = login || from.n % 3 > 0;
	unsigned pid = process(at, 1500);
	struct name client = client_of(from), name = who_name(from), domain = who_domain(from);
	struct mail *m = mail_new(from, at + 200);

	while (m->n < n)
		m->to[m->n++] = who_any(to);
	connected(at, program, pid, from, tls);
	if (login)
		log_say(mail_log, at + 200, "postfix/%s[%u]: %010llX: client=%s, sasl_method=PLAIN, sasl_username=%s",
			program, pid, m->id, client.text, name.text);
	else
		log_say(mail_log, at + 200, "postfix/%s[%u]: %010llX: client=%s", program, pid, m->id, client.text);
	queued(m, at + 300, from.kind == WHO_NONE ? "mail.example.net" : domain.text);
	log_say(mail_log, at + 900,
		"postfix/%s[%u]: disconnect from %s ehlo=%d%s mail=1 rcpt=%u data=1 quit=1 commands=%u", program, pid,
		client.text, tls ? 2 : 1, tls ? " starttls=1" : "", n, n + (tls ? 6 : 4));
	try_begin(m, at + 340);
}

static void refused(int64_t at, struct who from, bool missing)
{
	static const struct {
		const char *reply, *who;
	} no[] = {
		{ "554 5.7.1 Service unavailable; Client host [",
		  "] blocked using bl.example.org; see http://bl.example.org/q" },
		{ "450 4.7.25 Client host rejected: cannot find your hostname, [", "]" },
		{ "450 4.2.0 Client host [",
		  "]: Recipient address rejected: Greylisted, see http://postgrey.example/" },
	};
	unsigned pid = process(at, 1000), kind = (unsigned)chance_of(3);
	struct name client = client_of(from), name = who_name(from), ip = who_ip(from), domain = who_domain(from);
	struct name to = who_name(who_any(missing ? WHO_MISSING : WHO_MAILBOX));

	connected(at, "smtpd", pid, from, false);
	if (missing)
		log_say(mail_log, at + 300,
			"postfix/smtpd[%u]: NOQUEUE: reject: RCPT from %s: 550 5.1.1 <%s>: Recipient address rejected: "
			"User unknown "
			"in virtual mailbox table; from=<%s> to=<%s> proto=ESMTP helo=<%s>",
			pid, client.text, to.text, name.text, to.text, domain.text);
	else
		log_say(
		    mail_log, at + 300,
		    "postfix/smtpd[%u]: NOQUEUE: reject: RCPT from %s: %s%s%s; from=<%s> to=<%s> proto=ESMTP helo=<%s>",
		    pid, client.text, no[kind].reply, ip.text, no[kind].who, name.text, to.text, domain.text);
	log_say(mail_log, at + 500, "postfix/smtpd[%u]: disconnect from %s ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
		pid, client.text);
}

/* A visit that came to nothing. */
static void in_vain(int64_t at, struct who from)
{
	unsigned pid = process(at, 5000);
	struct name client = client_of(from);
	bool guesses = chance(600);

	connected(at, guesses ? "submission/smtpd" : "smtpd", pid, from, false);
	if (guesses)
		log_say(mail_log, at + 2000,
			"postfix/submission/smtpd[%u]: warning: %s: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
			pid, client.text);
	log_say(mail_log, at + 4000, "postfix/%s[%u]: lost connection after %s from %s",
		guesses ? "submission/smtpd" : "smtpd", pid, guesses ? "AUTH" : "EHLO", client.text);
	log_say(mail_log, at + 4000, "postfix/%s[%u]: disconnect from %s ehlo=1%s commands=1%s",
		guesses ? "submission/smtpd" : "smtpd", pid, client.text, guesses ? " auth=0/1" : "",
		guesses ? "/2" : "");
}

static void arrive(int64_t at)
{
	unsigned n = (unsigned)chance_of(1000);

	if (n < 500)
		accepted(at, chance(25) ? (struct who){ WHO_NONE, (unsigned)chance_of(5000) } : who_any(WHO_PERSON),
			 WHO_MAILBOX, chance(120) ? 2 + (unsigned)chance_of(TO_MOST - 1) : 1, false);
	else if (n < 620)
		accepted(at, who_any(WHO_MAILBOX), WHO_PERSON, chance(150) ? 2 + (unsigned)chance_of(TO_MOST - 1) : 1,
			 true);
	else if (n < 830)
		refused(at, who_any(WHO_STRANGER), chance(300));
	else if (n < 930)
		in_vain(at, who_any(WHO_STRANGER));
	else
		log_say(mail_log, at,
			"dovecot: imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=192.0.2.10, mpid=%u, TLS",
			who_name(who_any(WHO_MAILBOX)).text, who_ip(who_any(WHO_MAILBOX)).text,
			(unsigned)chance_of(90000));
}

static void open_postfix(int64_t at)
{
	(void)at;
	mail_log = log_open("mail.log", STAMP_SYSLOG);
}

const struct world world_postfix = { "postfix", 200, open_postfix, arrive };
