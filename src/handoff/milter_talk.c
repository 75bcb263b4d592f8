/* The channel to a filter: connecting, negotiating, asking, hearing. */
#include "handoff/milter_inside.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { READ_AT_ONCE = 4096 };

/* ---- failing ---- */

struct milter_word milter_fails(struct milter *m, enum milter_step s, const char *fmt, ...)
{
	BUF(why);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&why, fmt, ap);
	va_end(ap);
	fd_clear(&m->fd);
	buf_clear(&m->in);
	buf_clear(&m->out);
	buf_clear(&m->chunk);
	m->used = 0;
	m->in_message = false;
	m->helo_only = false;
	arena_reset(&m->visit_mem);
	m->visit = (struct milter_word){
		.is = MILTER_FAILED,
		.words = arena_fmt(&m->visit_mem, "%s, %s: %s", m->set.name, milter_step(s)->words, buf_z(&why)),
	};
	return m->visit;
}

/* began: clock_mono_us() */
static void fails_with_errno(struct milter *m, enum milter_step s, int64_t began)
{
	int64_t waited = clock_mono_us() - began;

	if (errno == ETIMEDOUT && m->left >= 0 && m->left - waited < 2000)
		milter_fails(m, s, "longer than %.1f s for one message", (double)m->set.message / 1000);
	else if (errno == ETIMEDOUT)
		milter_fails(m, s, "no answer within %.1f s", (double)waited / 1000000);
	else if (errno == EPIPE || errno == ECONNRESET)
		milter_fails(m, s, "it closed the connection");
	else
		milter_fails(m, s, "%s", strerror(errno));
}

/* ---- bytes ---- */

static void count(struct milter *m, int64_t began)
{
	int64_t waited = clock_mono_us() - began;

	if (m->left >= 0)
		m->left = m->left > waited ? m->left - waited : 0;
}

bool milter_flush(struct milter *m, enum milter_step s, int64_t deadline)
{
	int64_t began = clock_mono_us();

	MUST(m->fd >= 0 || m->visit.is == MILTER_FAILED);
	if (m->fd < 0)
		return false;
	if (m->out.n > 0 && io_write(m->fd, m->out.p, m->out.n, deadline) < 0) {
		fails_with_errno(m, s, began);
		return false;
	}
	buf_reset(&m->out);
	count(m, began);
	return true;
}

/* More bytes: false at the end of all, with the reason in m->visit. */
static bool fill(struct milter *m, enum milter_step s, int64_t deadline, int64_t began)
{
	ssize_t got;

	buf_need(&m->in, READ_AT_ONCE);
	got = io_read(m->fd, m->in.p + m->in.n, READ_AT_ONCE, deadline);
	if (got > 0) {
		m->in.n += (size_t)got;
		m->in.p[m->in.n] = '\0';
		return true;
	}
	if (got == 0)
		errno = ECONNRESET;
	fails_with_errno(m, s, began);
	return false;
}

static bool take_packet(struct milter *m, enum milter_step s, int64_t deadline, struct str *packet)
{
	int64_t began = clock_mono_us();
	int rc;

	buf_cut(&m->in, m->used);
	m->used = 0;
	while ((rc = milter_packet(buf_str(&m->in), packet, &m->used)) == 0)
		if (!fill(m, s, deadline, began))
			return false;
	count(m, began);
	if (rc < 0)
		milter_fails(m, s, "a packet that is empty or longer than %d bytes", MILTER_PACKET_MAX);
	return rc > 0;
}

bool milter_hear(struct milter *m, enum milter_step s, int64_t deadline, struct milter_reply *r)
{
	struct str packet;
	const char *why;

	if (!take_packet(m, s, deadline, &packet))
		return false;
	if (milter_reply_read(packet, r, &why) == 0)
		return true;
	milter_fails(m, s, "%s", why);
	return false;
}

/* ---- the negotiation ---- */

static void offer(struct milter *m)
{
	size_t at = milter_open(&m->out, milter_step(MILTER_STEP_NEGOTIATE)->letter);

	milter_u32(&m->out, MILTER_VERSION);
	milter_u32(&m->out, MILTER_ACTIONS);
	milter_u32(&m->out, MILTER_STEPS_OFFERED);
	milter_close(&m->out, at);
}

static struct milter_word agree(struct milter *m, const struct milter_deal *d)
{
	if (d->version < MILTER_VERSION_LEAST || d->version > MILTER_VERSION)
		return milter_fails(m, MILTER_STEP_NEGOTIATE, "it speaks version %u of the protocol, we %d to %d",
				    d->version, MILTER_VERSION_LEAST, MILTER_VERSION);
	if ((d->actions & ~(uint32_t)MILTER_ACTIONS) != 0)
		return milter_fails(m, MILTER_STEP_NEGOTIATE, "it wants to change what we do not offer (actions 0x%x)",
				    d->actions & ~(uint32_t)MILTER_ACTIONS);
	if ((d->steps & ~(uint32_t)MILTER_STEPS_OFFERED) != 0)
		return milter_fails(m, MILTER_STEP_NEGOTIATE, "it wants steps that we do not offer (0x%x)",
				    d->steps & ~(uint32_t)MILTER_STEPS_OFFERED);
	m->deal = *d;
	for (size_t i = 0; i < COUNT(d->macros); i++)
		if (d->macros[i].p != NULL)
			m->deal.macros[i] = arena_str(&m->kept, d->macros[i]);
	if (d->version < 4)
		m->deal.steps |= milter_step(MILTER_STEP_DATA)->no; /* older ones do not know it */
	return (struct milter_word){ .is = MILTER_CONTINUE };
}

