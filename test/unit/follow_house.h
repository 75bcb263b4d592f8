/* A folder of logs that somebody follows, and what was told of it: shared by the tests of trace/follow.h. */
#ifndef TEST_FOLLOW_HOUSE_H
#define TEST_FOLLOW_HOUSE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "trace/follow_parts.h"

#define ME "recipient@example.com"
#define AT "2026-11-23 10:00:00, "
#define ZONE AT "zone, +01:00, 1795424400\n"
#define SESSION(n) AT "session, " n ", 192.0.2.12, 4242, 1795424400.007\n" AT "helo, out.b.example\n"
#define RCPT AT "from, a@b.example\n" AT "resp, 250 ok\n" AT "to, <" ME ">\n"
#define QUEUED(qp) AT "resp, 250 ok\n" AT "size, 1234\n" AT "resp, 250 ok 1795424400 qp " qp "\n\n"
#define ACCEPT(n, qp) SESSION(n) RCPT QUEUED(qp)
#define LATER(n) SESSION(n) RCPT AT "resp, 421 Your address has been graylisted. Try again later.\n\n"
#define GATE(n, code, reason) \
	"Nov 23 10:00:00 mx spamdyke[" n "]: " code " from: a@b.example to: " ME \
	" origin_ip: 192.0.2.12 origin_rdns: out.b.example auth: (unknown) encryption: (none) reason: " reason "\n"
#define TRY(d, qp) \
	AT "init, <a@b.example>\n" AT "info, " d ", qp " qp ", attempt 1, bytes 1234, 1795424400.100\n" AT "try, " d \
	   ", local, " ME "\n"
#define DONE(d) AT "result, " d ", success, did_1+0+0/\n" AT "done, " d ", 3\n"
#define MAIL(text) "Nov 23 10:00:00 mx1 postfix/" text "\n"
#define POSTFIX_IN \
	MAIL("smtpd[1]: 4DsZWm29b7zh6cp: client=out.b.example[192.0.2.12]") \
	MAIL("cleanup[2]: 4DsZWm29b7zh6cp: message-id=<1@b.example>") \
	MAIL("qmgr[3]: 4DsZWm29b7zh6cp: from=<a@b.example>, size=1234, nrcpt=1 (queue active)")
#define POSTFIX_OUT \
	MAIL("lmtp[4]: 4DsZWm29b7zh6cp: to=<" ME ">, relay=mx1.example.com[private/dovecot-lmtp], delay=0.1, " \
	     "delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <" ME "> Saved)") \
	MAIL("qmgr[3]: 4DsZWm29b7zh6cp: removed")

struct house {
	char folder[64], logs[80];
	struct follow *f;
	struct buf told;
	uint64_t stories;
};

static inline const char *in(const struct house *h, const char *name)
{
	static char path[2][256];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", h->logs, name);
	return path[i];
}

static inline void append(const struct house *h, const char *name, const char *text)
{
	FD(fd) = open(in(h, name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static inline void rotate(const struct house *h, const char *name, const char *to)
{
	assert_int_equal(rename(in(h, name), in(h, to)), 0);
}

static inline void copy(const struct house *h, const char *name, const char *to)
{
	BUF(text);
	struct err e = { 0 };

	assert_int_equal(io_slurp(AT_FDCWD, in(h, name), 1 << 20, &text, &e), 0);
	append(h, to, buf_z(&text));
}

static inline int setup(void **state)
{
	struct house *h = mem_alloc(sizeof(*h));

	snprintf(h->folder, sizeof(h->folder), "/tmp/tt-follow-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->logs, sizeof(h->logs), "%s/logs", h->folder);
	assert_int_equal(mkdir(h->logs, 0700), 0);
	append(h, "smtp-25.log", ZONE);
	append(h, "delivery.log", ZONE);
	append(h, "spamdyke.log", "");
	*state = h;
	return 0;
}

static inline int away(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static inline int teardown(void **state)
{
	struct house *h = *state;

	follow_close(h->f);
	buf_clear(&h->told);
	nftw(h->folder, away, 8, FTW_DEPTH | FTW_PHYS);
	free(h);
	return 0;
}

static inline void begin(struct house *h, struct follow_ask ask)
{
	const char *path = h->logs;
	struct err e = { 0 };

	ask.paths = ask.paths != NULL ? ask.paths : &path;
	ask.npaths = 1;
	h->f = follow_open(&ask, &e);
	if (h->f == NULL)
		fail_msg("%s", e.text);
}

/* "new waiting" or "waiting -> delivered: 2 new" */
static inline void note(struct house *h, const struct follow_event *x)
{
	const char *now = verdict_words[x->told->verdict];

	h->stories += x->kind == FOLLOW_NEW;
	if (h->told.n > 4000)
		return;
	if (x->kind == FOLLOW_NEW)
		buf_fmt(&h->told, "new %s\n", now);
	else
		buf_fmt(&h->told, "%s -> %s: %zu new\n", verdict_words[x->was], now, x->nfresh);
}

static inline void hear(struct house *h, int64_t deadline)
{
	struct follow_event x;

	if (follow_wait(h->f, deadline) > 0)
		while (follow_next(h->f, &x))
			note(h, &x);
}

/* Until exactly that was told. */
static inline void told(struct house *h, const char *want)
{
	int64_t deadline = deadline_in(20000);

	while (h->told.n < strlen(want) && clock_mono() < deadline)
		hear(h, deadline);
	assert_string_equal(buf_z(&h->told), want);
	buf_reset(&h->told);
}

/* As long as it takes to tell what there is. */
static inline void nothing(struct house *h)
{
	int64_t deadline = deadline_in(300);

	while (clock_mono() < deadline)
		hear(h, deadline);
	assert_string_equal(buf_z(&h->told), "");
}

static inline void said(struct house *h, const char *part)
{
	const char *z;

	while ((z = follow_said(h->f)) != NULL)
		if (strstr(z, part) != NULL)
			return;
	fail_msg("nothing was said of: %s", part);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
