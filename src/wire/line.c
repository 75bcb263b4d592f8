#include "wire/line.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "wire/command.h"

enum {
	FIRST_ROOM = 256,
	TURN = 32,      /* lines until other sessions are heard */
	LF_PAUSE = 500, /* ms */
};

void line_reset(struct line *l)
{
	l->n = 0;
	l->last = '\0';
	l->bare = l->over = l->ended = false;
}

void line_clear(struct line *l)
{
	if (l->text != NULL)
		explicit_bzero(l->text, l->room);
	free(l->text);
	*l = (struct line){ 0 };
}

static size_t limit(const struct line *l)
{
	bool login = l->answer || str_istarts(str_mem(l->text, l->n), STR("AUTH "));

	return login ? LINE_AUTH_LIMIT : LINE_LIMIT;
}

/* What is left behind was perhaps half a password. */
static void grow(struct line *l)
{
	size_t room = l->room == 0 ? FIRST_ROOM : 2 * l->room;
	char *text = mem_alloc(room);

	if (l->n > 0) {
		memcpy(text, l->text, l->n);
		explicit_bzero(l->text, l->n);
	}
	free(l->text);
	l->text = text;
	l->room = room;
}

static void keep(struct line *l, char c)
{
	if (l->n >= LINE_LIMIT && l->n >= limit(l)) {
		l->over = true;
		return;
	}
	if (l->n == l->room)
		grow(l);
	l->text[l->n++] = c;
}

size_t line_feed(struct line *l, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && !l->ended) {
		char c = p[i++];

		if (c == '\n' && l->last == '\r')
			l->ended = true;
		else if (c == '\n' || l->last == '\r')
			l->bare = true;
		l->last = c;
		keep(l, c);
	}
	if (l->ended && !l->over)
		l->n -= 2;
	return i;
}

static enum line_end judged(const struct line *l)
{
	if (l->over)
		return LINE_LONG;
	return l->bare ? LINE_BARE : LINE_OK;
}

static bool alien(const struct line *l)
{
	return l->n > 0 && !command_starts(l->text[0]);
}

/* A bare LF is the last thing we have, and the peer is waiting for us: not merely its next packet on the way, or
 * the cuts between packets would tell where a command starts. */
static bool waits_after_lf(const struct wire *w, const struct line *l)
{
	return l->bare && l->last == '\n' && !wire_more(w, deadline_in(LF_PAUSE));
}

enum line_end wire_line(struct wire *w, struct line *l, int64_t deadline, struct str *text)
{
	line_reset(l);
	if (++l->lines % TURN == 0)
		fiber_yield();
	for (;;) {
		struct str in = wire_input(w);
		int rc;

		wire_used(w, line_feed(l, in.p, in.n));
		if (!l->answer && alien(l))
			return LINE_ALIEN;
		if (l->ended || waits_after_lf(w, l))
			break;
		if (wire_flush(w, deadline) < 0)
			return errno == ETIMEDOUT ? LINE_TIMEOUT : LINE_BROKEN;
		rc = wire_fill(w, deadline);
		if (rc == 0)
			return LINE_CLOSED;
		if (rc < 0)
			return errno == ETIMEDOUT ? LINE_TIMEOUT : LINE_BROKEN;
	}
	*text = str_mem(l->text, l->n);
	return judged(l);
}
