/* The services that are asked, and the milters' steps before the message itself. */
#include "session/consult.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "session/consult_inside.h"

enum { PASSWORD_MAX = 4096, QUESTIONS_AT_ONCE = 64 };

/* ---- what all sessions share ---- */

static int open_rspamd(struct consult *x, struct err *e)
{
	const struct conf_rspamd *set = &x->conf->rspamd;
	struct rspamd_set r = { .hostname = conf_z(x->conf->top.hostname), .most = QUESTIONS_AT_ONCE };
	struct buf *password = &x->password;

	if (set->url.n == 0)
		return 0;
	if (rspamd_service(&r.at, set->url, e) < 0)
		return -1;
	if (set->password_file.n > 0 && io_slurp(AT_FDCWD, conf_z(set->password_file), PASSWORD_MAX, password, e) < 0)
		return -1;
	buf_trunc(password, str_trim(buf_str(password)).n);
	r.password = buf_z(password);
	x->rspamd_at = r.at;
	x->rspamd = rspamd_new(&r, e);
	return x->rspamd == NULL ? -1 : 0;
}

int consult_open(struct consult *x, const struct conf *c, struct err *e)
{
	const struct conf_milter *set = &c->milter;

	*x = (struct consult){ .conf = c,
			       .password = BUF_INIT,
			       .milters = mem_alloc((set->address.n + 1) * sizeof(*x->milters)) };
	for (size_t i = 0; i < set->address.n; i++) {
		struct milter_set *m = &x->milters[i];

		*m = (struct milter_set){ .name = conf_z(set->address.at[i]),
					  .connect = set->connect_deadline,
					  .command = set->deadline,
					  .end = set->end_deadline,
					  .message = set->end_deadline + set->deadline };
		if (service_read(&m->at, set->address.at[i], e) < 0)
			return err_wrap(e, "milter { address }");
		x->n++;
	}
	return open_rspamd(x, e);
}

void consult_close(struct consult *x)
{
	if (x->rspamd != NULL)
		rspamd_free(x->rspamd);
	buf_clear(&x->password);
	free(x->milters);
	*x = (struct consult){ 0 };
}

static void needs(struct sandbox *box, const struct service *at)
{
	size_t i = 0;

	if (at->port == 0)
		return;
	box->network |= SANDBOX_INET;
	while (i < SANDBOX_PORTS - 1 && box->tcp_out[i] != 0 && box->tcp_out[i] != at->port)
		i++;
	box->tcp_out[i] = at->port;
}

void consult_needs(const struct consult *x, struct sandbox *box)
{
	for (size_t i = 0; i < x->n; i++)
		needs(box, &x->milters[i].at);
	if (x->rspamd == NULL)
		return;
	needs(box, &x->rspamd_at);
	box->calls = "socketpair";
}

/* ---- one session's milters ---- */

static void learn(struct session *s)
{
	struct milter_facts *f = &s->consulting.facts;
	struct str encryption = wire_encryption(&s->wire);
	bool confirmed = s->facts.at[FACT_RDNS_CONFIRMED].status == FACT_KNOWN && s->facts.rdns_confirmed;

	*f = (struct milter_facts){
		.hostname = s->server->conf->top.hostname,
		.daemon = s->port->conf->label,
		.version = STR("telltale " TELLTALE_VERSION),
		.ip = str_of(s->peer.ip),
		.port = s->peer.port,
		.ptr = s->facts.rdns,
		.name = confirmed ? s->facts.rdns : str_of(NULL),
		.auth_authen = s->facts.user,
		.auth_type = str_of(s->facts.authenticated ? s->method : NULL),
		.id = arena_fmt(&s->t.mem, "%llu", (unsigned long long)s->number),
	};
	str_cut(encryption, STR(" "), &f->tls_version, &f->cipher);
}

