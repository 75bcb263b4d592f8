/* One message: what the other server must be able to do for it, and its envelope. */
#include "wire/client_inside.h"

#include "base/clock.h"
#include "mail/envelope.h"
#include "mail/xtext.h"

enum { LINE_MOST = 1000, BDAT_MOST = 64 * 1024 /* of a message that goes together with its envelope */ };

bool client_may_say(struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c < ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
	}
	return address.n < LINE_MOST;
}

int client_is_8bit(const struct client_message *m, struct err *e)
{
	char in[CLIENT_CHUNK];
	ssize_t n;

	for (uint64_t at = 0; at < m->size; at += (uint64_t)n) {
		n = client_piece(m, at, in, e);
		if (n < 0)
			return -1;
		if (!str_ascii(str_mem(in, (size_t)n)))
			return 1;
	}
	return 0;
}

/* What the message needs of the other server, and whether it has it. */
static enum client_end compare(struct sending *s)
{
	const struct client_message *m = s->m;
	const struct client_offers *o = &s->c->offers;
	int found = client_is_8bit(m, &s->c->why);

	if (found < 0)
		return CLIENT_UNREADABLE;
	s->eightbit = found > 0;
	s->utf8 = !str_ascii(m->sender) || !str_ascii(m->rcpt);
	if (!client_may_say(m->sender) || !client_may_say(m->rcpt))
		return CLIENT_BAD_NAME;
	if (m->requiretls && (!o->requiretls || s->c->wire.tls == NULL))
		return CLIENT_NO_REQUIRETLS;
	if (s->utf8 && !o->utf8)
		return CLIENT_NO_UTF8;
	if (o->most > 0 && m->size > o->most)
		return CLIENT_TOO_BIG;
	s->chunk = o->chunking && o->pipelining && m->size <= BDAT_MOST;
	return s->eightbit && !o->eightbit ? client_downgrade(s) : CLIENT_YES;
}

/* RFC 3461, 4.3 and 4.4: what the sender's server said. */
static void put_dsn_of_mail(struct sending *s)
{
	struct buf *out = &s->c->wire.out;

	if (s->m->ret != RET_NONE)
		buf_adds(out, s->m->ret == RET_FULL ? " RET=FULL" : " RET=HDRS");
	if (s->m->envid.n > 0) {
		buf_adds(out, " ENVID=");
		xtext_put(out, s->m->envid);
	}
}

/* RFC 3461, 4.1 and 4.2.  The type of an ORCPT is an atom, its address is xtext. */
static void put_dsn_of_rcpt(struct sending *s)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	static const uint64_t bits[] = { NOTIFY_SUCCESS, NOTIFY_FAILURE, NOTIFY_DELAY };
	struct buf *out = &s->c->wire.out;
	struct str type, address;
	const char *before = " NOTIFY=";

	if ((s->m->notify & NOTIFY_NEVER) != 0)
		buf_adds(out, " NOTIFY=NEVER");
	for (size_t i = 0; i < COUNT(bits) && (s->m->notify & NOTIFY_NEVER) == 0; i++)
		if ((s->m->notify & bits[i]) != 0) {
			buf_fmt(out, "%s%s", before, words[i]);
			before = ",";
		}
	if (!str_cut(s->m->orcpt, STR(";"), &type, &address) || type.n == 0)
		return;
	buf_adds(out, " ORCPT=");
	xtext_put(out, type);
	buf_addc(out, ';');
	xtext_put(out, address);
}

/* The size of what is made anew is not known yet. */
static void put_mail(struct sending *s)
{
	const struct client_offers *o = &s->c->offers;
	struct buf *out = &s->c->wire.out;

	buf_fmt(out, "MAIL FROM:<%.*s>", STR_ARG(s->m->sender));
	if (o->size && s->down == NULL)
		buf_fmt(out, " SIZE=%llu", (unsigned long long)s->m->size);
	if (s->eightbit && s->down == NULL)
		buf_adds(out, " BODY=8BITMIME");
	if (s->utf8)
		buf_adds(out, " SMTPUTF8");
	if (s->m->requiretls)
		buf_adds(out, " REQUIRETLS");
	if (o->dsn)
		put_dsn_of_mail(s);
	buf_adds(out, "\r\n");
}

