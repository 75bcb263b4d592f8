#include "wire/conn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"

enum { TURN = 16 }; /* full reads until other sessions are heard */

void wire_init(struct wire *w, int fd)
{
	*w = (struct wire){ .fd = fd };
}

void wire_wipe(struct wire *w)
{
	if (w->at > 0)
		explicit_bzero(w->in, w->at);
}

/* An idle client costs no buffer. */
static void give_back(struct wire *w)
{
	wire_wipe(w);
	free(w->in);
	w->in = NULL;
	w->at = w->n = 0;
}

void wire_clear(struct wire *w)
{
	tls_end(w->tls);
	give_back(w);
	buf_clear(&w->out);
	fd_clear(&w->fd);
	*w = (struct wire){ .fd = -1 };
}

int wire_start_tls(struct wire *w, struct tls *t, struct str service, int64_t deadline, struct err *e)
{
	MUST(w->tls == NULL && w->at == w->n && w->out.n == 0);
	give_back(w);
	w->tls = tls_accept(t, w->fd, service, deadline, e);
	w->shut = w->tls == NULL;
	return w->shut ? -1 : 0;
}

int wire_connect_tls(struct wire *w, struct tls *t, const struct tls_peer *peer, int64_t deadline, struct err *e)
{
	MUST(w->tls == NULL && w->out.n == 0);
	w->at = w->n;
	give_back(w);
	w->tls = tls_connect(t, w->fd, peer, deadline, e);
	w->shut = w->tls == NULL;
	return w->shut ? -1 : 0;
}

struct str wire_encryption(const struct wire *w)
{
	return w->tls != NULL ? tls_words(w->tls) : str_of(NULL);
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

static ssize_t receive(struct wire *w, int64_t deadline)
{
	if (w->tls != NULL)
		return tls_read(w->tls, w->in, WIRE_CHUNK, deadline);
	return io_read(w->fd, w->in, WIRE_CHUNK, deadline);
}

/* All that had come was read the last time, or so much in turn that others must have their turn. */
static bool likely_quiet(const struct wire *w)
{
	if (w->tls != NULL && tls_pending(w->tls))
		return false;
	return w->full % TURN == 0;
}

int wire_fill(struct wire *w, int64_t deadline)
{
	ssize_t got;

	MUST(w->at == w->n);
	if (w->shut)
		return 0;
	wire_wipe(w); /* any line may have been a password, or its first half */
	w->at = w->n = 0;
	if (likely_quiet(w)) {
		give_back(w);
		if (io_wait(w->fd, POLLIN, deadline) < 0)
			return -1;
	}
	if (w->in == NULL)
		w->in = mem_grow(NULL, WIRE_CHUNK); /* not cleared: only what came is ever looked at */
	got = receive(w, deadline);
	if (got <= 0)
		return (int)got;
	w->n = (size_t)got;
	w->full = w->n == WIRE_CHUNK ? w->full + 1 : 0;
	return 1;
}

bool wire_more(const struct wire *w, int64_t deadline)
{
	if (w->at < w->n || (w->tls != NULL && tls_pending(w->tls)))
		return true;
	return io_wait(w->fd, POLLIN, deadline) == 0;
}

void wire_linger(struct wire *w, int64_t deadline)
{
	char scrap[4096];

	tls_end(w->tls);
	w->tls = NULL;
	w->shut = true;
	if (shutdown(w->fd, SHUT_WR) < 0)
		return;
	/* Between two reads the others have their turn, however fast he is. */
	while (io_wait(w->fd, POLLIN, deadline) == 0 && clock_mono() < deadline &&
	       io_read(w->fd, scrap, sizeof(scrap), deadline) > 0)
		continue;
}

int wire_flush(struct wire *w, int64_t deadline)
{
	int rc = 0;

	if (w->out.n > 0 && w->shut) {
		errno = EPIPE;
		rc = -1;
	} else if (w->out.n > 0 && w->tls != NULL) {
		rc = tls_write(w->tls, w->out.p, w->out.n, deadline);
	} else if (w->out.n > 0) {
		rc = io_write(w->fd, w->out.p, w->out.n, deadline);
	}
	buf_reset(&w->out);
	return rc;
}
