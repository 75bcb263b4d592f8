#include "base/ipc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

/* A socket address reached through its opened folder: sun_path holds 108 bytes, a data folder's path may be longer. */
static int address_of(const char *path, struct sockaddr_un *to, int *dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	if (n >= sizeof(folder))
		return err_set(e, "%s: path too long", path);
	memcpy(folder, path, n);
	folder[n] = '\0';
	*dir = open(n > 0 ? folder : slash != NULL ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return err_sys(e, "open folder of %s", path);
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d/%s", *dir,
		     slash != NULL ? slash + 1 : path) >= (int)sizeof(to->sun_path))
		return err_set(e, "%s: name too long", path);
	return 0;
}

int ipc_listen(const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un to;
	FD(dir) = -1;
	FD(fd) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "socket for %s", path);
	if (address_of(path, &to, &dir, e) < 0)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, "remove the old %s", path);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || chmod(path, mode) < 0 || listen(fd, 512) < 0)
		return err_sys(e, "listen on %s", path);
	return fd_steal(&fd);
}

int ipc_connect(const char *path, int64_t deadline, struct err *e)
{
	struct sockaddr_un to;
	FD(dir) = -1;
	FD(fd) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "socket for %s", path);
	if (address_of(path, &to, &dir, e) < 0)
		return -1;
	/* A full backlog is EAGAIN for a Unix socket and cannot be polled for. */
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, "connect to %s", path);
		if (clock_mono() >= deadline) {
			errno = ETIMEDOUT;
			return err_sys(e, "connect to %s", path);
		}
		usleep(1000);
	}
	return fd_steal(&fd);
}

int ipc_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid, struct err *e)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return err_sys(e, "peer credentials");
	*uid = cred.uid;
	*gid = cred.gid;
	*pid = cred.pid;
	return 0;
}
