/* The visit and its messages, up to DATA. */
#include "handoff/milter_inside.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/io.h"

struct milter *milter_new(const struct milter_set *set, const struct milter_facts *facts)
{
	struct milter *m = mem_alloc(sizeof(*m));

	*m = (struct milter){ .set = *set, .facts = facts, .fd = -1, .left = -1 };
	return m;
}

void milter_free(struct milter *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0) {
		milter_close(&m->out, milter_open(&m->out, milter_step(MILTER_STEP_QUIT)->letter));
		(void)io_write(m->fd, m->out.p, m->out.n, clock_mono());
	}
	fd_clear(&m->fd);
	buf_clear(&m->in);
	buf_clear(&m->out);
	buf_clear(&m->chunk);
	arena_clear(&m->kept);
	arena_clear(&m->said);
	arena_clear(&m->mail_mem);
	arena_clear(&m->rcpt_mem);
	arena_clear(&m->visit_mem);
	arena_clear(&m->message_mem);
	free(m);
}

/* ---- what holds ---- */

static struct milter_word nothing(void)
{
	return (struct milter_word){ .is = MILTER_CONTINUE };
}

static struct milter_word keep(struct arena *a, struct milter_word w)
{
	arena_reset(a);
	w.reply.text = arena_str(a, w.reply.text);
	if (w.reply.enhanced != NULL)
		w.reply.enhanced = arena_z(a, str_of(w.reply.enhanced));
	return w;
}

struct milter_word milter_holds(const struct milter *m)
{
	return m->visit.is != MILTER_CONTINUE ? m->visit : m->message;
}

struct milter_word milter_settle(struct milter *m, enum milter_step s, struct milter_word w)
{
	bool of_visit = s == MILTER_STEP_CONNECT || s == MILTER_STEP_HELO || w.is == MILTER_SHUTDOWN;
	bool refused = w.is == MILTER_REJECT || w.is == MILTER_TEMPFAIL;

	if (w.is == MILTER_CONTINUE || w.is == MILTER_FAILED || (s == MILTER_STEP_RCPT && refused))
		return w;
	if (of_visit) {
		m->visit = keep(&m->visit_mem, w);
		m->helo_only = s == MILTER_STEP_HELO && refused;
	} else {
		m->message = keep(&m->message_mem, w);
	}
	m->in_message = false; /* a final answer ends the message on the filter's side too */
	return w;
}

struct milter_word milter_say(struct milter *m, enum milter_step s)
{
	arena_reset(&m->said);
	if (milter_answers(m, s))
		return milter_settle(m, s, milter_ask(m, s));
	if (m->out.n >= MILTER_FLUSH && !milter_flush(m, s, milter_deadline(m, s)))
		return m->visit;
	return nothing();
}

/* ---- the visit ---- */

struct str milter_client_name(const struct milter_facts *f, struct buf *mem)
{
	if (f->name.n > 0 || f->ip.n == 0)
		return f->name;
	buf_fmt(mem, "[%.*s]", STR_ARG(f->ip));
	return buf_str(mem);
}

static void put_connect(struct milter *m)
{
	const struct milter_facts *f = m->facts;
	unsigned char bytes[INET_BYTES_MAX];
	size_t at = milter_open(&m->out, milter_step(MILTER_STEP_CONNECT)->letter);
	char family = inet_bytes(AF_INET, f->ip, bytes) ? '4' : inet_bytes(AF_INET6, f->ip, bytes) ? '6' : 'U';
	BUF(mem);

	milter_z(&m->out, milter_client_name(f, &mem));
	buf_addc(&m->out, family);
	if (family != 'U') {
		buf_addc(&m->out, (char)(f->port >> 8));
		buf_addc(&m->out, (char)(f->port & 0xff));
		milter_z(&m->out, f->ip);
	}
	milter_close(&m->out, at);
}

struct milter_word milter_connect(struct milter *m)
{
	struct milter_word w;

	if (m->visit.is != MILTER_CONTINUE)
		return m->visit;
	w = milter_begin(m);
	if (w.is != MILTER_CONTINUE || !milter_wants(m, MILTER_STEP_CONNECT))
		return w;
	milter_macros(m, MILTER_STEP_CONNECT);
	put_connect(m);
	return milter_say(m, MILTER_STEP_CONNECT);
}

struct milter_word milter_helo(struct milter *m, struct str helo)
{
	size_t at;

	if (m->helo_only) {
		m->helo_only = false;
		m->visit = nothing();
	}
	if (m->visit.is != MILTER_CONTINUE || !milter_wants(m, MILTER_STEP_HELO))
		return m->visit;
	milter_macros(m, MILTER_STEP_HELO);
	at = milter_open(&m->out, milter_step(MILTER_STEP_HELO)->letter);
	milter_z(&m->out, helo);
	milter_close(&m->out, at);
	return milter_say(m, MILTER_STEP_HELO);
}

/* ---- a message ---- */

static struct milter_path copy(struct arena *a, const struct milter_path *p)
{
	arena_reset(a);
	return (struct milter_path){ .address = arena_str(a, p->address), .domain = arena_str(a, p->domain) };
}

static void put_path(struct milter *m, enum milter_step s, const struct milter_path *p)
{
	size_t at = milter_open(&m->out, milter_step(s)->letter);
	BUF(brackets);

	buf_fmt(&brackets, "<%.*s>", STR_ARG(p->address));
	milter_z(&m->out, buf_str(&brackets));
	for (size_t i = 0; i < p->nargs && i < MILTER_ARGS_MAX; i++)
		milter_z(&m->out, p->args[i]);
	milter_close(&m->out, at);
}

void milter_abort(struct milter *m)
{
	bool tell = m->fd >= 0 && m->in_message;

	m->in_message = false;
	m->message = nothing();
	m->left = -1;
	buf_clear(&m->chunk);
	if (!tell)
		return;
	milter_close(&m->out, milter_open(&m->out, milter_step(MILTER_STEP_ABORT)->letter));
	(void)milter_flush(m, MILTER_STEP_ABORT, deadline_in(m->set.command));
}

struct milter_word milter_mail(struct milter *m, const struct milter_path *p)
{
	milter_abort(m);
	m->skip_body = m->skip_header = m->skip_rcpt = false;
	if (m->visit.is != MILTER_CONTINUE)
		return m->visit;
	m->in_message = true;
	if (!milter_wants(m, MILTER_STEP_MAIL))
		return nothing();
	m->mail = copy(&m->mail_mem, p);
	milter_macros(m, MILTER_STEP_MAIL);
	put_path(m, MILTER_STEP_MAIL, p);
	return milter_say(m, MILTER_STEP_MAIL);
}

struct milter_word milter_rcpt(struct milter *m, const struct milter_path *p)
{
	struct milter_word held = milter_holds(m);

	if (held.is != MILTER_CONTINUE || m->skip_rcpt || !milter_wants(m, MILTER_STEP_RCPT))
		return held;
	m->rcpt = copy(&m->rcpt_mem, p);
	milter_macros(m, MILTER_STEP_RCPT);
	put_path(m, MILTER_STEP_RCPT, p);
	return milter_say(m, MILTER_STEP_RCPT);
}

struct milter_word milter_data(struct milter *m)
{
	struct milter_word held = milter_holds(m);

	if (held.is != MILTER_CONTINUE || !milter_wants(m, MILTER_STEP_DATA))
		return held;
	milter_macros(m, MILTER_STEP_DATA);
	milter_close(&m->out, milter_open(&m->out, milter_step(MILTER_STEP_DATA)->letter));
	return milter_say(m, MILTER_STEP_DATA);
}
