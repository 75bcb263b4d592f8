/* What the tests of bounces and of the postmaster's words share. */
#ifndef SCHEDULE_FAILS_H
#define SCHEDULE_FAILS_H

#include "deliver/act.h"
#include "queue/inside.h"
#include "schedule_house.h"

static const struct recipient three[] = {
	{ STR_INIT("a@example.com"), STR_INIT("a@example.com"), .channel = CHANNEL_LOCAL },
	{ STR_INIT("b@example.com"), STR_INIT("list@example.com"), .channel = CHANNEL_LOCAL },
	{ STR_INIT("c@other.test"), STR_INIT("c@other.test"), .channel = CHANNEL_REMOTE },
};

static inline struct envelope from(const char *sender, const struct recipient *rcpts, size_t n)
{
	return (struct envelope){ .time = clock_wall(), .sender = str_of(sender), .rcpts = rcpts, .nrcpts = n };
}

/* The next delivery that the agent is given, ended with these words. */
static inline uint64_t ends(enum outcome_kind kind, const char *report)
{
	struct deliver_local m = { 0 };
	struct deliver_done done = { .outcome = kind, .report = str_of(report) };
	struct ipc_frame f = { .fd = -1 };
	struct err e = { 0 };

	(void)ipc_fill(&theirs, &e);
	assert_int_equal(ipc_next(&theirs, &f, &e), 1);
	assert_int_equal(f.type, deliver_local_number);
	assert_int_equal(ipc_unpack(f.body, &deliver_local_type, &m, &e), 0);
	close(f.fd);
	done.delivery = m.delivery;
	assert_int_equal(agent_says(agent, &deliver_done_type, &done), 0);
	return m.delivery;
}

/* What a crash leaves when the records are on disk and the journal's latest words are not; start() comes next. */
static inline void crash(void)
{
	char words[300];

	assert_int_equal(fdatasync(depot->own.fd), 0);
	snprintf(words, sizeof(words), "cp -r %s %s.copy && rm -f %s.copy/lock", top, top, top);
	assert_int_equal(system(words), 0);
	turn();
	stop();
	snprintf(words, sizeof(words), "rm -r %s && mv %s.copy %s", top, top, top);
	assert_int_equal(system(words), 0);
}

static inline void log_text(struct buf *b)
{
	struct err e;

	dlog_flush(dlog);
	assert_int_equal(io_slurp(AT_FDCWD, arena_fmt(&mem, "%s/delivery.log", top).p, 1 << 20, b, &e), 0);
}

static inline bool logged(const char *fmt, ...)
{
	BUF(text);
	BUF(want);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&want, fmt, ap);
	va_end(ap);
	log_text(&text);
	return str_find(buf_str(&text), buf_str(&want)) >= 0;
}

static inline bool has(struct str s, const char *z)
{
	return str_find(s, str_of(z)) >= 0;
}

static inline struct shown act(const char *verb, const char *what)
{
	struct shown a = { .fd = -1 };
	BUF(words);

	buf_adds(&words, verb);
	if (what != NULL)
		buf_add(&words, "", 1), buf_adds(&words, what);
	command(buf_str(&words), &a);
	return a;
}

static inline int acted(const char *verb, uint64_t qp, const char *rest)
{
	struct shown a = act(verb, arena_fmt(&mem, "%llu%s", (unsigned long long)qp, rest).p);
	int status = a.status;

	shown_clear(&a);
	return status;
}

#endif
