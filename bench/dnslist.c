/* bench-dnslist PORT MS: a name server for lists in DNS that nobody is on.  Every answer comes MS milliseconds after
 * its question and says that there is no such name, for an hour below warm.example, for no time elsewhere. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { WAITING = 1 << 16, QUESTION_MAX = 512 };

struct waiting {
	struct sockaddr_in who;
	long long due;
	size_t n;
	unsigned char q[QUESTION_MAX];
};

static struct waiting ring[WAITING];

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* The question as it came, its header made an answer's, and an SOA whose time is that of the absence.  What stood
 * behind the question (EDNS) is left out. */
static size_t answer(const struct waiting *w, unsigned char *out)
{
	static const unsigned char header[] = { 0x81, 0x83, 0, 1, 0, 0, 0, 1, 0, 0 };
	/* owner: the name asked for; type SOA, class IN, its time, 22 bytes: two roots, five numbers */
	unsigned char soa[] = { 0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, 0, 0, 0,
				1,    0,  0, 0, 1, 0, 0, 0, 1, 0, 0, 0,  1, 0, 0, 0, 0 };
	size_t end = 12;

	while (end < w->n && w->q[end] != 0)
		end += w->q[end] + 1u;
	end += 5;
	if (end > w->n)
		return 0;
	if (memmem(w->q, end, "\4warm", 5) != NULL)
		soa[8] = soa[sizeof(soa) - 2] = 0x0e; /* an hour */
	memcpy(out, w->q, end);
	memcpy(out + 2, header, sizeof(header));
	memcpy(out + end, soa, sizeof(soa));
	return end + sizeof(soa);
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	size_t first = 0, next = 0;
	long long delay;

	if (argc != 3)
		return 2;
	at.sin_port = htons((unsigned short)atoi(argv[1]));
	delay = atoi(argv[2]) * 1000LL;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		long long left = first == next ? 1000000 : ring[first % WAITING].due - now_us();
		struct timespec t = { left > 0 ? left / 1000000 : 0, left > 0 ? left % 1000000 * 1000 : 0 };

		(void)ppoll(&p, 1, &t, NULL);
		while (next - first < WAITING) {
			struct waiting *w = &ring[next % WAITING];
			socklen_t n = sizeof(w->who);
			ssize_t got = recvfrom(fd, w->q, sizeof(w->q), MSG_DONTWAIT, (struct sockaddr *)&w->who, &n);

			if (got < 0)
				break;
			w->n = (size_t)got;
			w->due = now_us() + delay;
			next += got >= 17;
		}
		for (; first != next && ring[first % WAITING].due <= now_us(); first++) {
			const struct waiting *w = &ring[first % WAITING];
			unsigned char out[QUESTION_MAX + 64];
			size_t n = answer(w, out);

			if (n > 0)
				(void)sendto(fd, out, n, MSG_DONTWAIT, (const struct sockaddr *)&w->who,
					     sizeof(w->who));
		}
	}
}
