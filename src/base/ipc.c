#include "base/ipc.h"

#include <endian.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/io.h"

enum { HEADER = 16, CHUNK = 64 * 1024 };

struct ipc_out_fd {
	size_t at;
	int fd;
};

static void put_little(struct buf *b, uint64_t v, size_t n)
{
	uint64_t little = htole64(v);

	buf_add(b, &little, n);
}

static struct str str_at(const void *message, const struct ipc_field *f)
{
	return *(const struct str *)(const void *)((const char *)message + f->offset);
}

static void pack_field(struct buf *out, const struct ipc_field *f, const void *message)
{
	if (f->kind == IPC_KIND_STR) {
		struct str s = str_at(message, f);

		put_little(out, s.n, 4);
		buf_addstr(out, s);
	} else {
		uint64_t v;

		memcpy(&v, (const char *)message + f->offset, sizeof(v));
		put_little(out, v, 8);
	}
}

static void pack(struct buf *out, const struct ipc_type *t, uint64_t id, const void *message, unsigned fds)
{
	size_t at = out->n, length;

	put_little(out, 0, 4);
	put_little(out, t->number, 2);
	put_little(out, fds, 2);
	put_little(out, id, 8);
	for (size_t i = 0; i < t->count; i++)
		pack_field(out, &t->fields[i], message);
	length = out->n - at - 4;
	if (length > IPC_LIMIT)
		BUG("message %s of %zu bytes", t->name, length);
	for (size_t i = 0; i < 4; i++)
		out->p[at + i] = (char)(length >> (8 * i) & 0xff);
}

void ipc_pack(struct buf *out, const struct ipc_type *t, uint64_t id, const void *message)
{
	pack(out, t, id, message, 0);
}

static void unpack_field(struct cur *c, const struct ipc_field *f, void *message)
{
	char *to = (char *)message + f->offset;

	if (f->kind == IPC_KIND_STR) {
		struct str s = cur_take(c, cur_u32(c), "a text is cut off");

		memcpy(to, &s, sizeof(s));
	} else {
		uint64_t v = cur_u64(c);

		memcpy(to, &v, sizeof(v));
	}
}

int ipc_unpack(struct str body, const struct ipc_type *t, void *message, struct err *e)
{
	struct cur c = cur_of(body);

	memset(message, 0, t->size);
	for (size_t i = 0; i < t->count; i++)
		unpack_field(&c, &t->fields[i], message);
	if (!cur_ok(&c))
		return err_set(e, "message %s: %s", t->name, c.why);
	if (!cur_end(&c))
		return err_set(e, "message %s: bytes left over", t->name);
	return 0;
}

void ipc_keep(struct arena *a, const struct ipc_type *t, void *message)
{
	for (size_t i = 0; i < t->count; i++) {
		struct str s;

		if (t->fields[i].kind != IPC_KIND_STR)
			continue;
		s = arena_str(a, str_at(message, &t->fields[i]));
		memcpy((char *)message + t->fields[i].offset, &s, sizeof(s));
	}
}

void ipc_conn_init(struct ipc_conn *c, int fd)
{
	*c = (struct ipc_conn){ .fd = fd };
	if (fd >= 0)
		(void)io_nonblock(fd);
}

void ipc_conn_clear(struct ipc_conn *c)
{
	fd_clear(&c->fd);
	for (int i = 0; i < c->nfds; i++)
		close(c->fds[i]);
	for (size_t i = 0; i < c->nout; i++)
		close(c->out_fds[i].fd);
	free(c->out_fds);
	buf_clear(&c->in);
	buf_clear(&c->out);
	*c = (struct ipc_conn){ .fd = -1 };
}

void ipc_queue(struct ipc_conn *c, const struct ipc_type *t, uint64_t id, const void *message, int fd)
{
	if (fd >= 0) {
		if (c->nout == c->out_cap) {
			c->out_cap = c->out_cap > 0 ? c->out_cap * 2 : 8;
			c->out_fds = mem_grow(c->out_fds, c->out_cap * sizeof(*c->out_fds));
		}
		c->out_fds[c->nout++] = (struct ipc_out_fd){ .at = c->out.n, .fd = fd };
	}
	pack(&c->out, t, id, message, fd >= 0);
}

/* One sendmsg from `at`: up to the next frame that carries a descriptor, or
 * from such a frame on, with it. */
