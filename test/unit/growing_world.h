/* Our own logs in a folder, which grow, and the index of them in another one. */
#ifndef GROWING_WORLD_H
#define GROWING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "index/growth.h"
#include "trace/answer.h"

#define SMTP "smtp-25.log"
#define DELIVERY "delivery.log"
#define GATE "spamdyke.log"

/* A message's group, its deliveries, its line of the gate; n from 1 to 9. */
static const char group[] = "2022-01-03 10:0%d:00, session, 10%d, 192.0.2.1, 1234, 1641204%d00.000\n"
			    "2022-01-03 10:0%d:00, from, a%d@b.example\n"
			    "2022-01-03 10:0%d:00, resp, 250 ok\n"
			    "2022-01-03 10:0%d:00, to, <recipient@example.com>\n"
			    "2022-01-03 10:0%d:00, resp, 250 ok\n"
			    "2022-01-03 10:0%d:00, size, 900\n"
			    "2022-01-03 10:0%d:00, resp, 250 ok 1641204%d00 qp 20%d\n\n";
static const char delivery[] = "2022-01-03 10:0%d:00, init, <a%d@b.example>\n"
			       "2022-01-03 10:0%d:00, info, 30%d, qp 20%d, attempt 1, bytes 900, 1641204%d00.100\n"
			       "2022-01-03 10:0%d:00, try, 30%d, local, recipient@example.com\n";
static const char result[] = "2022-01-03 10:0%d:01, result, 30%d, success, did_1+0+0/\n"
			     "2022-01-03 10:0%d:01, done, 30%d, 40\n";
static const char gate[] =
    "Jan  3 10:0%d:00 mx spamdyke[10%d]: ALLOWED from: a%d@b.example to: recipient@example.com origin_ip: "
    "192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: "
    "250_ok_1641204%d00_qp_20%d\n";
static const char zone[] = "2022-01-03 10:00:00, zone, +00:00, 1641204000\n";

struct world {
	char logs[64], index[80];
	const char *path;
};

static inline void path_of(const struct world *w, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s", w->logs, name);
}

static inline void append(const struct world *w, const char *name, const char *text)
{
	char path[160];
	FD(fd) = -1;

	path_of(w, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0 && io_write_all(fd, text, strlen(text)) == 0);
}

static inline void append_message(const struct world *w, int n, bool delivered)
{
	BUF(b);

	buf_fmt(&b, group, n, n, n, n, n, n, n, n, n, n, n, n);
	append(w, SMTP, buf_z(&b));
	buf_reset(&b);
	buf_fmt(&b, delivery, n, n, n, n, n, n, n, n);
	if (delivered)
		buf_fmt(&b, result, n, n, n, n);
	append(w, DELIVERY, buf_z(&b));
	buf_reset(&b);
	buf_fmt(&b, gate, n, n, n, n, n);
	append(w, GATE, buf_z(&b));
}

static inline struct survey_paths paths_of(struct world *w)
{
	w->path = w->logs;
	return (struct survey_paths){ &w->path, 1, SOURCE_UNPACKED_MAX };
}

static inline void build(struct world *w)
{
	struct survey_paths p = paths_of(w);
	struct index_built built;
	struct err e = { 0 };

	if (index_build(w->index, &p, &(struct index_how){ .threads = 2 }, &built, &e) < 0)
		fail_msg("%s", e.text);
}

static inline void rename_log(const struct world *w, const char *from, const char *to)
{
	char a[160], b[160];

	path_of(w, from, a);
	path_of(w, to, b);
	assert_int_equal(rename(a, b), 0);
}

static inline void begin_empty(struct world *w)
{
	strcpy(w->logs, "/tmp/test-growth-XXXXXX");
	assert_non_null(mkdtemp(w->logs));
	snprintf(w->index, sizeof(w->index), "%s.index", w->logs);
}

static inline void begin(struct world *w)
{
	begin_empty(w);
	append(w, SMTP, zone);
	append(w, SMTP, "\n");
	append(w, DELIVERY, zone);
	for (int n = 1; n < 4; n++)
		append_message(w, n, n < 3);
}

static inline void end(struct world *w)
{
	static const char *const names[] = {
		SMTP,           DELIVERY,        GATE,        DELIVERY ".2022-01-03", DELIVERY ".2022-01-03.zst",
		"smtp-465.log", "smtp-25.log.1", SMTP ".zst", DELIVERY ".zst"
	};
	char path[160];
	bool some;

	for (size_t i = 0; i < COUNT(names); i++) {
		path_of(w, names[i], path);
		unlink(path);
	}
	assert_int_equal(rmdir(w->logs), 0);
	assert_int_equal(index_remove(w->index, &some, NULL), 0);
	assert_int_equal(rmdir(w->index), 0);
}

/* ---- what may happen to the logs; a row of a table names it ---- */

static inline void nothing(const struct world *w)
{
	(void)w;
}

static inline void a_message(const struct world *w)
{
	append_message(w, 4, true);
}

static inline void a_result(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 10:03:09, result, 303, success, did_1+0+0/\n");
}

/* The index as it is on the disk, and the logs as they are now beside it. */
static inline struct index *look(struct world *w, struct growth *g)
{
	struct survey_paths p = paths_of(w);
	struct err e = { 0 };
	struct index *x = index_look(w->index, &e);

	if (x == NULL || growth_look(g, x, &p, &e) < 0)
		fail_msg("%s", e.text);
	return x;
}

static inline void look_away(struct index *x, struct growth *g)
{
	growth_clear(g);
	index_close(x);
}

/* The index as a question finds it; NULL: it cannot be used. */
static inline struct index *open_index(struct world *w)
{
	struct survey_paths p = paths_of(w);
	struct err e = { 0 };

	return index_open(w->index, &p, &e);
}

/* The answer to the question as a reader of the logs has it (x NULL), or out of the index, which is closed then. */
static inline void tell_answer(const struct world *w, struct index *x, struct trace_ask t,
			       void (*see)(void *with, struct answer *r, const struct index *x), void *with)
{
	struct err e = { 0 };
	struct source s;
	struct answer r;

	source_init(&s);
	t.source = &s;
	t.now = 1641300000;
	if (x != NULL)
		index_attach(x, &s, &t);
	else
		assert_int_equal(source_add(&s, w->logs, &e), 0);
	if (trace_answer(&r, &t, &e) < 0)
		fail_msg("%.*s: %s", STR_ARG(t.question), e.text);
	see(with, &r, x);
	answer_clear(&r);
	source_clear(&s);
	assert_true(x == NULL || index_sound(x));
	index_close(x);
}

#endif
