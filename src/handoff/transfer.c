#include "handoff/transfer.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"

enum { FIELDS_MAX = 64 * 1024 };

static size_t take(char *from, size_t size, size_t count, void *arg)
{
	struct transfer_answer *x = arg;
	size_t n = size * count;

	x->too_long = x->too_long || n > x->most - x->body->n;
	if (x->too_long)
		return 0;
	buf_add(x->body, from, n);
	return n;
}

static size_t pass(char *from, size_t size, size_t count, void *arg)
{
	struct transfer_answer *x = arg;
	size_t n = size * count;

	(void)from;
	x->fields += n;
	x->too_long = x->too_long || x->fields > FIELDS_MAX;
	return x->too_long ? 0 : n;
}

void transfer_prepare(CURL *easy, struct transfer_answer *x)
{
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, pass);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
}

const char *transfer_why(const struct transfer_answer *x, CURLcode rc)
{
	return x->why[0] != '\0' ? x->why : curl_easy_strerror(rc);
}

struct transfer {
	CURLM *multi;
	/* what libcurl waits for */
	int fd;
	short events;
	int64_t timer;
	int64_t deadline;
};

static int watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct transfer *x = arg;

	(void)easy;
	(void)of_socket;
	x->fd = what == CURL_POLL_REMOVE ? -1 : fd;
	x->events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct transfer *x = arg;

	(void)multi;
	x->timer = ms < 0 ? DEADLINE_NEVER : deadline_in(ms);
	return 0;
}

/* What the kernel says of the descriptor now, as libcurl wants it told: io_wait() does not say. */
static int ready(const struct transfer *x)
{
	struct pollfd p = { .fd = x->fd, .events = x->events };
	int what = 0;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	what |= p.revents & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0;
	what |= p.revents & POLLOUT ? CURL_CSELECT_OUT : 0;
	what |= p.revents & (POLLERR | POLLNVAL) ? CURL_CSELECT_ERR : 0;
	return what;
}

/* One wait, and what became of it: false at the deadline. */
static bool step(struct transfer *x, int *running)
{
	int64_t until = x->timer < x->deadline ? x->timer : x->deadline;

	if (x->fd < 0 || x->events == 0)
		fiber_sleep(until - clock_mono());
	else if (io_wait(x->fd, x->events, until) < 0 && errno != ETIMEDOUT)
		return false;
	if (clock_mono() >= x->deadline)
		return false;
	if (x->fd >= 0)
		curl_multi_socket_action(x->multi, x->fd, ready(x), running);
	if (x->timer <= clock_mono()) {
		x->timer = DEADLINE_NEVER;
		curl_multi_socket_action(x->multi, CURL_SOCKET_TIMEOUT, 0, running);
	}
	return true;
}

static CURLcode outcome(struct transfer *x)
{
	int left;
	CURLMsg *m = curl_multi_info_read(x->multi, &left);

	return m != NULL && m->msg == CURLMSG_DONE ? m->data.result : CURLE_OPERATION_TIMEDOUT;
}

static CURLcode run(struct transfer *x)
{
	int running = 1;

	curl_multi_socket_action(x->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	while (running > 0 && step(x, &running))
		continue;
	return outcome(x);
}

CURLcode transfer_run(CURL *easy, int64_t deadline)
{
	struct transfer x = { .multi = curl_multi_init(), .fd = -1, .timer = DEADLINE_NEVER, .deadline = deadline };
	CURLcode rc;

	MUST(x.multi != NULL); /* no memory */
	curl_multi_setopt(x.multi, CURLMOPT_SOCKETFUNCTION, watch);
	curl_multi_setopt(x.multi, CURLMOPT_SOCKETDATA, &x);
	curl_multi_setopt(x.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(x.multi, CURLMOPT_TIMERDATA, &x);
	rc = curl_multi_add_handle(x.multi, easy) == CURLM_OK ? run(&x) : CURLE_FAILED_INIT;
	curl_multi_remove_handle(x.multi, easy);
	curl_multi_cleanup(x.multi);
	return rc;
}
