/* All programs of the server hold server.log open for as long as they live, and may not open it: it is copied, and
 * emptied while nobody writes.  Who dies between the two leaves its lines twice: it is no log of mail. */
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/say.h"
#include "logs/rotate.h"

enum { PIECE = 64 << 10 };

static int copy(int from, int to, off_t *at, struct err *e)
{
	char piece[PIECE];
	ssize_t got;

	while ((got = pread(from, piece, sizeof(piece), *at)) > 0) {
		if (io_write_all(to, piece, (size_t)got) < 0)
			return err_sys(e, "copy server.log");
		*at += got;
	}
	return got < 0 ? err_sys(e, "read server.log") : 0;
}

/* What came meanwhile, with nobody writing; short. */
static int copy_rest(int from, int to, off_t *at, struct err *e)
{
	int rc;

	if (!say_lock(from, 0))
		return err_sys(e, "lock server.log");
	rc = copy(from, to, at, e);
	if (rc == 0 && ftruncate(from, 0) < 0)
		rc = err_sys(e, "empty server.log");
	say_unlock(from);
	return rc;
}

int rotate_server(int dir, const char *plain, struct arena *a, struct err *e)
{
	struct stat st;
	const char *hidden = NULL;
	off_t at = 0;
	FD(from) = rotate_open_file(dir, "server.log", O_RDWR, &st, e);
	FD(to) = from < 0 ? -1 : rotate_create(dir, plain, &st, a, &hidden, e);

	if (to < 0)
		return -1;
	if (copy(from, to, &at, e) < 0 || rotate_place(dir, to, hidden, plain, &st, e) < 0) {
		unlinkat(dir, hidden, 0);
		return -1;
	}
	if (copy_rest(from, to, &at, e) < 0)
		return -1;
	return fsync(to) < 0 ? err_sys(e, "write %s", plain) : 0;
}
