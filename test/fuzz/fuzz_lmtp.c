/* Whatever an LMTP server says: each recipient has an outcome, nothing is believed that it did not say whole, and a
 * report holds printable bytes only. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "deliver/lmtp_talk.h"
#include "deliver/maildir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RCPTS = 3 };

static void check(const struct maildir_job *j)
{
	MUST(j->ended && j->out.report.n > 0 && j->out.report.n < 2000);
	for (size_t i = 0; i < j->out.report.n; i++)
		MUST(j->out.report.p[i] == '\n' || ascii_isprint(j->out.report.p[i]));
	if (j->out.kind == OUTCOME_SUCCESS)
		MUST(j->accepted && str_find(j->out.report, STR("Remote host said: ")) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char message[] = "Subject: x\r\n\r\n.x\r\n";
	struct lmtp l = { .host = STR("mx"), .patience = 5, .subaddress = true };
	struct maildir_job jobs[RCPTS] = { 0 }, *all[RCPTS];
	struct talk t;
	int pair[2];
	ARENA(mem);
	FD(fd) = io_memfd("message", STR(message), NULL);

	if (size > 60000 || fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	if (send(pair[1], data, size, MSG_NOSIGNAL) != (ssize_t)size) {
		close(pair[0]);
		close(pair[1]);
		return 0;
	}
	shutdown(pair[1], SHUT_WR);
	for (size_t i = 0; i < RCPTS; i++) {
		jobs[i] = (struct maildir_job){ .final = STR("bob@example.com"),
						.original = STR("bob+work@example.com"),
						.qp = i < 2,
						.junk = i == 1,
						.fd = fd,
						.size = strlen(message),
						.begun = clock_mono(),
						.mem = &mem };
		all[i] = &jobs[i];
	}
	talk_init(&t, &l);
	t.end = deadline_in(100);
	if (talk_take(&t, pair[0]) < 0)
		atomic_store(&l.away_until, INT64_MAX); /* nobody is there to be connected to */
	l.at.at.ss_family = AF_UNIX;
	lmtp_deliver_by(&t, all, RCPTS);
	talk_clear(&t);
	for (size_t i = 0; i < RCPTS; i++)
		check(&jobs[i]);
	close(pair[1]);
	return 0;
}
