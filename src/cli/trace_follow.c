#include "cli/trace_follow.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/terminal.h"

enum { LOOK = 500 }; /* ms between looks at who reads our output */

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = end };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

static bool reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLNVAL)) != 0;
}

static void say(struct follow *f)
{
	const char *z;

	while ((z = follow_said(f)) != NULL)
		fprintf(stderr, "telltale: trace: %s\n", z);
}

struct printer {
	struct follow *f;
	bool json, colour;
	size_t most, n;
};

/* 0: go on; 1: it is the end; else an exit code. */
static int print(struct printer *p)
{
	struct follow_event e;
	BUF(out);

	while ((p->most == 0 || p->n < p->most) && follow_next(p->f, &e)) {
		p->n++;
		buf_reset(&out);
		if (p->json)
			follow_json(&out, p->f, &e);
		else
			follow_text(&out, p->f, &e, p->colour);
		if (io_write_all(STDOUT_FILENO, out.p, out.n) == 0)
			continue;
		if (errno != EPIPE)
			return args_fail(CLI_USAGE, "trace: the answer could not be written: %s", strerror(errno));
		return 1;
	}
	return p->most > 0 && p->n >= p->most;
}

static const char *plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void sum_up(const struct follow *f, int64_t since)
{
	struct follow_counts c = follow_counts(f);

	fprintf(stderr, "telltale: trace: followed %zu %s for %lld s: %llu %s, %llu new %s, %llu %s", c.files,
		plural(c.files, "log", "logs"), (long long)((clock_mono() - since) / 1000), (unsigned long long)c.lines,
		plural(c.lines, "line", "lines"), (unsigned long long)c.told_new,
		plural(c.told_new, "story", "stories"), (unsigned long long)c.told_changed,
		plural(c.told_changed, "change", "changes"));
	if (c.forgotten > 0)
		fprintf(stderr, "; %llu that were not over %s forgotten", (unsigned long long)c.forgotten,
			plural(c.forgotten, "was", "were"));
	fputs(".\n", stderr);
}

int trace_follow(const struct follow_ask *ask, bool json, size_t most)
{
	struct err e = { 0 };
	struct printer p = { .f = follow_open(ask, &e), .json = json, .most = most };
	int64_t since = clock_mono();
	int rc = 0;

	if (p.f == NULL)
		return args_fail(CLI_USAGE, "trace: %s", e.text);
	p.colour = terminal_colours();
	catch_signals();
	say(p.f);
	if (follow_counts(p.f).files == 0)
		fputs("telltale: trace: no log is followed yet: none stands there (archives are not followed)\n",
		      stderr);
	while (rc == 0 && !ended && !reader_gone()) {
		if (follow_wait(p.f, deadline_in(LOOK)) > 0)
			rc = print(&p);
		say(p.f);
	}
	sum_up(p.f, since);
	follow_close(p.f);
	return rc <= 1 ? CLI_DONE : rc;
}
