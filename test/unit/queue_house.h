/* A depot in a folder of its own for each test, and what many of them do with it. */
#ifndef QUEUE_HOUSE_H
#define QUEUE_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "queue_world.h"

static inline int begin(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct err e = { 0 };

	w->folder = server_folder("/tmp");
	w->seed = 7;
	snprintf(w->dir, sizeof(w->dir), "%s/spool", w->folder);
	assert_int_equal(io_mkdirs(w->dir, 0700, &e), 0);
	open_world(w);
	*state = w;
	return 0;
}

static inline int end(void **state)
{
	struct world *w = *state;

	leave_smtpd(w);
	depot_close(w->depot);
	server_remove(w->folder);
	free(w);
	return 0;
}

/* n messages, taken and known to a synced journal. */
static inline void put_some(struct world *w, size_t n)
{
	struct err e = { 0 };
	uint64_t from;

	if (w->fd < 0)
		get_segment(w);
	from = w->used;
	for (size_t i = 0; i < n; i++)
		write_record(w, new_letter(w));
	assert_int_equal(fdatasync(w->fd), 0);
	hear(w, &queue_committed_type, &(struct queue_committed){ w->seg.id, from, w->used });
	while (depot_news(w->depot) != NULL)
		;
	assert_int_equal(depot_flush(w->depot, &e), 0);
}

static inline void restart(struct world *w)
{
	leave_smtpd(w);
	depot_close(w->depot);
	open_world(w);
}

static inline void harm(struct world *w, const char *name, uint64_t at)
{
	char path[400], c;
	FD(fd) = -1;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(io_pread_all(fd, &c, 1, (off_t)at), 0);
	c ^= 0x10;
	assert_int_equal(io_pwrite_all(fd, &c, 1, (off_t)at), 0);
}

static inline size_t complaints(struct world *w, const char *about)
{
	BUF(line);
	size_t n = 0;

	while (depot_complaint(w->depot, &line))
		n += strstr(buf_z(&line), about) != NULL;
	return n;
}

static inline size_t listed(struct world *w)
{
	size_t n = 0;

	for (uint64_t i = 0; depot_walk(w->depot, &i) != NULL;)
		n++;
	return n;
}

#endif
