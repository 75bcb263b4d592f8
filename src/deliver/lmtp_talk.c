#include "deliver/lmtp_talk.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"

enum {
	CONNECT_MOST = 10 * 1000,
	AWAY = 3 * 1000 /* ms: who did not answer is left alone so long */
};

void talk_init(struct talk *t, struct lmtp *l)
{
	*t = (struct talk){ .l = l, .wire.fd = -1 };
}

void talk_drop(struct talk *t)
{
	if (t->open)
		wire_clear(&t->wire);
	t->open = false;
}

void talk_clear(struct talk *t)
{
	if (t->open) {
		buf_adds(&t->wire.out, "QUIT\r\n");
		(void)wire_flush(&t->wire, clock_mono());
	}
	talk_drop(t);
	said_clear(&t->answer);
	buf_clear(&t->why);
}

/* Others wait for their turn: they shall not wait for the same silence. */
static void away(struct talk *t)
{
	atomic_store(&t->l->away_until, deadline_in(AWAY));
}

static int broke(struct talk *t, int code)
{
	buf_reset(&t->why);
	if (code == EPROTO)
		buf_adds(&t->why, "The LMTP server said what is no reply. (#4.5.0)");
	else
		buf_fmt(&t->why, "The LMTP server broke off. (#4.4.2)\n%s", strerror(code));
	if (code == ETIMEDOUT)
		away(t);
	talk_drop(t);
	return -1;
}

static int64_t deadline_of(const struct talk *t)
{
	int64_t one = deadline_in(t->l->patience);

	return one < t->end ? one : t->end;
}

int talk_flush(struct talk *t)
{
	return wire_flush(&t->wire, deadline_of(t)) < 0 ? broke(t, errno) : 0;
}

int talk_answer(struct talk *t)
{
	if (talk_flush(t) < 0)
		return -1;
	return wire_said(&t->wire, &t->answer, deadline_of(t)) < 0 ? broke(t, errno) : 0;
}

static bool offers(struct str text, const char *keyword)
{
	struct str line;

	while (said_line(&text, &line))
		if (str_ieq(str_word(&line), str_of(keyword)))
			return true;
	return false;
}

/* A server that does not want us at all is a fault of its setting up, whatever its code: no mail comes back for it. */
static int unwilling(struct talk *t)
{
	buf_reset(&t->why);
	buf_adds(&t->why, "The LMTP server refused to talk. (#4.3.2)\nRemote host said: ");
	buf_addstr(&t->why, str_trim(buf_str(&t->answer.text)));
	away(t);
	talk_drop(t);
	return -1;
}

static int greet(struct talk *t)
{
	struct str text;

	if (talk_answer(t) < 0)
		return -1;
	if (!said_is(&t->answer, 2))
		return unwilling(t);
	buf_fmt(&t->wire.out, "LHLO %.*s\r\n", STR_ARG(t->l->host));
	if (talk_answer(t) < 0)
		return -1;
	if (!said_is(&t->answer, 2))
		return unwilling(t);
	text = buf_str(&t->answer.text);
	t->pipelining = offers(text, "PIPELINING");
	t->eightbit = offers(text, "8BITMIME");
	t->size = offers(text, "SIZE");
	t->utf8 = offers(text, "SMTPUTF8");
	return 0;
}

int talk_take(struct talk *t, int fd)
{
	wire_init(&t->wire, fd);
	t->open = true;
	return greet(t);
}

int talk_open(struct talk *t)
{
	int64_t patience = t->l->patience < CONNECT_MOST ? t->l->patience : CONNECT_MOST;
	struct err e = { 0 };
	int fd;

	if (t->open)
		return 0;
	buf_reset(&t->why);
	if (clock_mono() < atomic_load(&t->l->away_until)) {
		buf_adds(&t->why, "The LMTP server cannot be reached. (#4.4.1)\nIt was tried a moment ago.");
		return -1;
	}
	fd = service_connect(&t->l->at, deadline_in(patience), &e);
	if (fd < 0) {
		buf_fmt(&t->why, "The LMTP server cannot be reached. (#4.4.1)\n%s", strerror(e.code));
		away(t);
		return -1;
	}
	return talk_take(t, fd);
}
