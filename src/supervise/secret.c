#include "supervise/secret.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/io.h"

static const char file[] = "why.key";

static int make(int dir, struct err *e)
{
	char key[SECRET_SIZE];
	int rc;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return err_set(e, "no random bytes");
	rc = io_replace(dir, file, str_mem(key, sizeof(key)), 0600, e);
	explicit_bzero(key, sizeof(key));
	return rc;
}

static int read_or_make(int dir, struct buf *out, struct err *e)
{
	if (faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT && make(dir, e) < 0)
		return -1;
	if (io_slurp(dir, file, SECRET_SIZE + 1, out, e) < 0)
		return -1;
	return out->n == SECRET_SIZE
		   ? 0
		   : err_set(e,
			     "it is not of %d bytes; without it a new one is made at the next start, and links in "
			     "earlier refusals lead nowhere",
			     SECRET_SIZE);
}

int secret_open(const struct conf *c, struct err *e)
{
	FD(dir) = io_opendir(AT_FDCWD, conf_z(c->top.data_dir), e);
	BUF(key);
	int fd = -1;

	if (dir < 0)
		return -1;
	if (read_or_make(dir, &key, e) < 0)
		err_wrap(e, "%s/%s", conf_z(c->top.data_dir), file);
	else
		fd = io_memfd("why-key", buf_str(&key), e);
	if (key.n > 0)
		explicit_bzero(key.p, key.n);
	return fd;
}
