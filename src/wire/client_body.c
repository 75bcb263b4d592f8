/* The message itself: its bytes on their way, by DATA or BDAT, and the answer to them. */
#include "wire/client_inside.h"

#include <errno.h>

#include "base/clock.h"
#include "wire/dot_out.h"

enum { BLOCK_TIME = 3 * 60 * 1000, BODY_TIME = 60 * 60 * 1000, LAST_WORDS = 2000 };

ssize_t client_piece(const struct client_message *m, uint64_t at, char in[CLIENT_CHUNK], struct err *e)
{
	size_t n = m->size - at < CLIENT_CHUNK ? (size_t)(m->size - at) : CLIENT_CHUNK;

	return io_pread_all(m->fd, in, n, (off_t)(m->offset + at)) < 0 ? err_sys(e, "read the message") : (ssize_t)n;
}

enum client_end client_downgrade(struct sending *s)
{
	char in[CLIENT_CHUNK];
	ssize_t n;

	s->down = downgrade_new();
	for (uint64_t at = 0; at < s->m->size; at += (uint64_t)n) {
		n = client_piece(s->m, at, in, &s->c->why);
		if (n < 0)
			return CLIENT_UNREADABLE;
		downgrade_look(s->down, str_mem(in, (size_t)n));
	}
	return downgrade_decide(s->down, &s->c->why) < 0 ? CLIENT_NO_8BIT : CLIENT_YES;
}

/* A piece of the message as it goes out; the message's end when it is empty. */
static void put_piece(struct sending *s, struct dot_out *dots, struct str in, struct buf *out)
{
	BUF(made);

	if (s->down == NULL) {
		dot_out_put(dots, in, out);
	} else {
		if (in.n > 0)
			downgrade_put(s->down, in, &made);
		else
			downgrade_end(s->down, &made);
		dot_out_put(dots, buf_str(&made), out);
	}
	if (in.n == 0)
		dot_out_end(dots, out);
}

enum client_end client_chunk(struct sending *s)
{
	struct dot_out dots = { .bare = true };
	char in[CLIENT_CHUNK];
	BUF(all);
	ssize_t n;

	for (uint64_t at = 0; at < s->m->size; at += (uint64_t)n) {
		n = client_piece(s->m, at, in, &s->c->why);
		if (n < 0) {
			buf_reset(&s->c->wire.out); /* nothing was sent yet */
			return CLIENT_UNREADABLE;
		}
		put_piece(s, &dots, str_mem(in, (size_t)n), &all);
	}
	put_piece(s, &dots, STR(""), &all);
	buf_fmt(&s->c->wire.out, "BDAT %zu LAST\r\n", all.n);
	buf_addstr(&s->c->wire.out, buf_str(&all));
	return CLIENT_YES;
}

/* Of one piece, and of all of them. */
static int64_t piece_deadline(int64_t all)
{
	int64_t one = deadline_in(BLOCK_TIME);

	return one < all ? one : all;
}

/* It has spoken before the end of the message: a no is the answer, and so is none else.  The rest is not sent. */
static enum client_end interrupted(struct client *c, int64_t deadline)
{
	enum client_end end = CLIENT_DIED;

	if (client_hear(c, deadline) == 0 && c->said.code >= 400)
		end = CLIENT_NO;
	else
		said_reset(&c->said);
	c->wire.shut = true; /* half a message is never ended */
	return end;
}

/* Is there something to be heard?  (TLS has records that are nothing for us.) */
static enum client_end listen_in(struct client *c)
{
	int rc;

	if (!wire_more(&c->wire, 0))
		return CLIENT_YES;
	rc = wire_input(&c->wire).n > 0 ? 1 : wire_fill(&c->wire, deadline_in(0));
	if (rc < 0 && errno == ETIMEDOUT)
		return CLIENT_YES;
	return rc > 0 ? interrupted(c, deadline_in(c->set->reply)) : CLIENT_DIED;
}

static enum client_end send_all(struct sending *s, struct dot_out *dots, int64_t all)
{
	struct client *c = s->c;
	char in[CLIENT_CHUNK];
	ssize_t n;

	for (uint64_t at = 0; at < s->m->size; at += (uint64_t)n) {
		enum client_end end = listen_in(c);

		if (end != CLIENT_YES)
			return end;
		n = client_piece(s->m, at, in, &c->why);
		if (n < 0) {
			c->wire.shut = true; /* half a message is never ended */
			return CLIENT_UNREADABLE;
		}
		put_piece(s, dots, str_mem(in, (size_t)n), &c->wire.out);
		if (at + (uint64_t)n < s->m->size && wire_flush(&c->wire, piece_deadline(all)) < 0)
			return interrupted(c, deadline_in(LAST_WORDS));
	}
	return CLIENT_YES;
}

enum client_end client_body(struct sending *s)
{
	struct client *c = s->c;
	struct dot_out dots = { 0 };
	int64_t all = deadline_in(BODY_TIME);
	enum client_end end;

	c->step = CLIENT_MESSAGE;
	said_reset(&c->said);
	end = send_all(s, &dots, all);
	if (end != CLIENT_YES)
		return end;
	put_piece(s, &dots, STR(""), &c->wire.out);
	c->critical = true;
	/* Who closes too early may have said why all the same. */
	if (client_hear(c, deadline_in(wire_flush(&c->wire, piece_deadline(all)) == 0 ? c->set->end : LAST_WORDS)) < 0)
		return CLIENT_DIED;
	c->critical = false;
	c->wire.shut = c->wire.shut || c->said.code == 421;
	return said_is(&c->said, 2) ? CLIENT_YES : CLIENT_NO;
}
