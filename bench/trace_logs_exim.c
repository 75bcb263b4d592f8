/* bench/trace_logs_exim.c - Exim's main log, as Debian sets it up. */
#include "trace_logs.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

enum { TO_MOST = 6 };

static struct log *main_log;

struct mail {
	struct who from, to[TO_MOST];
	unsigned n, open, tries[TO_MOST];
	char id[24];
	bool failed;
};

struct
try {
	struct mail *m;
	unsigned who;
};

static void digits62(char *out, uint64_t n, int width)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (int i = width - 1; i >= 0; i--, n /= 62)
		out[i] = digits[n % 62];
}

/* Second, process, fraction. */
static struct mail *mail_new(struct who from, int64_t at)
{
	static unsigned pid = 4000;
	struct mail *m = calloc(1, sizeof(*m));

	if (m == NULL)
		err(1, "mail");
	pid = pid > 900000 ? 4000 : pid + 1 + (unsigned)chance_of(9);
	m->from = from;
	digits62(m->id, (uint64_t)(at / SECOND), 6);
	m->id[6] = m->id[13] = '-';
	digits62(m->id + 7, pid, 6);
	digits62(m->id + 14, (uint64_t)(at % SECOND) / 2, 2);
	return m;
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
		log_say(main_log, at, "%s <= <> R=%s U=Debian-exim P=local S=%u", bounce->id, m->id,
			2000 + (unsigned)chance_of(3000));
		try_begin(bounce, at);
	}
	log_say(main_log, at, "%s Completed", m->id);
	free(m);
}

static void local_result(const struct try *t, int64_t at)
{
	struct name to = who_name(t->m->to[t->who]);

	log_say(main_log, at, "%s %s user%u <%s> R=local_user T=maildir_home", t->m->id, t->who == 0 ? "=>" : "->",
		t->m->to[t->who].n, to.text);
}

static void remote_result(const struct try *t, int64_t at, bool later, bool no)
{
	const struct mail *m = t->m;
	struct who to = m->to[t->who];
	struct name name = who_name(to), domain = who_domain(to), ip = who_server(to);
	static const char tls[] = "X=TLS1.3:ECDHE_RSA_AES_256_GCM_SHA384:256 CV=yes";

	if (later)
		log_say(
		    main_log, at,
		    "%s == %s R=dnslookup T=remote_smtp defer (-44) H=mx.%s [%s]: SMTP error from remote mail server "
		    "after RCPT TO:<%s>: 451 4.7.1 Greylisted, try again later",
		    m->id, name.text, domain.text, ip.text, name.text);
	else if (no)
		log_say(main_log, at,
			"%s ** %s R=dnslookup T=remote_smtp H=mx.%s [%s] %s: SMTP error from remote mail server after "
			"RCPT TO:<%s>: 550 5.1.1 <%s>: Recipient address rejected: User unknown",
			m->id, name.text, domain.text, ip.text, tls, name.text, name.text);
	else
		log_say(main_log, at,
			"%s => %s R=dnslookup T=remote_smtp H=mx.%s [%s] %s C=\"250 2.0.0 Ok: queued as %010llX\"",
			m->id, name.text, domain.text, ip.text, tls, (unsigned long long)chance_of(UINT64_C(1) << 40));
}

static void try_end(int64_t at, void *with)
{
	struct try *t = with;
	struct mail *m = t->m;
	bool far = m->to[t->who].kind != WHO_MAILBOX, no = chance(25);
	bool later = far && m->tries[t->who] < 6 && chance(m->tries[t->who] == 0 ? 120 : 400);

	if (!far) {
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
	event_at(at + (15 * MINUTE << m->tries[t->who]) + (int64_t)chance_of(MINUTE), try_end, t);
}

static void try_begin(struct mail *m, int64_t at)
{
	m->open = m->n;
	for (unsigned i = 0; i < m->n; i++) {
		struct try *t = calloc(1, sizeof(*t));

		if (t == NULL)
			err(1, "try");
		*t = (struct try){ m, i };
		event_at(at + 30 + (int64_t)chance_of(m->to[i].kind != WHO_MAILBOX ? 4000 : 400), try_end, t);
	}
}

static void accepted(int64_t at, struct who from, enum who_kind to, unsigned n)
{
	struct mail *m = mail_new(from, at);
	struct name name = who_name(from), host = who_host(from), ip = who_ip(from), domain = who_domain(from);
	struct text front = { 0 };
	bool login = from.kind == WHO_MAILBOX;

	while (m->n < n)
		m->to[m->n++] = who_any(to);
	if (host.text[0] != '\0')
		text_add(&front, "H=%s ", host.text);
	text_add(&front, "[%s] P=%s", ip.text, login ? "esmtpsa" : "esmtps");
	text_add(&front, " X=TLS1.3:ECDHE_RSA_AES_256_GCM_SHA384:256 CV=no");
	if (login)
		text_add(&front, " A=plain_server:%s", name.text);
	log_say(main_log, at, "%s <= %s %s S=%u id=%llx.%u@%s", m->id, from.kind == WHO_NONE ? "<>" : name.text,
		front.p, 600 + (unsigned)chance_of(90000), (unsigned long long)at, (unsigned)chance_of(1u << 30),
		from.kind == WHO_NONE ? "mail.example.net" : domain.text);
	free(front.p);
	try_begin(m, at);
}

static void refused(int64_t at, struct who from)
{
	struct name name = who_name(from), host = who_host(from), ip = who_ip(from), domain = who_domain(from);
	struct name to = who_name(who_any(chance(300) ? WHO_MISSING : WHO_MAILBOX));
	struct text front = { 0 };

	if (host.text[0] != '\0')
		text_add(&front, "H=%s (%s) [%s]", host.text, domain.text, ip.text);
	else
		text_add(&front, "H=(%s) [%s]", domain.text, ip.text);
	if (chance(250))
		log_say(main_log, at, "%s F=<%s> temporarily rejected RCPT <%s>: greylisted, please try again", front.p,
			name.text, to.text);
	else
		log_say(main_log, at, "%s F=<%s> rejected RCPT <%s>: %s is listed at bl.example.org", front.p,
			name.text, to.text, ip.text);
	free(front.p);
}

static void arrive(int64_t at)
{
	unsigned n = (unsigned)chance_of(1000);
	struct who from = who_any(WHO_STRANGER);

	if (n < 520)
		accepted(at, chance(25) ? (struct who){ WHO_NONE, (unsigned)chance_of(5000) } : who_any(WHO_PERSON),
			 WHO_MAILBOX, chance(120) ? 2 + (unsigned)chance_of(TO_MOST - 1) : 1);
	else if (n < 640)
		accepted(at, who_any(WHO_MAILBOX), WHO_PERSON, chance(150) ? 2 + (unsigned)chance_of(TO_MOST - 1) : 1);
	else if (n < 900)
		refused(at, from);
	else if (n < 940)
		log_say(main_log, at,
			"login authenticator failed for (%s) [%s]: 535 Incorrect authentication data (set_id=info)",
			who_domain(from).text, who_ip(from).text);
	else
		log_say(main_log, at, "no host name found for IP address %s", who_ip(from).text);
}

static void open_exim(int64_t at)
{
	(void)at;
	main_log = log_open("mainlog", STAMP_EXIM);
}

const struct world world_exim = { "exim", 200, open_exim, arrive };