struct milter_word milter_begin(struct milter *m)
{
	int64_t deadline = deadline_in(m->set.connect);
	struct milter_deal d;
	struct str packet;
	const char *why;
	struct err e;

	if (m->fd >= 0)
		return (struct milter_word){ .is = MILTER_CONTINUE }; /* kept from the last visit */
	m->fd = service_connect(&m->set.at, deadline, &e);
	if (m->fd < 0)
		return milter_fails(m, MILTER_STEP_CONNECT, "%s", e.text);
	arena_reset(&m->kept);
	offer(m);
	if (!milter_flush(m, MILTER_STEP_NEGOTIATE, deadline) ||
	    !take_packet(m, MILTER_STEP_NEGOTIATE, deadline, &packet))
		return m->visit;
	if (milter_deal_read(packet, &d, &why) < 0)
		return milter_fails(m, MILTER_STEP_NEGOTIATE, "%s", why);
	return agree(m, &d);
}

bool milter_wants(const struct milter *m, enum milter_step s)
{
	return (m->deal.steps & milter_step(s)->no) == 0;
}

bool milter_answers(const struct milter *m, enum milter_step s)
{
	return (m->deal.steps & milter_step(s)->silent) == 0;
}

/* ---- asking ---- */

int64_t milter_deadline(const struct milter *m, enum milter_step s)
{
	int64_t patience = s == MILTER_STEP_END ? m->set.end : m->set.command;

	return deadline_in(m->left >= 0 && m->left / 1000 < patience ? m->left / 1000 : patience);
}

static struct milter_word with_reply(enum milter_verdict is, int code, const char *enhanced, const char *text)
{
	return (struct milter_word){ .is = is, .reply = { code, enhanced, str_of(text) } };
}

static struct milter_word mean_code(struct milter *m, enum milter_step s, struct str text)
{
	struct milter_word w = { 0 };

	if (milter_reply_code(text, &m->said, &w.reply) < 0)
		return milter_fails(m, s, "a reply that is none of 4xx or 5xx");
	w.is = w.reply.code == 421 ? MILTER_SHUTDOWN : w.reply.code < 500 ? MILTER_TEMPFAIL : MILTER_REJECT;
	return w;
}

static struct milter_word mean_skip(struct milter *m, enum milter_step s)
{
	bool *skip = s == MILTER_STEP_BODY     ? &m->skip_body
		     : s == MILTER_STEP_HEADER ? &m->skip_header
		     : s == MILTER_STEP_RCPT   ? &m->skip_rcpt
					       : NULL;

	if (skip == NULL || (m->deal.steps & MILTER_SKIPS) == 0)
		return milter_fails(m, s, "it skips what cannot be skipped");
	*skip = true;
	return (struct milter_word){ .is = MILTER_CONTINUE };
}

struct milter_word milter_mean(struct milter *m, enum milter_step s, const struct milter_reply *r)
{
	switch (r->is) {
	case MILTER_IS_CONTINUE:
		return (struct milter_word){ .is = MILTER_CONTINUE };
	case MILTER_IS_ACCEPT:
		return (struct milter_word){ .is = MILTER_ACCEPT };
	case MILTER_IS_REJECT:
		return with_reply(MILTER_REJECT, 550, "5.7.1", "Command rejected");
	case MILTER_IS_TEMPFAIL:
		return with_reply(MILTER_TEMPFAIL, 451, "4.7.1", "Service unavailable - try again later");
	case MILTER_IS_SHUTDOWN:
		return with_reply(MILTER_SHUTDOWN, 421, "4.7.0", "Service unavailable - closing the connection");
	case MILTER_IS_REPLYCODE:
		return mean_code(m, s, r->text);
	case MILTER_IS_DISCARD:
		if (s == MILTER_STEP_CONNECT || s == MILTER_STEP_HELO)
			return milter_fails(m, s, "it discards a message that is not there");
		return (struct milter_word){ .is = MILTER_DISCARD };
	case MILTER_IS_SKIP:
		return mean_skip(m, s);
	case MILTER_IS_CONN_FAIL:
		return milter_fails(m, s, "it says that it failed");
	default:
		return milter_fails(m, s, "an answer that this step does not have");
	}
}

bool milter_quiet(struct milter *m, enum milter_step s)
{
	char c;
	ssize_t more;

	MUST(m->fd >= 0 || m->visit.is == MILTER_FAILED); /* milter_connect() comes first */
	more = m->fd >= 0 ? recv(m->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) : -1;
	if (more > 0 || m->in.n > m->used)
		milter_fails(m, s, "an answer that nobody had asked for");
	else if (more == 0)
		milter_fails(m, s, "it closed the connection");
	return m->fd >= 0;
}

struct milter_word milter_ask(struct milter *m, enum milter_step s)
{
	struct milter_reply r;

	if (!milter_quiet(m, s) || !milter_flush(m, s, milter_deadline(m, s)) ||
	    !milter_hear(m, s, milter_deadline(m, s), &r))
		return m->visit;
	return milter_mean(m, s, &r);
}
