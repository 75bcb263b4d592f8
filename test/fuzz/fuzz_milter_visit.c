/* A whole visit with a filter that says whatever it likes: it ends, what is told of it is within its limits, and its
 * edits are allowed ones.  Input: its steps (4 bytes), then what it says, in pieces: length (a byte), bytes. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "handoff/milter_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4 * 1024 };

static void check_word(struct milter_word w)
{
	MUST(w.is <= MILTER_FAILED && (w.is == MILTER_FAILED) == (w.words.n > 0));
	MUST((w.reply.code != 0) == (w.is == MILTER_REJECT || w.is == MILTER_TEMPFAIL || w.is == MILTER_SHUTDOWN));
	MUST(w.is != MILTER_REJECT || w.reply.code / 100 == 5);
	MUST(w.is != MILTER_TEMPFAIL || w.reply.code / 100 == 4);
	MUST(w.reply.text.n <= MILTER_TEXT_MAX);
	for (size_t i = 0; i < w.reply.text.n; i++)
		MUST(ascii_isprint(w.reply.text.p[i]));
}

static void check_changes(const struct milter_changes *c)
{
	MUST(c->n <= EDITS_MAX && (c->refused > 0) == (c->why != NULL));
	for (size_t i = 0; i < c->n; i++)
		MUST(edit_ok(&c->edits[i]) == NULL);
	for (size_t i = 0; i < c->reason.n; i++)
		MUST(ascii_isprint(c->reason.p[i]));
}

static void visit(struct milter *m)
{
	struct milter_path p = { .address = STR("a@b.example"), .domain = STR("b.example") };
	struct milter_changes changes;
	struct head h;
	ARENA(a);

	head_read(&h, &a, STR("Subject: x\r\nX: 1;\r\n\t2\r\n"));
	check_word(milter_connect(m));
	check_word(milter_helo(m, STR("x")));
	for (int i = 0; i < 2; i++) {
		check_word(milter_mail(m, &p));
		check_word(milter_rcpt(m, &p));
		check_word(milter_rcpt(m, &p));
		check_word(milter_data(m));
		check_word(milter_head(m, &h));
		check_word(milter_body(m, STR("text\r\n")));
		check_word(milter_end(m, &a, &changes));
		check_changes(&changes);
		head_edit(&h, changes.edits, changes.n);
	}
}

/* ---- the other side ---- */

struct filter {
	int fd;
	struct str says;
	struct milter *m;
};

/* Piece after piece, each when there is something to hear, or a moment later. */
static void speaks(void *arg)
{
	struct filter *f = arg;
	char heard[4096];

	while (f->says.n > 0) {
		struct str piece = str_take(str_skip(f->says, 1), (unsigned char)f->says.p[0]);

		(void)io_wait(f->fd, POLLIN, deadline_in(1));
		while (recv(f->fd, heard, sizeof(heard), MSG_DONTWAIT) > 0)
			continue;
		if (send(f->fd, piece.p, piece.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		f->says = str_skip(f->says, piece.n + 1);
	}
	shutdown(f->fd, SHUT_RDWR);
}

static void converse(void *arg)
{
	struct filter *f = arg;

	MUST(fiber_start(speaks, f, NULL) == 0);
	visit(f->m);
	milter_free(f->m);
	while (fiber_count() > 1)
		fiber_sleep(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct milter_facts facts = { .ip = STR_INIT("192.0.2.1") };
	static const struct milter_set set = { "fuzz", { .n = 0 }, 1000, 1000, 1000, 1000 };
	struct filter f = { .says = str_skip(str_mem(data, size), 4) };
	int ends[2];

	if (size < 4 || size > MOST)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	f.fd = ends[1];
	f.m = milter_new(&set, &facts);
	f.m->fd = ends[0]; /* as if kept from another visit */
	f.m->deal.version = MILTER_VERSION;
	f.m->deal.actions = MILTER_ACTIONS;
	memcpy(&f.m->deal.steps, data, 4);
	MUST(fiber_run(converse, &f, NULL) == 0);
	close(ends[1]);
	return 0;
}
