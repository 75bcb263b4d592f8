/* bench/trace_logs_visit.c - visits of the provider's world: the SMTP log and the gate's; with `ours` as we write them.
 *
 * Also the two worlds' definitions; what is delivered afterwards stands in trace_logs_mail.c.
 */
#include "trace_logs_mail.h"

#include <stdio.h>
#include <stdlib.h>

bool ours;
static struct log *smtp[3], *gate; /* 25, 465, 587 */
static int64_t begin;

/* The provider's numbers are process ids, one counter for all; ours never come again. */
unsigned number_next(int64_t at)
{
	static unsigned used;

	used++;
	if (ours)
		return 70000 + used;
	return 300 + (unsigned)(((uint64_t)(at - begin) * 9 / SECOND + used) % 30000);
}

/* ---- what the gate refuses ---- */

struct refusal {
	unsigned weight;
	const char *code, *reply, *reason, *filter, *seen;
};

static const struct refusal refusals[] = {
	{ 38, "DENIED_RDNS_MISSING",
	  "554 \"Refused. You have no reverse DNS entry. Contact abuse@hosting.example for details.\"", "(empty)",
	  "rdns-missing", "no name, 3 ms" },
	{ 30, "DENIED_RBL_MATCH", "554 Refused. Your IP address is listed in the RBL at bl.example.org",
	  "bl.example.org", "dns-blacklist", "bl.example.org, 21 ms" },
	{ 8, "DENIED_RDNS_RESOLVE", "421 Refused. Your reverse DNS entry does not resolve.", "(empty)", "rdns-resolve",
	  "no address, 40 ms" },
	{ 7, "DENIED_SENDER_NO_MX", "421 Refused. The domain of your sender address has no mail exchanger (MX).",
	  "(empty)", "sender-no-mx", "no MX, 33 ms" },
	{ 6, "DENIED_IP_IN_CC_RDNS", "554 Refused. Your reverse DNS entry contains your IP address and a country code.",
	  "(empty)", "ip-in-cc-rdns", "pool.dyn.test, 0 ms" },
	{ 4, "DENIED_RELAYING", "554 Refused. Sending to remote addresses (relaying) is not allowed.", "(empty)",
	  "relaying", "not hosted here, 0 ms" },
	{ 4, "DENIED_EARLYTALKER", "554 Refused. You are not following the SMTP protocol.", "(empty)", "earlytalker",
	  "spoke before the greeting, 0 ms" },
	{ 3, "DENIED_SENDER_BLACKLISTED", "554 Refused. Your sender address has been blacklisted.",
	  "/etc/spamdyke/senders:17", "sender-blacklist", "senders:17, 0 ms" },
};
static const struct refusal graylist = {
	0,         "DENIED_GRAYLISTED", "421 Your address has been graylisted. Try again later.",
	"(empty)", "graylist",          "first contact, 1 ms"
};

static const struct refusal *refusal_any(void)
{
	unsigned n = (unsigned)chance_of(100);
	size_t i = 0;

	while (n >= refusals[i].weight)
		n -= refusals[i++].weight;
	return &refusals[i];
}

/* ---- a group of the SMTP log ---- */

struct visit {
	struct log *log;
	struct text t;
	struct mail *m;
	int64_t at;
	unsigned number;
	struct name host, ip, from, user;
};

static void visit_line(struct visit *v, const char *text)
{
	log_line(v->log, &v->t, v->at, "%s", text);
}

static void visit_begin(struct visit *v, struct mail *m, int64_t at)
{
	*v = (struct visit){
		.m = m, .at = at, .number = number_next(at), .host = who_host(m->from), .ip = who_ip(m->from)
	};
	v->log = ours && m->login ? smtp[1 + m->from.n % 2] : smtp[0];
	v->from = who_name(m->from);
	if (m->login)
		v->user = v->from;
	if (v->host.text[0] == '\0')
		snprintf(v->host.text, sizeof(v->host.text), "unknown");
	if (ours) {
		log_line(v->log, &v->t, at, "session, %u, %s, %u, %lld.%03d", v->number, v->ip.text,
			 1024 + (unsigned)chance_of(60000), (long long)(at / SECOND), (int)(at % SECOND));
		log_line(v->log, &v->t, at, "helo, %s", v->host.text);
		if (m->login || m->from.n % 3 > 0)
			visit_line(v, "tls, TLSv1.3 TLS_AES_256_GCM_SHA384");
		if (m->login)
			log_line(v->log, &v->t, at, "auth, PLAIN %s", v->user.text);
	}
	log_line(v->log, &v->t, at, v->from.text[0] != '\0' ? "from, %s" : "from,%s", v->from.text);
	visit_line(v, "resp, 250 ok");
}

