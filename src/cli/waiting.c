#include "cli/waiting.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

enum { FIRST = 700 /* ms */, AGAIN = 200, SLOW = 5000, WIDTH = 30 };

static struct {
	const struct source *of; /* NULL: nobody waits */
	int64_t began;
	bool told, no_hint;
} waiting;

static char *put_text(char *p, const char *z)
{
	while (*z != '\0')
		*p++ = *z++;
	return p;
}

static char *put_number(char *p, uint64_t n)
{
	char digits[20];
	size_t i = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (i > 0)
		*p++ = digits[--i];
	return p;
}

/* "[#####     ] 16 %" */
static char *put_bar(char *p, uint64_t done, uint64_t all)
{
	uint64_t full = done * WIDTH / all;

	*p++ = '[';
	memset(p, '#', full);
	memset(p + full, ' ', WIDTH - full);
	p = put_text(p + WIDTH, "] ");
	return put_text(put_number(p, done * 100 / all), " %");
}

/* In a signal's handler: nothing is called here that may not be. */
static void tell(int sig)
{
	uint64_t all = waiting.of->loaded, done = waiting.of->understood;
	char line[160], *p = put_text(line, "\r\033[K");
	int64_t ms = clock_mono() - waiting.began;
	int before = errno;

	(void)sig;
	if (done == 0)
		p = put_text(put_number(put_text(p, "reading the logs: "), all / 1000000), " MB");
	else if (done < all)
		p = put_bar(put_text(p, "understanding the logs "), done, all);
	else
		p = put_text(p, "joining the lines");
	p = put_text(put_number(put_text(p, "  "), (uint64_t)ms / 1000), " s");
	waiting.told = write(STDERR_FILENO, line, (size_t)(p - line)) > 0 || waiting.told;
	errno = before;
}

static void tick(int first, int again)
{
	const struct itimerval t = { .it_interval = { .tv_usec = again * 1000 },
				     .it_value = { .tv_usec = first * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void end(void)
{
	int64_t ms = clock_mono() - waiting.began;

	tick(0, 0);
	if (waiting.told)
		fputs("\r\033[K", stderr);
	if (waiting.told && ms >= SLOW && !waiting.no_hint)
		fprintf(stderr, "The logs were read for this, in %.0f s; `telltale index build` makes an index.\n",
			(double)ms / 1000.0);
}

void waiting_without_hint(void)
{
	waiting.no_hint = true;
}

void waiting_for(const struct source *s)
{
	const struct sigaction sa = { .sa_handler = tell, .sa_flags = SA_RESTART };

	if (s == NULL && waiting.of != NULL)
		end();
	waiting.of = NULL;
	if (s == NULL || isatty(STDERR_FILENO) != 1)
		return;
	waiting.of = s;
	waiting.began = clock_mono();
	waiting.told = false;
	sigaction(SIGALRM, &sa, NULL);
	tick(FIRST, AGAIN);
}
