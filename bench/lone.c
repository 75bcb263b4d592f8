/* bench/lone.c - how long a lone client waits from its final dot to the 250, beside the same write and sync.
 *
 *	bench-lone PORT RECIPIENT MESSAGES BYTES kept|each FILE RECORD
 *
 * Message by message: the body goes out, then the dot, and the clock runs from the dot's send() to the reply.  After
 * each one, RECORD bytes are written behind the last ones into FILE (full of zeros beforehand, of any size) and synced:
 * the other clock.  "each": one connection per message; the clocks run over the same piece.  Prints two numbers a line: ns.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int port, length, record;
static const char *recipient;
static char *body;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void say(int fd, const char *p, size_t n)
{
	for (ssize_t k; n > 0; p += k, n -= (size_t)k)
		if ((k = send(fd, p, n, MSG_NOSIGNAL)) <= 0)
			err(1, "send");
}

/* The last line of a reply has a blank behind its number. */
static void want(int fd, char digit)
{
	char p[4096];
	size_t n = 0, line = 0;

	for (;;) {
		ssize_t k = recv(fd, p + n, sizeof(p) - n - 1, 0);

		if (k <= 0)
			err(1, "the server hung up");
		n += (size_t)k;
		if (p[n - 1] != '\n')
			continue;
		p[n - 1] = '\0';
		line = (size_t)(strrchr(p, '\n') == NULL ? 0 : strrchr(p, '\n') + 1 - p);
		p[n - 1] = '\n';
		if (p[line + 3] != ' ')
			continue;
		if (p[line] != digit)
			errx(1, "the server said %.*s", (int)n, p);
		return;
	}
}

static void tell(int fd, const char *line, char digit)
{
	say(fd, line, strlen(line));
	want(fd, digit);
}

static int visit(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (const void *)&a, sizeof(a)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		err(1, "port %d", port);
	want(fd, '2');
	tell(fd, "EHLO client.example.net\r\n", '2');
	return fd;
}

static long message(int fd)
{
	char line[512];
	long start;

	tell(fd, "MAIL FROM:<bench@example.net>\r\n", '2');
	snprintf(line, sizeof(line), "RCPT TO:<%s>\r\n", recipient);
	tell(fd, line, '2');
	tell(fd, "DATA\r\n", '3');
	say(fd, body, (size_t)length);
	start = now();
	tell(fd, ".\r\n", '2');
	return now() - start;
}

static long write_and_sync(int fd, off_t *at, off_t size)
{
	static char *zeros;
	long start;

	if (zeros == NULL && (zeros = calloc(1, (size_t)record)) == NULL)
		err(1, "memory");
	memset(zeros, (int)(*at % 251) + 1, (size_t)record);
	if (*at + record > size)
		*at = 0;
	start = now();
	if (pwrite(fd, zeros, (size_t)record, *at) != record || fdatasync(fd) < 0)
		err(1, "write");
	*at += record;
	return now() - start;
}

static void make_body(void)
{
	static const char head[] = "Subject: lone\r\n\r\n";

	if ((body = malloc((size_t)length)) == NULL)
		err(1, "memory");
	memset(body, 'x', (size_t)length);
	for (int i = 78; i + 2 < length; i += 80)
		memcpy(body + i, "\r\n", 2);
	memcpy(body, head, strlen(head));
	memcpy(body + length - 2, "\r\n", 2);
}

int main(int argc, char **argv)
{
	int file, fd = -1, messages;
	struct stat st;
	off_t at = 0;
	bool each;

	if (argc != 8)
		errx(2, "usage: bench-lone PORT RECIPIENT MESSAGES BYTES kept|each FILE RECORD");
	port = atoi(argv[1]);
	recipient = argv[2];
	messages = atoi(argv[3]);
	length = atoi(argv[4]);
	each = strcmp(argv[5], "each") == 0;
	file = open(argv[6], O_WRONLY | O_CLOEXEC);
	record = atoi(argv[7]);
	if (length < 100 || record < 1 || file < 0 || fstat(file, &st) < 0)
		err(1, "%s", argv[6]);
	make_body();
	for (int i = 0; i < messages; i++) {
		long waited;

		if (fd < 0)
			fd = visit();
		waited = message(fd);
		if (each) {
			tell(fd, "QUIT\r\n", '2');
			close(fd);
			fd = -1;
		}
		printf("%ld %ld\n", waited, write_and_sync(file, &at, st.st_size));
	}
	return 0;
}