static void visit_to(struct visit *v, struct name to)
{
	log_line(v->log, &v->t, v->at, "to, <%s>", to.text);
	if (!ours || v->m->login)
		return;
	log_line(v->log, &v->t, v->at, "gate, connect, passed rdns-missing %u rdns-resolve %u dns-blacklist %u",
		 (unsigned)chance_of(9), (unsigned)chance_of(9), (unsigned)chance_of(60));
	visit_line(v, "gate, recipient, passed unqualified-recipient 0 relaying 0 graylist 1");
}

static void visit_check(struct visit *v, struct name to, const char *title, const char *said)
{
	log_line(v->log, &v->t, v->at, "check, %s, %s:%s, %s, %s", title, v->host.text, v->ip.text, to.text, said);
}

static void visit_end(struct visit *v)
{
	text_add(&v->t, "\n");
	log_text(v->log, v->at, &v->t);
}

/* The gate runs where nobody has logged in, and at the provider for all. */
static void visit_verdict(struct visit *v, struct name to, const char *code, const char *reason)
{
	struct name host = who_host(v->m->from);

	if (ours && v->m->login)
		return;
	log_say(gate, v->at,
		"spamdyke[%u]: %s from: %s to: %s origin_ip: %s origin_rdns: %s auth: %s encryption: %s reason: %s",
		v->number, code, v->from.text[0] != '\0' ? v->from.text : "(unknown)", to.text, v->ip.text,
		host.text[0] != '\0' ? host.text : "(unknown)", v->user.text[0] != '\0' ? v->user.text : "(unknown)",
		v->m->login || v->m->from.n % 3 > 0 ? "TLS" : "(none)", reason);
}

/* As the gate writes a reply. */
static struct name underscored(const char *reply)
{
	struct name out;

	snprintf(out.text, sizeof(out.text), "%s", reply);
	for (char *p = out.text; *p != '\0'; p++)
		if (*p == ' ')
			*p = '_';
	return out;
}

/* ---- kinds of visits ---- */

static void accepted(struct mail *m, int64_t at)
{
	struct name reason;
	struct visit v;

	visit_begin(&v, m, at);
	for (unsigned i = 0; i < m->n; i++) {
		struct name to = who_name(m->to[i]);

		visit_to(&v, to);
		if (m->login)
			visit_check(&v, to, "relaying rcpt", "client allowed to relay");
		else
			visit_check(&v, to, "accepted rcpt", "found existing recipient");
		visit_line(&v, "resp, 250 ok");
	}
	v.at += 100 + (int64_t)chance_of(2000);
	m->qp = number_next(v.at) + (ours ? 0 : 29);
	log_line(v.log, &v.t, v.at, "size, %u", m->bytes);
	log_line(v.log, &v.t, v.at, "resp, 250 ok %lld qp %u", (long long)(v.at / SECOND), m->qp);
	visit_end(&v);
	snprintf(reason.text, sizeof(reason.text), "250_ok_%lld_qp_%u", (long long)(v.at / SECOND), m->qp);
	for (unsigned i = 0; i < m->n; i++)
		visit_verdict(&v, who_name(m->to[i]), "ALLOWED", reason.text);
	mail_taken(m, v.at);
}

static void refuse(struct mail *m, int64_t at, const struct refusal *r)
{
	struct name to = who_name(m->to[0]);
	struct visit v;

	visit_begin(&v, m, at);
	log_line(v.log, &v.t, at, "to, <%s>", to.text);
	if (ours)
		log_line(v.log, &v.t, at, "gate, refused %s, %s:%s, %s, %s", r->filter, v.host.text, v.ip.text, to.text,
			 r->seen);
	log_line(v.log, &v.t, at, "resp, %s", r->reply);
	visit_end(&v);
	visit_verdict(&v, to, r->code, r->reason);
}

static void refused(struct mail *m, int64_t at)
{
	refuse(m, at, refusal_any());
	free(m);
}

/* It comes again, is taken, or told to wait once more. */
static void comes_again(int64_t at, void *with)
{
	struct mail *m = with;

	if (chance(850)) {
		accepted(m, at);
		return;
	}
	refuse(m, at, &graylist);
	event_at(at + 5 * MINUTE + (int64_t)chance_of(30 * MINUTE), comes_again, m);
}

static void graylisted(struct mail *m, int64_t at)
{
	refuse(m, at, &graylist);
	if (chance(600))
		event_at(at + 3 * MINUTE + (int64_t)chance_of(37 * MINUTE), comes_again, m);
	else
		free(m);
}

/* Addresses that do not exist; now and then a whole dictionary of them. */
static void nobody(struct mail *m, int64_t at)
{
	static const char reply[] = "550 5.1.1 sorry, no mailbox here by that name (chkuser)";
	struct visit v;

	visit_begin(&v, m, at);
	for (unsigned i = 0; i < m->n; i++) {
		struct name to = who_name(m->to[i]);

		visit_to(&v, to);
		visit_check(&v, to, "rejected rcpt", "not existing recipient");
		log_line(v.log, &v.t, v.at, "resp, %s", reply);
		visit_verdict(&v, to, "DENIED_OTHER", underscored(reply).text);
		v.at += SECOND;
	}
	visit_end(&v);
	free(m);
}