static ssize_t send_some(struct ipc_conn *c, size_t at)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = c->out.p + at, .iov_len = c->out.n - at };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *h;

	if (c->nout > 0 && c->out_fds[0].at > at)
		iov.iov_len = c->out_fds[0].at - at;
	if (c->nout > 0 && c->out_fds[0].at == at) {
		if (c->nout > 1)
			iov.iov_len = c->out_fds[1].at - at;
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &c->out_fds[0].fd, sizeof(int));
	}
	return sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void fd_was_sent(struct ipc_conn *c)
{
	close(c->out_fds[0].fd);
	c->nout--;
	memmove(c->out_fds, c->out_fds + 1, c->nout * sizeof(*c->out_fds));
}

static void drop_sent(struct ipc_conn *c, size_t sent)
{
	buf_cut(&c->out, sent);
	if (sent > 0) /* a password may have been among it */
		explicit_bzero(c->out.p + c->out.n, sent);
	for (size_t i = 0; i < c->nout; i++)
		c->out_fds[i].at -= sent;
}

int ipc_flush(struct ipc_conn *c, struct err *e)
{
	size_t at = 0;

	if (c->fd < 0)
		return err_set(e, "the channel is closed");
	while (at < c->out.n) {
		ssize_t n = send_some(c, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			drop_sent(c, at);
			return 1;
		}
		if (n < 0)
			return err_sys(e, "write to the channel");
		if (n > 0 && c->nout > 0 && c->out_fds[0].at == at)
			fd_was_sent(c);
		at += (size_t)n;
	}
	drop_sent(c, at);
	return 0;
}

/* Take the descriptors of one recvmsg; more than we keep is a broken peer. */
static int take_fds(struct ipc_conn *c, struct msghdr *m, struct err *e)
{
	int rc = m->msg_flags & MSG_CTRUNC ? err_set(e, "too many descriptors at once") : 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
			if (c->nfds < (int)COUNT(c->fds)) {
				c->fds[c->nfds++] = fd;
			} else {
				close(fd);
				rc = err_set(e, "too many descriptors");
			}
		}
	}
	return rc;
}

int ipc_fill(struct ipc_conn *c, struct err *e)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes };
	ssize_t n;

	if (c->fd < 0)
		return err_set(e, "the channel is closed");
	buf_cut(&c->in, c->taken);
	c->taken = 0;
	buf_need(&c->in, CHUNK);
	iov = (struct iovec){ .iov_base = c->in.p + c->in.n, .iov_len = CHUNK };
	m.msg_controllen = sizeof(control.bytes);
	do
		n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0)
		return err_sys(e, "read from the channel");
	if (take_fds(c, &m, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, "the other end has closed");
	c->in.n += (size_t)n;
	c->in.p[c->in.n] = '\0';
	return 1;
}

int ipc_next(struct ipc_conn *c, struct ipc_frame *f, struct err *e)
{
	struct cur cur = cur_of(str_skip(buf_str(&c->in), c->taken));
	size_t left = cur_rest(&cur).n;
	uint32_t length;
	unsigned fds;

	if (left < 4)
		return 0;
	length = cur_u32(&cur);
	if (length < HEADER - 4 || length > IPC_LIMIT)
		return err_set(e, "a frame of %u bytes", (unsigned)length);
	if (left - 4 < length)
		return 0;
	f->type = cur_u16(&cur);
	fds = cur_u16(&cur);
	f->id = cur_u64(&cur);
	f->body = cur_take(&cur, length - (HEADER - 4), "cut off");
	f->fd = -1;
	if (fds > 1 || (fds == 1 && c->nfds == 0))
		return err_set(e, "a frame without its descriptor");
	if (fds == 1) {
		f->fd = c->fds[0];
		c->nfds--;
		memmove(c->fds, c->fds + 1, (size_t)c->nfds * sizeof(int));
	}
	c->taken += 4 + (size_t)length;
	return 1;
}

int ipc_send(struct ipc_conn *c, const struct ipc_type *t, uint64_t id, const void *message, int fd, int64_t deadline,
	     struct err *e)
{
	int rc;

	ipc_queue(c, t, id, message, fd);
	while ((rc = ipc_flush(c, e)) == 1)
		if (io_wait(c->fd, POLLOUT, deadline) < 0)
			return err_sys(e, "write to the channel");
	return rc;
}

int ipc_recv(struct ipc_conn *c, struct ipc_frame *f, int64_t deadline, struct err *e)
{
	for (;;) {
		int rc = ipc_next(c, f, e);

		if (rc != 0)
			return rc > 0 ? 0 : -1;
		if (io_wait(c->fd, POLLIN, deadline) < 0)
			return err_sys(e, "read from the channel");
		if (ipc_fill(c, e) < 0)
			return -1;
	}
}
