#include "web/packed.h"

#include "base/cur.h"
#include "base/io.h"

#define IPC_PROTO "web/search.def"
#define IPC_ALL search_messages
#include "base/ipc_define.h"

static void put_num(struct buf *out, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		buf_addc(out, (char)(n >> (8 * i)));
}

static void put_str(struct buf *out, struct str s)
{
	put_num(out, (uint32_t)s.n);
	buf_addstr(out, s);
}

static struct str take_str(struct cur *c)
{
	size_t n = cur_u32(c);

	return cur_take(c, n, "a text is cut");
}

void request_pack(struct buf *out, const struct web_request *q)
{
	put_num(out, q->method);
	put_str(out, q->path);
	put_num(out, (uint32_t)q->nparams);
	for (size_t i = 0; i < q->nparams; i++) {
		put_str(out, q->params[i].name);
		put_str(out, q->params[i].value);
	}
	put_str(out, q->ip);
	put_str(out, q->host);
	put_str(out, q->language);
	put_num(out, q->secure);
	put_num(out, q->loopback);
	put_num(out, q->who.role);
	put_str(out, q->who.mailbox);
	put_num(out, (uint32_t)q->who.ndomains);
	for (size_t i = 0; i < q->who.ndomains; i++)
		put_str(out, q->who.domains[i]);
}

static uint32_t take_most(struct cur *c, uint32_t most)
{
	uint32_t n = cur_u32(c);

	if (n > most)
		cur_fail(c, "a number is too large");
	return n <= most ? n : 0;
}

int request_unpack(struct str bytes, struct web_request *q, struct err *e)
{
	struct arena *mem = q->mem;
	struct cur c = cur_of(bytes);

	*q = (struct web_request){ .mem = mem };
	q->method = take_most(&c, WEB_POST);
	q->path = take_str(&c);
	q->nparams = take_most(&c, WEB_PARAMS_MAX);
	for (size_t i = 0; i < q->nparams; i++) {
		q->params[i].name = take_str(&c);
		q->params[i].value = take_str(&c);
	}
	q->ip = take_str(&c);
	q->host = take_str(&c);
	q->language = take_str(&c);
	q->secure = take_most(&c, 1) != 0;
	q->loopback = take_most(&c, 1) != 0;
	q->who.role = take_most(&c, WEB_ADMIN);
	q->who.mailbox = take_str(&c);
	q->who.ndomains = take_most(&c, WEB_DOMAINS_MAX);
	for (size_t i = 0; i < q->who.ndomains; i++)
		q->who.domains[i] = take_str(&c);
	if (cur_ok(&c) && !cur_end(&c))
		cur_fail(&c, "bytes are left over");
	return cur_ok(&c) ? 0 : err_set(e, "a malformed request: %s", c.why);
}

void pieces_queue(struct ipc_conn *c, struct str bytes)
{
	for (; bytes.n > 0; bytes = str_skip(bytes, PIECE_MAX)) {
		struct search_piece piece = { str_take(bytes, PIECE_MAX) };

		ipc_queue(c, &search_piece_type, 1, &piece, -1);
	}
}

int pieces_gather(struct ipc_conn *c, struct buf *out, size_t most, struct ipc_frame *f, int64_t deadline,
		  struct err *e)
{
	for (;;) {
		struct search_piece piece;

		if (ipc_recv(c, f, deadline, e) < 0)
			return -1;
		fd_clear(&f->fd);
		if (f->type != search_piece_number)
			return 0;
		if (ipc_unpack(f->body, &search_piece_type, &piece, e) < 0)
			return -1;
		if (out->n + piece.bytes.n > most)
			return err_set(e, "more than %zu bytes", most);
		buf_addstr(out, piece.bytes);
	}
}
