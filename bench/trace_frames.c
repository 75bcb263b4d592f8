/* bench/trace_frames.c - archives as `telltale logs rotate` writes them, for scripts/bench trace.
 *
 *	bench-trace-frames FILE...		each becomes FILE.zst
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "logs/frames.h"

static void pack(const char *path)
{
	static char room[1 << 20];
	struct frames_out out;
	struct err e = { 0 };
	char *to = NULL;
	int from = open(path, O_RDONLY | O_CLOEXEC), fd;
	ssize_t n;

	if (from < 0 || asprintf(&to, "%s.zst", path) < 0 ||
	    (fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0)
		err(1, "%s", path);
	frames_begin(&out, fd);
	while ((n = read(from, room, sizeof(room))) > 0)
		if (frames_put(&out, str_mem(room, (size_t)n), &e) < 0)
			errx(1, "%s", e.text);
	if (n < 0)
		err(1, "%s", path);
	if (frames_end(&out, &e) < 0)
		errx(1, "%s", e.text);
	frames_drop(&out);
	close(fd);
	close(from);
	free(to);
	if (unlink(path) < 0)
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		pack(argv[i]);
	return 0;
}
