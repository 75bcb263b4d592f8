/* One message over one conversation: what is said to a server by what it offers, and what its answers mean. */
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "mail/envelope.h"
#include "wire/client.h"

#define N "\r\n"
#define MAIL_TO N "RCPT TO:<b@x>" N
#define SMALL "Subject: x" N N ".x" N

/* Replies by the first word of a command; NULL: the usual one; "": the connection is closed. */
struct server {
	const char *offers, *mail, *rcpt, *data, *end;
	int fd;
	struct buf heard;
	pthread_t thread;
};

static bool say_to(struct server *s, const char *reply)
{
	return reply[0] != '\0' && write(s->fd, reply, strlen(reply)) > 0 && write(s->fd, N, 2) > 0;
}

static const char *usual(const char *reply, const char *otherwise)
{
	return reply != NULL ? reply : otherwise;
}

/* A chunk, or a message up to its dot, is heard whole before its answer. */
static bool hear_message(struct server *s, FILE *in, size_t chunk)
{
	char line[4096];

	if (chunk > 0) {
		MUST(chunk < sizeof(line) && fread(line, 1, chunk, in) == chunk);
		buf_add(&s->heard, line, chunk);
		return say_to(s, usual(s->end, "250 ok"));
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		buf_adds(&s->heard, line);
		if (strcmp(line, "." N) == 0)
			return say_to(s, usual(s->end, "250 ok"));
	}
	return false;
}

static bool answer(struct server *s, FILE *in, const char *line)
{
	if (strncmp(line, "EHLO", 4) == 0)
		return say_to(s, usual(s->offers, "250 far"));
	buf_adds(&s->heard, line);
	if (strncmp(line, "MAIL", 4) == 0)
		return say_to(s, usual(s->mail, "250 ok"));
	if (strncmp(line, "RCPT", 4) == 0)
		return say_to(s, usual(s->rcpt, "250 ok"));
	if (strncmp(line, "BDAT ", 5) == 0)
		return hear_message(s, in, (size_t)atoi(line + 5));
	if (strncmp(line, "DATA", 4) != 0)
		return say_to(s, "500 what?");
	return say_to(s, usual(s->data, "354 go")) && (s->data != NULL || hear_message(s, in, 0));
}

static void *serve(void *arg)
{
	struct server *s = arg;
	FILE *in = fdopen(dup(s->fd), "r");
	char line[4096];

	if (say_to(s, "220 far"))
		while (fgets(line, sizeof(line), in) != NULL && answer(s, in, line))
			continue;
	fclose(in);
	(void)shutdown(s->fd, SHUT_RDWR);
	return NULL;
}

#define PIPED "250-far" N "250 PIPELINING"