/* By who looks at content. */
static void refused_whole(struct mail *m, int64_t at)
{
	static const char reply[] = "554 mail server permanently rejected message (#5.3.0)";
	struct name to = who_name(m->to[0]);
	struct visit v;

	visit_begin(&v, m, at);
	visit_to(&v, to);
	visit_check(&v, to, "accepted rcpt", "found existing recipient");
	visit_line(&v, "resp, 250 ok");
	v.at += SECOND;
	log_line(v.log, &v.t, v.at, "size, %u", m->bytes);
	log_line(v.log, &v.t, v.at, "resp, %s", reply);
	visit_end(&v);
	visit_verdict(&v, to, "DENIED_OTHER", underscored(reply).text);
	free(m);
}

/* The client leaves in the middle, or is silent until it is sent away. */
static void lost(struct mail *m, int64_t at)
{
	struct name to = who_name(m->to[0]);
	struct visit v;

	visit_begin(&v, m, at);
	if (chance(400)) {
		visit_to(&v, to);
		visit_check(&v, to, "accepted rcpt", "found existing recipient");
		visit_line(&v, "resp, 250 ok");
	}
	v.at += 30 * SECOND;
	if (ours)
		visit_line(&v, "end, connection lost");
	visit_end(&v);
	free(m);
}

static struct who sender_any(void)
{
	if (chance(25))
		return (struct who){ WHO_NONE, (unsigned)chance_of(5000) };
	return who_any(chance(120) ? WHO_STRANGER : WHO_PERSON);
}

static struct mail *mail_any(struct who from, enum who_kind to, unsigned n)
{
	struct mail *m = mail_new(from);

	while (m->n < n)
		m->to[m->n++] = who_any(to);
	return m;
}

static void submission(int64_t at)
{
	struct mail *m = mail_any(who_any(WHO_MAILBOX), chance(700) ? WHO_PERSON : WHO_MAILBOX,
				  chance(150) ? 2 + (unsigned)chance_of(6) : 1);

	m->login = true;
	accepted(m, at);
}

static void arrive(int64_t at)
{
	unsigned n = (unsigned)chance_of(1000);

	if (n < 470)
		accepted(mail_any(sender_any(), WHO_MAILBOX, 1), at);
	else if (n < 520)
		accepted(mail_any(sender_any(), WHO_MAILBOX, 2 + (unsigned)chance_of(4)), at);
	else if (n < 523)
		accepted(mail_any(sender_any(), WHO_MAILBOX, 10 + (unsigned)chance_of(MAIL_TO_MOST - 10)), at);
	else if (n < 623)
		submission(at);
	else if (n < 823)
		refused(mail_any(who_any(chance(900) ? WHO_STRANGER : WHO_PERSON), WHO_MAILBOX, 1), at);
	else if (n < 893)
		graylisted(mail_any(who_any(chance(600) ? WHO_STRANGER : WHO_PERSON), WHO_MAILBOX, 1), at);
	else if (n < 948)
		nobody(mail_any(who_any(WHO_STRANGER), WHO_MISSING, chance(40) ? 2 + (unsigned)chance_of(20) : 1), at);
	else if (n < 960)
		refused_whole(mail_any(who_any(WHO_STRANGER), WHO_MAILBOX, 1), at);
	else
		lost(mail_any(who_any(WHO_STRANGER), WHO_MAILBOX, 1), at);
}

static void open_provider(int64_t at)
{
	begin = at;
	smtp[0] = log_open("smtp-25.log", STAMP_COMMA);
	gate = log_open("spamdyke.log", STAMP_SYSLOG);
	mail_open(log_open("delivery.log", STAMP_COMMA));
}

static void open_ours(int64_t at)
{
	static const char *const names[] = { "smtp-25.log", "smtp-465.log", "smtp-587.log" };
	struct log *delivery = log_open("delivery.log", STAMP_COMMA);

	ours = true;
	begin = at;
	for (int i = 0; i < 3; i++) {
		smtp[i] = log_open(names[i], STAMP_COMMA);
		log_say(smtp[i], at, "zone, +02:00, %lld", (long long)(at / SECOND));
	}
	log_say(delivery, at, "zone, +02:00, %lld", (long long)(at / SECOND));
	gate = log_open("spamdyke.log", STAMP_SYSLOG);
	mail_open(delivery);
}

const struct world world_provider = { "provider", 230, open_provider, arrive };
const struct world world_ours = { "ours", 230, open_ours, arrive };
