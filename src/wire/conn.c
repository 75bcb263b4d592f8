#include "wire/conn.h"

#include <poll.h>
#include <stdlib.h>

void wire_init(struct wire *w, int fd)
{
	*w = (struct wire){ .fd = fd };
}

void wire_clear(struct wire *w)
{
	free(w->in);
	buf_clear(&w->out);
	fd_clear(&w->fd);
	*w = (struct wire){ .fd = -1 };
}

struct str wire_input(const struct wire *w)
{
	return w->n > w->at ? str_mem(w->in + w->at, w->n - w->at) : str_of(NULL);
}

void wire_used(struct wire *w, size_t n)
{
	MUST(n <= w->n - w->at);
	w->at += n;
}

int wire_fill(struct wire *w, int64_t deadline)
{
	ssize_t got;

	MUST(w->at == w->n);
	if (w->in == NULL)
		w->in = mem_alloc(WIRE_CHUNK);
	w->at = w->n = 0;
	got = io_read(w->fd, w->in, WIRE_CHUNK, deadline);
	if (got <= 0)
		return (int)got;
	w->n = (size_t)got;
	return 1;
}

bool wire_more(const struct wire *w)
{
	return w->at < w->n || io_wait(w->fd, POLLIN, 0) == 0;
}

int wire_flush(struct wire *w, int64_t deadline)
{
	int rc = w->out.n == 0 ? 0 : io_write(w->fd, w->out.p, w->out.n, deadline);

	buf_reset(&w->out);
	return rc;
}
