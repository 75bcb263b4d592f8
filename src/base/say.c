#include "base/say.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { PATIENCE = 100 /* ms */ };

static struct {
	const char *program;
	int log_fd;
	enum say_level least;
} voice = { "telltale", -1, SAY_INFO };

static const char *const level_words[] = { "debug", "info", "warning", "error" };

void say_open(const char *program, int log_fd, enum say_level least)
{
	voice.program = program;
	voice.log_fd = log_fd;
	voice.least = least;
}

/* What came from outside may stand in a sentence, but never as a control byte. */
static void defuse(struct buf *b, size_t from)
{
	for (size_t i = from; i < b->n; i++)
		if ((unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7f)
			b->p[i] = '?';
}

bool say_lock(int log_fd, int ms)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int64_t until = deadline_in(ms);
	int rc;

	while ((rc = fcntl(log_fd, ms > 0 ? F_SETLK : F_SETLKW, &l)) < 0 &&
	       (errno == EINTR || ((errno == EAGAIN || errno == EACCES) && clock_mono() < until)))
		poll(NULL, 0, 1);
	return rc == 0;
}

void say_unlock(int log_fd)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1 };

	(void)fcntl(log_fd, F_SETLK, &l);
}

/* Rather a line that a rotation loses than a program that waits for a rotation that was stopped. */
static void write_line(int fd, const struct buf *line)
{
	bool locked = say_lock(fd, PATIENCE);

	(void)io_write_all(fd, line->p, line->n);
	if (locked)
		say_unlock(fd);
}

void say(enum say_level level, const char *fmt, ...)
{
	BUF(line);
	int64_t now = clock_wall() / 1000;
	size_t text;
	va_list ap;

	if (level < voice.least)
		return;
	stamp_put(&line, civil_of_seconds(now + zone_offset(now)));
	buf_fmt(&line, " %s[%d] %s: ", voice.program, (int)getpid(), level_words[level]);
	text = line.n;
	va_start(ap, fmt);
	buf_vfmt(&line, fmt, ap);
	va_end(ap);
	defuse(&line, text);
	buf_addc(&line, '\n');
	if (voice.log_fd >= 0)
		write_line(voice.log_fd, &line);
	(void)io_write_all(STDERR_FILENO, line.p, line.n);
}
