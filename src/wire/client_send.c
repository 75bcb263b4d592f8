/* One message: MAIL, RCPT, DATA, its bytes. */
#include "wire/client.h"

#include "base/clock.h"
#include "wire/dot_out.h"

enum { CHUNK = 16 * 1024, BLOCK_TIME = 3 * 60 * 1000, BODY_TIME = 60 * 60 * 1000, LINE_MOST = 1000 };

bool client_may_say(struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c < ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
	}
	return address.n < LINE_MOST;
}

static bool has_8bit(struct str s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all >= 0x80;
}

/* The piece at `at` of the message, into `in`: its length; -1 with *e. */
static ssize_t piece(const struct client_message *m, uint64_t at, char in[CHUNK], struct err *e)
{
	size_t n = m->size - at < CHUNK ? (size_t)(m->size - at) : CHUNK;

	return io_pread_all(m->fd, in, n, (off_t)(m->offset + at)) < 0 ? err_sys(e, "read the message") : (ssize_t)n;
}

int client_is_8bit(const struct client_message *m, struct err *e)
{
	char in[CHUNK];
	ssize_t n;

	for (uint64_t at = 0; at < m->size; at += (uint64_t)n) {
		n = piece(m, at, in, e);
		if (n < 0)
			return -1;
		if (has_8bit(str_mem(in, (size_t)n)))
			return 1;
	}
	return 0;
}

/* What the message needs of the other server, and whether it has it. */
static enum client_end compare(struct client *c, const struct client_message *m, bool *eightbit, bool *utf8)
{
	int found = client_is_8bit(m, &c->why);

	if (found < 0)
		return CLIENT_UNREADABLE;
	*eightbit = found > 0;
	*utf8 = has_8bit(m->sender) || has_8bit(m->rcpt);
	if (!client_may_say(m->sender) || !client_may_say(m->rcpt))
		return CLIENT_BAD_NAME;
	if (*eightbit && !c->offers.eightbit)
		return CLIENT_NO_8BIT;
	return *utf8 && !c->offers.utf8 ? CLIENT_NO_UTF8 : CLIENT_YES;
}

static void put_mail(struct client *c, const struct client_message *m, bool eightbit, bool utf8)
{
	struct buf *out = &c->wire.out;

	buf_fmt(out, "MAIL FROM:<%.*s>", STR_ARG(m->sender));
	if (c->offers.size)
		buf_fmt(out, " SIZE=%llu", (unsigned long long)m->size);
	if (eightbit)
		buf_adds(out, " BODY=8BITMIME");
	if (utf8)
		buf_adds(out, " SMTPUTF8");
	buf_adds(out, "\r\n");
}

static void put_step(struct client *c, const struct client_message *m, enum client_step step)
{
	if (step == CLIENT_RCPT)
		buf_fmt(&c->wire.out, "RCPT TO:<%.*s>\r\n", STR_ARG(m->rcpt));
	if (step == CLIENT_DATA)
		buf_adds(&c->wire.out, "DATA\r\n");
}

static bool is_yes(const struct said *a, enum client_step step)
{
	return step == CLIENT_DATA ? a->code == 354 : said_is(a, 2);
}

/* After a no to MAIL or RCPT that was sent together with DATA: hear the other answers too.  Is DATA taken nevertheless,
 * for nobody, then the empty message ends it. */
static enum client_end hear_the_rest(struct client *c)
{
	struct said rest = { 0 };
	int64_t deadline = deadline_in(c->set->reply);
	int rc = 0;

	for (enum client_step step = c->step + 1; rc == 0 && step <= CLIENT_DATA; step++)
		rc = wire_said(&c->wire, &rest, deadline);
	if (rc == 0 && rest.code == 354) {
		buf_adds(&c->wire.out, ".\r\n");
		rc = wire_flush(&c->wire, deadline);
		if (rc == 0)
			rc = wire_said(&c->wire, &rest, deadline);
	}
	if (rc < 0)
		c->wire.shut = true; /* the answer that counts is there; nothing more is said here */
	said_clear(&rest);
	return CLIENT_NO;
}

/* MAIL, RCPT, DATA, together where that is allowed; MAIL's line waits in the wire already. */
static enum client_end envelope(struct client *c, const struct client_message *m)
{
	for (enum client_step step = CLIENT_MAIL; c->offers.pipelining && step < CLIENT_DATA; step++)
		put_step(c, m, step + 1);
	for (c->step = CLIENT_MAIL;; c->step++) {
		int64_t deadline = deadline_in(c->set->reply);

		if (!c->offers.pipelining)
			put_step(c, m, c->step);
		if (wire_flush(&c->wire, deadline) < 0 || client_hear(c, deadline) < 0)
			return CLIENT_DIED;
		if (!is_yes(&c->said, c->step))
			return c->offers.pipelining ? hear_the_rest(c) : CLIENT_NO;
		if (c->step == CLIENT_DATA)
			return CLIENT_YES;
	}
}

/* Of one piece, and of all of them. */
static int64_t piece_deadline(int64_t all)
{
	int64_t one = deadline_in(BLOCK_TIME);

	return one < all ? one : all;
}

static enum client_end body(struct client *c, const struct client_message *m)
{
	struct dot_out dots = { 0 };
	int64_t all = deadline_in(BODY_TIME);
	char in[CHUNK];
	ssize_t n;

	c->step = CLIENT_MESSAGE;
	said_reset(&c->said);
	for (uint64_t at = 0; at < m->size; at += (uint64_t)n) {
		n = piece(m, at, in, &c->why);
		if (n < 0) {
			c->wire.shut = true; /* half a message is never ended */
			return CLIENT_UNREADABLE;
		}
		dot_out_put(&dots, str_mem(in, (size_t)n), &c->wire.out);
		if (at + (uint64_t)n < m->size && wire_flush(&c->wire, piece_deadline(all)) < 0)
			return CLIENT_DIED;
	}
	dot_out_end(&dots, &c->wire.out);
	c->critical = true;
	if (wire_flush(&c->wire, piece_deadline(all)) < 0 || client_hear(c, deadline_in(c->set->end)) < 0)
		return CLIENT_DIED;
	c->critical = false;
	return said_is(&c->said, 2) ? CLIENT_YES : CLIENT_NO;
}

enum client_end client_send(struct client *c, const struct client_message *m)
{
	bool eightbit, utf8;
	enum client_end end = compare(c, m, &eightbit, &utf8);

	c->step = CLIENT_MAIL;
	said_reset(&c->said);
	if (end != CLIENT_YES)
		return end;
	put_mail(c, m, eightbit, utf8);
	end = envelope(c, m);
	return end == CLIENT_YES ? body(c, m) : end;
}
