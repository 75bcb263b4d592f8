#include "supervise/folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Somebody's, with that mode; nothing is followed but the folders above it, which are the administrator's. */
static int give(const char *path, int flags, struct proc_user to, mode_t mode, struct err *e)
{
	FD(fd) = open(path, flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		return err_set(e, "%s is no file of its own (a device, or a hard link)", path);
	if (fchown(fd, to.uid, to.gid) < 0 || fchmod(fd, mode) < 0)
		return err_sys(e, "give %s to its user", path);
	return 0;
}

static int give_folder(struct str path, struct proc_user to, mode_t mode, struct err *e)
{
	return give(conf_z(path), O_DIRECTORY, to, mode, e);
}

static struct str folder_of(struct str path, struct arena *mem)
{
	ptrdiff_t slash = str_rchr(path, '/');

	return str_of(arena_z(mem, str_take(path, slash < 1 ? 0 : (size_t)slash)));
}

/* What SQLite puts beside a file is given too. */
static int give_database(struct conf *c, struct str path, struct proc_user to, struct err *e)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < COUNT(ends); i++) {
		const char *file = arena_fmt(&c->mem, "%s%s", conf_z(path), ends[i]).p;

		if (access(file, F_OK) == 0 && give(file, 0, to, 0600, e) < 0)
			return -1;
	}
	return 0;
}

/* accounts.db, and graylist.db beside it.  A folder of its own is lookup's when it lies below data-dir. */
static int give_accounts(struct conf *c, const struct users *u, struct err *e)
{
	struct proc_user lookup = u->of[ROLE_LOOKUP].as, share = { .gid = lookup.gid };
	struct str folder = folder_of(c->accounts.sqlite, &c->mem), data = c->top.data_dir;

	if (give_database(c, c->accounts.sqlite, lookup, e) < 0 ||
	    give_database(c, arena_fmt(&c->mem, "%.*s/graylist.db", STR_ARG(folder)), lookup, e) < 0)
		return -1;
	if (str_eq(folder, data))
		return give_folder(data, share, 01731, e);
	if (folder.n <= data.n || memcmp(folder.p, data.p, data.n) != 0 || folder.p[data.n] != '/')
		return 0;
	return io_mkdirs(conf_z(folder), 0700, e) < 0 ? -1 : give_folder(folder, lookup, 0700, e);
}

/* telltale-smtpd writes them, and telltale-queue what a telltale-smtpd did not live to write. */
static int give_smtp_logs(struct conf *c, struct proc_user smtpd, struct err *e)
{
	for (size_t i = 0; i < c->nports; i++) {
		const char *path =
		    arena_fmt(&c->mem, "%s/smtp-%s.log", conf_z(c->top.log_dir), conf_z(c->ports[i].label)).p;

		if (give(path, O_CREAT, smtpd, 0660, e) < 0)
			return -1;
	}
	return 0;
}

/* telltale-search may read what telltale-queue writes, and its user makes the index (telltale-index). */
static int give_to_search(struct conf *c, const struct users *u, struct err *e)
{
	const struct proc_user search = u->of[ROLE_SEARCH].as;
	struct proc_user dlog = { .uid = u->of[ROLE_QUEUE].as.uid, .gid = u->of[ROLE_QUEUE].as.gid };
	const char *delivery = arena_fmt(&c->mem, "%s/delivery.log", conf_z(c->top.log_dir)).p;
	struct str index = arena_fmt(&c->mem, "%s/index", conf_z(c->top.data_dir));

	if (!u->of[ROLE_SEARCH].named)
		return give(delivery, O_CREAT, dlog, 0600, e);
	dlog.gid = search.gid;
	return give(delivery, O_CREAT, dlog, 0640, e) < 0 ? -1 : give_folder(index, search, 02750, e);
}

/* What lies in an open folder: each file, or each folder and its files. */
static int give_inside(const char *path, struct proc_user to, int depth, struct err *e)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	ARENA(a);
	int rc = 0;

	if (dir == NULL)
		return err_sys(e, "open %s", path);
	while (rc == 0 && (d = readdir(dir)) != NULL) {
		const char *one = arena_fmt(&a, "%s/%s", path, d->d_name).p;

		if (d->d_name[0] == '.')
			continue;
		rc = give(one, depth > 0 ? O_DIRECTORY : 0, to, depth > 0 ? 0700 : 0600, e);
		if (rc == 0 && depth > 0)
			rc = give_inside(one, to, depth - 1, e);
	}
	closedir(dir);
	return rc;
}

/* DOMAIN/keys and DOMAIN/SELECTOR.pem, where there are any. */
static int give_dkim(const struct conf *c, struct proc_user signer, struct err *e)
{
	if (access(conf_z(c->dkim.dir), F_OK) < 0 && errno == ENOENT)
		return 0;
	return give_folder(c->dkim.dir, signer, 0700, e) < 0 ? -1 : give_inside(conf_z(c->dkim.dir), signer, 1, e);
}

static int give_all(struct conf *c, const struct users *u, const char *run, struct err *e)
{
	const struct proc_user root = { 0 }, logs = { .gid = u->of[ROLE_SMTPD].as.gid };
	const struct str tls_policy = arena_fmt(&c->mem, "%s/tls-policy", conf_z(c->top.data_dir));

	if (give_folder(c->top.data_dir, root, 0711, e) < 0 || give(run, O_DIRECTORY, root, 0711, e) < 0 ||
	    give_folder(c->top.spool_dir, u->of[ROLE_QUEUE].as, 0700, e) < 0 ||
	    give_folder(c->top.mail_dir, u->of[ROLE_LOCAL].as, 0700, e) < 0 ||
	    give_folder(tls_policy, u->of[ROLE_POLICY].as, 0700, e) < 0 ||
	    give_inside(tls_policy.p, u->of[ROLE_POLICY].as, 0, e) < 0 ||
	    give_folder(c->top.log_dir, logs, 02770, e) < 0 || give_to_search(c, u, e) < 0 ||
	    give_smtp_logs(c, u->of[ROLE_SMTPD].as, e) < 0 || give_dkim(c, u->of[ROLE_SIGNER].as, e) < 0)
		return -1;
	return give_accounts(c, u, e);
}

/* A folder that was made and never synced, by us or by a forerunner that died, would not last, nor what is in it. */
static int make_last(const char *path, struct err *e)
{
	FD(fd) = -1;

	if (io_mkdirs(path, 0700, e) < 0)
		return -1;
	fd = io_opendir(AT_FDCWD, path, e);
	if (fd < 0)
		return -1;
	return syncfs(fd) < 0 ? err_sys(e, "sync %s", path) : 0;
}

int folders_make(struct conf *c, const struct users *u, struct err *e)
{
	const char *run = arena_fmt(&c->mem, "%s/run", conf_z(c->top.data_dir)).p;
	const char *tls_policy = arena_fmt(&c->mem, "%s/tls-policy", conf_z(c->top.data_dir)).p;
	/* A sandbox lets nobody into a folder that comes later: the index may be made while telltale-search runs. */
	const char *index = arena_fmt(&c->mem, "%s/index", conf_z(c->top.data_dir)).p;
	const struct str folders[] = { c->top.data_dir, str_of(run),        c->top.log_dir, c->top.spool_dir,
				       c->top.mail_dir, str_of(tls_policy), str_of(index) };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (make_last(conf_z(folders[i]), e) < 0)
			return -1;
	return u->apart ? give_all(c, u, run, e) : 0;
}
