/* bench/idle.c - many clients that have said EHLO and then say nothing.
 *
 *	bench-idle PORT SESSIONS plain|tls
 *
 * They come from 127.0.0.2 and on, up to 10,000 from each address, so that ports do not run out.  "tls": each has said
 * STARTTLS and EHLO once more.  Prints "held N SECONDS" when all are there, holds them until its input ends, and
 * prints "lost N": how many the server hung up on or spoke to meanwhile.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PER_ADDRESS = 10000 };

static void want(int n, const char *text, const char *digits)
{
	if (n < 4 || strncmp(text, digits, 3) != 0)
		errx(1, "the server said %.*s", n > 0 ? n : 0, text);
}

static int visit(int i, int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(i / PER_ADDRESS));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)port);
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
	    bind(fd, (const void *)&from, sizeof(from)) < 0 || connect(fd, (const void *)&to, sizeof(to)) < 0)
		err(1, "session %d", i);
	return fd;
}

/* Replies are small and come in one piece. */
static void plain(int fd, const char *line, const char *digits)
{
	char text[4096];

	if (line != NULL && send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		err(1, "send");
	want((int)recv(fd, text, sizeof(text), 0), text, digits);
}

static void encrypt(int fd, SSL_CTX *context)
{
	SSL *tls = SSL_new(context);
	static const char line[] = "EHLO idle.example.net\r\n";
	char text[4096];

	plain(fd, "STARTTLS\r\n", "220");
	if (tls == NULL || SSL_set_fd(tls, fd) != 1 || SSL_connect(tls) != 1 ||
	    SSL_write(tls, line, sizeof(line) - 1) <= 0)
		errx(1, "no TLS");
	want(SSL_read(tls, text, sizeof(text)), text, "250");
	/* The session goes on; what we keep of it is only in our way. */
	SSL_set_quiet_shutdown(tls, 1);
	SSL_free(tls);
}

static int lost(struct pollfd *all, int n)
{
	int gone = 0;

	if (poll(all, (nfds_t)n, 0) < 0)
		err(1, "poll");
	for (int i = 0; i < n; i++)
		gone += all[i].revents != 0;
	return gone;
}

static void raise_limit(int n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		err(1, "limit");
	r.rlim_cur = r.rlim_max < (rlim_t)n + 100 ? (rlim_t)n + 100 : r.rlim_max;
	r.rlim_max = r.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		err(1, "limit of descriptors");
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[2]) : 0;
	bool tls = argc == 4 && strcmp(argv[3], "tls") == 0;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct pollfd *all = calloc((size_t)n + 1, sizeof(*all));
	time_t start = time(NULL);
	char c;

	if (n < 1 || context == NULL || all == NULL)
		errx(2, "usage: bench-idle PORT SESSIONS plain|tls");
	raise_limit(n);
	for (int i = 0; i < n; i++) {
		int fd = visit(i, atoi(argv[1]));

		all[i] = (struct pollfd){ fd, POLLIN, 0 };
		plain(fd, NULL, "220");
		plain(fd, "EHLO idle.example.net\r\n", "250");
		if (tls)
			encrypt(fd, context);
	}
	printf("held %d %ld\n", n, (long)(time(NULL) - start));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	printf("lost %d\n", lost(all, n));
	free(all);
	SSL_CTX_free(context);
	return 0;
}