static void put_rcpt(struct sending *s)
{
	buf_fmt(&s->c->wire.out, "RCPT TO:<%.*s>", STR_ARG(s->m->rcpt));
	if (s->c->offers.dsn)
		put_dsn_of_rcpt(s);
	buf_adds(&s->c->wire.out, "\r\n");
}

static enum client_end put_step(struct sending *s, enum client_step step)
{
	if (step == CLIENT_MAIL)
		put_mail(s);
	if (step == CLIENT_RCPT)
		put_rcpt(s);
	if (step == CLIENT_DATA)
		buf_adds(&s->c->wire.out, "DATA\r\n");
	return step == CLIENT_MESSAGE ? client_chunk(s) : CLIENT_YES;
}

/* The step behind it: what goes in one chunk needs no DATA. */
static enum client_step next_step(const struct sending *s, enum client_step step)
{
	return step == CLIENT_RCPT && s->chunk ? CLIENT_MESSAGE : step + 1;
}

static enum client_step last_step(const struct sending *s)
{
	return s->chunk ? CLIENT_MESSAGE : CLIENT_DATA;
}

static bool is_yes(const struct said *a, enum client_step step)
{
	return step == CLIENT_DATA ? a->code == 354 : said_is(a, 2);
}

/* After a no to MAIL or RCPT that was sent together with the rest: hear the other answers too.  Is DATA taken
 * nevertheless, for nobody, then the empty message ends it.  After 421 there are none. */
static void hear_the_rest(struct sending *s)
{
	struct client *c = s->c;
	struct said rest = { 0 };
	int64_t deadline = deadline_in(c->set->reply);
	int rc = c->said.code == 421 ? -1 : 0;

	for (enum client_step step = c->step; rc == 0 && step < last_step(s);) {
		step = next_step(s, step);
		rc = wire_said(&c->wire, &rest, deadline);
	}
	if (rc == 0 && rest.code == 354) {
		buf_adds(&c->wire.out, ".\r\n");
		rc = wire_flush(&c->wire, deadline);
		if (rc == 0)
			rc = wire_said(&c->wire, &rest, deadline);
	}
	if (rc < 0)
		c->wire.shut = true; /* the answer that counts is there; nothing more is said here */
	said_clear(&rest);
}

static enum client_end refused(struct sending *s)
{
	s->c->critical = false;
	if (s->c->offers.pipelining)
		hear_the_rest(s);
	s->c->wire.shut = s->c->wire.shut || s->c->said.code == 421;
	return CLIENT_NO;
}

/* One step's answer, which is sent for before, if it was not yet. */
static enum client_end take_step(struct sending *s)
{
	struct client *c = s->c;
	int64_t deadline = deadline_in(c->set->reply);

	if (!c->offers.pipelining)
		(void)put_step(s, c->step);
	if (c->step == CLIENT_MESSAGE)
		deadline = deadline_in(c->set->end);
	if (wire_flush(&c->wire, deadline) < 0 || client_hear(c, deadline) < 0)
		return CLIENT_DIED;
	c->critical = s->chunk;
	return is_yes(&c->said, c->step) ? CLIENT_YES : refused(s);
}

/* MAIL, RCPT, and DATA or the message itself: together where that is allowed. */
static enum client_end envelope(struct sending *s)
{
	struct client *c = s->c;
	enum client_end end = CLIENT_YES;

	for (enum client_step step = CLIENT_MAIL; c->offers.pipelining && end == CLIENT_YES;
	     step = next_step(s, step)) {
		end = put_step(s, step);
		if (step == last_step(s))
			break;
	}
	if (end != CLIENT_YES)
		return end;
	/* An old connection that dies without a word was dead before. */
	c->critical = s->chunk && !c->used;
	c->used = true;
	for (;; c->step = next_step(s, c->step)) {
		end = take_step(s);
		if (end != CLIENT_YES || c->step == last_step(s))
			return end;
	}
}

enum client_end client_send(struct client *c, const struct client_message *m)
{
	struct sending s = { .c = c, .m = m };
	enum client_end end = compare(&s);

	c->step = CLIENT_MAIL;
	c->critical = false;
	said_reset(&c->said);
	if (end == CLIENT_YES)
		end = envelope(&s);
	if (end == CLIENT_YES && !s.chunk)
		end = client_body(&s);
	c->critical = c->critical && end == CLIENT_DIED;
	downgrade_free(s.down);
	return end;
}