static const struct row {
	struct server server;
	struct client_message m; /* besides sender, recipient and bytes */
	const char *text, *heard;
	enum client_end end;
	enum client_step step;
	int code;
	bool critical, shut;
} rows[] = {
	{ .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N "Subject: x" N N "..x" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	{ .server = { .offers = "250-far" N "250-SIZE 21" N "250-8BITMIME" N "250 DSN" },
	  .m = { .ret = RET_HDRS,
		 .envid = STR_INIT("a b+"),
		 .notify = NOTIFY_SUCCESS | NOTIFY_DELAY,
		 .orcpt = STR_INIT("rfc822;c=@x") },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x> SIZE=18 RET=HDRS ENVID=a+20b+2B" N
		   "RCPT TO:<b@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+3D@x" N "DATA" N "Subject: x" N N "..x" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	{ .server = { .offers = "250-far" N "250 DSN" },
	  .m = { .ret = RET_FULL, .notify = NOTIFY_NEVER, .orcpt = STR_INIT("odd") },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x> RET=FULL" N "RCPT TO:<b@x> NOTIFY=NEVER" N "DATA" N "Subject: x" N N "..x" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	/* In one piece, dots as they are; no DATA. */
	{ .server = { .offers = "250-far" N "250-PIPELINING" N "250 CHUNKING" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "BDAT 18 LAST" N SMALL,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	{ .server = { .offers = "250-far" N "250-PIPELINING" N "250 CHUNKING", .rcpt = "550 nobody", .end = "503 who" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "BDAT 18 LAST" N SMALL,
	  .end = CLIENT_NO,
	  .step = CLIENT_RCPT,
	  .code = 550 },
	{ .server = { .offers = "250-far" N "250-PIPELINING" N "250 CHUNKING", .end = "" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "BDAT 18 LAST" N SMALL,
	  .end = CLIENT_DIED,
	  .step = CLIENT_MESSAGE,
	  .critical = true },
	/* CHUNKING alone saves nothing. */
	{ .server = { .offers = "250-far" N "250 CHUNKING" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N "Subject: x" N N "..x" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	/* 8-bit, for who takes it and who does not. */
	{ .server = { .offers = "250-far" N "250 8BITMIME" },
	  .text = N "\xe9" N,
	  .heard = "MAIL FROM:<a@x> BODY=8BITMIME" MAIL_TO "DATA" N N "\xe9" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	{ .text = N "\xe9" N,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N "MIME-Version: 1.0" N
		   "Content-Type: text/plain; charset=unknown-8bit" N "Content-Transfer-Encoding: quoted-printable" N N
		   "=E9" N "." N,
	  .step = CLIENT_MESSAGE,
	  .code = 250 },
	{ .text = "S: \xe9" N N, .heard = "", .end = CLIENT_NO_8BIT, .step = CLIENT_MAIL },
	/* What it cannot take is not begun. */
	{ .server = { .offers = "250-far" N "250 SIZE 17" },
	  .text = SMALL,
	  .heard = "",
	  .end = CLIENT_TOO_BIG,
	  .step = CLIENT_MAIL },
	{ .server = { .offers = "250-far" N "250 REQUIRETLS" },
	  .m = { .requiretls = true },
	  .text = SMALL,
	  .heard = "",
	  .end = CLIENT_NO_REQUIRETLS,
	  .step = CLIENT_MAIL },
	/* 421 is a goodbye; other refusals end the transaction only. */
	{ .server = { .offers = PIPED, .rcpt = "421 closing" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N "." N,
	  .end = CLIENT_NO,
	  .step = CLIENT_RCPT,
	  .code = 421,
	  .shut = true },
	{ .server = { .offers = PIPED, .mail = "451 not now", .rcpt = "503 MAIL?", .data = "503 RCPT?" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N,
	  .end = CLIENT_NO,
	  .step = CLIENT_MAIL,
	  .code = 451 },
	{ .server = { .mail = "" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" N,
	  .end = CLIENT_DIED,
	  .step = CLIENT_MAIL },
	{ .server = { .end = "" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N "Subject: x" N N "..x" N "." N,
	  .end = CLIENT_DIED,
	  .step = CLIENT_MESSAGE,
	  .critical = true },
	/* It speaks too early: that is the answer, and nothing more is said to it. */
	{ .server = { .data = "354 go" N "552 too much" },
	  .text = SMALL,
	  .heard = "MAIL FROM:<a@x>" MAIL_TO "DATA" N,
	  .end = CLIENT_NO,
	  .step = CLIENT_MESSAGE,
	  .code = 552,
	  .shut = true },
};

static void converse(const struct row *r)
{
	struct server s = r->server;
	struct client_set set = { .helo = STR("me"), .tls = CLIENT_TLS_NEVER, .reply = 10000, .end = 10000 };
	struct client_message m = r->m;
	struct client c;
	enum client_end end;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	io_nonblock(pair[0]);
	s.fd = pair[1];
	assert_int_equal(pthread_create(&s.thread, NULL, serve, &s), 0);
	m.sender = STR("a@x");
	m.rcpt = STR("b@x");
	m.size = strlen(r->text);
	m.fd = memfd_create("message", MFD_CLOEXEC);
	assert_int_equal(write(m.fd, r->text, m.size), (ssize_t)m.size);
	assert_int_equal(client_begin(&c, pair[0], &set), CLIENT_YES);
	end = client_send(&c, &m);
	(void)shutdown(pair[0], SHUT_WR);
	pthread_join(s.thread, NULL);
	if (end != r->end || c.step != r->step || c.said.code != r->code || c.critical != r->critical)
		fail_msg("end %d step %d code %d critical %d after\n%s", end, c.step, c.said.code, c.critical,
			 buf_z(&s.heard));
	assert_int_equal(c.wire.shut, r->shut);
	if (r->code != 552 && r->code != 421) /* these end at any moment */
		assert_string_equal(buf_z(&s.heard), r->heard);
	client_clear(&c);
	buf_clear(&s.heard);
	close(m.fd);
	close(pair[1]);
}

static void each_conversation(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		converse(&rows[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