/* What a step's word means: true when it refuses. */
bool consult_refuses(struct session *s, size_t i, const struct milter_word *w, int64_t began, struct reply *r)
{
	bool strict = str_eqz(s->server->conf->milter.absent, "tempfail");
	struct finding f = { .filter = &consult_milter, .ms = clock_mono() - began };

	switch (w->is) {
	case MILTER_REJECT:
	case MILTER_TEMPFAIL:
	case MILTER_SHUTDOWN:
		*r = w->reply;
		r->text = arena_str(&s->scratch, w->reply.text);
		f.found = FOUND_REFUSED;
		f.reason = REASON_MILTER;
		f.seen = arena_fmt(&s->scratch, "%s: %d %.*s", s->server->consult->milters[i].name, r->code,
				   STR_ARG(r->text));
		break;
	case MILTER_FAILED:
		f.found = strict ? FOUND_REFUSED : FOUND_ERROR;
		f.reason = REASON_UNCHECKED;
		f.seen = arena_str(&s->scratch, w->words);
		if (strict)
			session_refusal_of(s, REASON_UNCHECKED, r);
		break;
	case MILTER_CONTINUE:
	case MILTER_ACCEPT:
	case MILTER_DISCARD:
		return false;
	}
	if (w->is != MILTER_FAILED || !s->consulting.told_failure)
		record_finding(s, &f, s->t.last_rcpt);
	if (w->is == MILTER_FAILED && !s->consulting.told_failure)
		server_trouble(s->server, TROUBLE_MILTER, arena_fmt(&s->scratch, "%.*s", STR_ARG(w->words)).p);
	s->consulting.told_failure = s->consulting.told_failure || w->is == MILTER_FAILED;
	if (w->is == MILTER_SHUTDOWN)
		s->closing = true;
	return f.found == FOUND_REFUSED;
}

bool consult_step(struct session *s, struct milter_word (*ask)(struct milter *m, const void *about), const void *about,
		  struct reply *r)
{
	struct consulting *c = &s->consulting;

	for (size_t i = 0; c->milters != NULL && i < s->server->consult->n; i++) {
		int64_t began = clock_mono();
		struct milter_word w = ask(c->milters[i], about);

		if (consult_refuses(s, i, &w, began, r))
			return true;
	}
	return false;
}

static struct milter_word ask_connect(struct milter *m, const void *about)
{
	(void)about;
	return milter_connect(m);
}

static struct milter_word ask_helo(struct milter *m, const void *helo)
{
	return milter_helo(m, *(const struct str *)helo);
}

static struct milter_word ask_mail(struct milter *m, const void *path)
{
	return milter_mail(m, path);
}

static struct milter_word ask_rcpt(struct milter *m, const void *path)
{
	return milter_rcpt(m, path);
}

static struct milter_word ask_data(struct milter *m, const void *about)
{
	(void)about;
	return milter_data(m);
}

static void meet(struct session *s)
{
	const struct consult *x = s->server->consult;
	struct consulting *c = &s->consulting;

	c->milters = mem_alloc((x->n + 1) * sizeof(struct milter *));
	for (size_t i = 0; i < x->n; i++)
		c->milters[i] = milter_new(&x->milters[i], &c->facts);
}

bool consult_mail(struct session *s, const struct command *c, struct reply *r)
{
	struct milter_path path = { s->t.sender, c->path.domain, s->consulting.args, 0 };
	bool first = s->consulting.milters == NULL;

	if (s->server->consult == NULL || s->server->consult->n == 0)
		return false;
	learn(s);
	if (first)
		meet(s);
	if (first && consult_step(s, ask_connect, NULL, r))
		return true;
	if (s->consulting.helo_told != s->helos) {
		s->consulting.helo_told = s->helos;
		if (consult_step(s, ask_helo, &s->helo, r))
			return true;
	}
	if (c->sized)
		s->consulting.args[path.nargs++] = arena_fmt(&s->t.mem, "SIZE=%llu", (unsigned long long)c->size);
	if (c->eightbit)
		s->consulting.args[path.nargs++] = STR("BODY=8BITMIME");
	return consult_step(s, ask_mail, &path, r);
}

bool consult_rcpt(struct session *s, const struct addr *to, struct str rcpt, struct reply *r)
{
	struct milter_path path = { .address = rcpt, .domain = to->domain };

	return consult_step(s, ask_rcpt, &path, r);
}

bool consult_data(struct session *s, struct reply *r)
{
	return consult_step(s, ask_data, NULL, r);
}

void consult_abort(struct session *s)
{
	struct consulting *c = &s->consulting;

	for (size_t i = 0; c->milters != NULL && i < s->server->consult->n; i++)
		milter_abort(c->milters[i]);
	buf_clear(&c->copy);
	c->too_large = false;
	c->head = NULL;
}

void consult_clear(struct session *s)
{
	struct consulting *c = &s->consulting;

	for (size_t i = 0; c->milters != NULL && i < s->server->consult->n; i++)
		milter_free(c->milters[i]);
	free(c->milters);
	buf_clear(&c->copy);
	*c = (struct consulting){ 0 };
}
