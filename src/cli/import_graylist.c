/* spamdyke keeps a file per pair: DIR/RCPT-DOMAIN/RCPT-USER/SENDER-DOMAIN/SENDER-USER, _none/_none for the null path
 * (LOG-FORMATS 1.8).  An empty one was put off at the time of its last change, another one passed last then. */
#include "cli/import_graylist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/utf8.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "store/graylist.h"

enum { CONNECT_MS = 5000, ANSWER_MS = 60000, BATCH = 2000, BATCH_BYTES = IPC_LIMIT / 2 };
enum { NAMED = 10 };
enum { DOMAINS, USERS, SENDERS, FILES, LEVELS };

struct import {
	const char *dir;
	struct ipc_conn server; /* fd -1: none runs, the file is written */
	const char *path;
	int64_t now, keep;           /* ms */
	const char *way[LEVELS + 1]; /* the names down to where we are */
	struct buf domains, entries; /* not brought yet */
	size_t waiting;
	size_t ndomains, nentries, nold, nunread;
	struct err e; /* why it cannot go on */
};

/* ---- bringing ---- */

static int ask_server(struct import *m, struct store_done *out)
{
	struct lookup_gray_import question = { buf_str(&m->domains), buf_str(&m->entries) };
	int64_t deadline = deadline_in(ANSWER_MS);
	struct ipc_frame f = { .fd = -1 };
	struct lookup_done done;
	int rc = ipc_send(&m->server, &lookup_gray_import_type, 1, &question, -1, deadline, &m->e);

	if (rc == 0)
		rc = ipc_recv(&m->server, &f, deadline, &m->e);
	if (rc == 0 && f.type != lookup_done_number)
		rc = err_set(&m->e, "something else was answered");
	if (rc == 0)
		rc = ipc_unpack(f.body, &lookup_done_type, &done, &m->e);
	if (rc == 0) {
		out->status = (int)done.status;
		buf_addstr(&out->message, done.message);
	}
	fd_clear(&f.fd);
	return rc;
}

static void show_progress(const struct import *m)
{
	if (isatty(2))
		fprintf(stderr, "\r%zu entries of %zu domains", m->nentries, m->ndomains);
}

static int bring(struct import *m)
{
	struct store_done done = { 0 };
	int rc = 0;

	if (m->waiting == 0)
		return 0;
	if (m->server.fd >= 0)
		rc = ask_server(m, &done);
	else
		gray_import(m->path, buf_str(&m->domains), buf_str(&m->entries), &done);
	if (rc == 0 && done.status != 0)
		rc = err_set(&m->e, "%.*s", STR_ARG(str_take(buf_str(&done.message), 200)));
	store_done_clear(&done);
	buf_reset(&m->domains);
	buf_reset(&m->entries);
	m->waiting = 0;
	show_progress(m);
	return rc;
}

static int count(struct import *m)
{
	m->waiting++;
	return m->waiting < BATCH && m->domains.n + m->entries.n < BATCH_BYTES ? 0 : bring(m);
}

static int add_domain(struct import *m, const char *name)
{
	m->ndomains++;
	buf_fmt(&m->domains, "%s\n", name);
	return count(m);
}

/* In older graylists the whole address is the name of a file where later ones have the sender's domain. */
static int add_file(struct import *m, int level, const char *name, const struct stat *st)
{
	int64_t at = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;

	if (at <= 0 || at + m->keep <= m->now) {
		m->nold++;
		return 0;
	}
	m->nentries++;
	buf_fmt(&m->entries, "%s@%s\t", m->way[USERS + 1], m->way[DOMAINS + 1]);
	if (level == SENDERS && strchr(name, '@') != NULL)
		buf_adds(&m->entries, name);
	else if (level == FILES && strcmp(m->way[SENDERS + 1], "_none") != 0)
		buf_fmt(&m->entries, "%s@%s", name, m->way[SENDERS + 1]);
	buf_fmt(&m->entries, "\t%lld\t%lld\t%lld\n", (long long)at, st->st_size > 0 ? (long long)at : 0LL,
		(long long)(at + m->keep));
	return count(m);
}

/* ---- the folders ---- */

/* It would break a line. */
static bool bad_name(const char *name)
{
	for (; *name != '\0'; name++)
		if (!ascii_isprint(*name))
			return true;
	return false;
}

static int walk(struct import *m, int level, int fd);

/* The first ones are named: somebody has to look at them. */
static void unread(struct import *m, int level, const char *name)
{
	BUF(path);
	BUF(safe);

	if (m->nunread++ >= NAMED)
		return;
	buf_adds(&path, m->dir);
	for (int i = 1; i <= level; i++)
		buf_fmt(&path, "/%s", m->way[i]);
	buf_fmt(&path, "/%s", name);
	utf8_show(&safe, buf_str(&path));
	fprintf(stderr, "%stelltale: not read: %s\n", isatty(2) ? "\r" : "", buf_z(&safe));
}

/* No link is followed: a graylist has none. */
static int take(struct import *m, int level, int dir, const char *name)
{
	struct stat st;
	int fd;

	if (bad_name(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		unread(m, level, name);
		return 0;
	}
	if (S_ISREG(st.st_mode) && (level == FILES || (level == SENDERS && (strchr(name, '@') || name[0] == '_'))))
		return add_file(m, level, name, &st);
	fd = S_ISDIR(st.st_mode) && level < FILES ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
						  : -1;
	if (fd < 0) {
		unread(m, level, name);
		return 0;
	}
	m->way[level + 1] = name;
	if (level == DOMAINS && add_domain(m, name) < 0) {
		close(fd);
		return -1;
	}
	return walk(m, level + 1, fd);
}

/* Takes the descriptor. */
static int walk(struct import *m, int level, int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *x = NULL;
	int rc = 0;

	if (d == NULL) {
		close(fd);
		return err_sys(&m->e, "read a folder");
	}
	while (rc == 0 && (errno = 0, x = readdir(d)) != NULL)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			rc = take(m, level, dirfd(d), x->d_name);
	if (rc == 0 && errno != 0)
		m->nunread++;
	closedir(d);
	return rc;
}

/* ---- all of it ---- */

static int work(struct import *m)
{
	int fd = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(&m->e, "%s", m->dir);
	return walk(m, DOMAINS, fd) < 0 ? -1 : bring(m);
}

static void tell(const struct import *m, bool json)
{
	BUF(out);
	struct json j = json_to(&out);

	fprintf(stderr,
		"%stelltale: %zu entries of %zu domains are in the graylist; %zu were too old, %zu could not be read\n",
		isatty(2) ? "\r" : "", m->nentries, m->ndomains, m->nold, m->nunread);
	if (!json)
		return;
	json_begin_object(&j);
	json_key(&j, "entries"), json_num(&j, (int64_t)m->nentries);
	json_key(&j, "domains"), json_num(&j, (int64_t)m->ndomains);
	json_key(&j, "old"), json_num(&j, (int64_t)m->nold);
	json_key(&j, "unreadable"), json_num(&j, (int64_t)m->nunread);
	json_end_object(&j);
	printf("%s\n", buf_z(&out));
}

static int connect_to(struct import *m, struct conf *c)
{
	int fd = ipc_connect(proc_socket(c, "lookup.ctl"), deadline_in(CONNECT_MS), &m->e);

	m->server.fd = -1;
	if (fd >= 0)
		ipc_conn_init(&m->server, fd);
	else if (m->e.code != ENOENT && m->e.code != ECONNREFUSED)
		return -1;
	return 0;
}

int import_graylist(struct conf *c, const char *dir, bool json)
{
	struct import m = { .dir = dir, .now = clock_wall(), .keep = c->gate.graylist_max_secs * 1000 };
	int code = CLI_DONE;

	m.path = gray_path(conf_z(c->accounts.sqlite), &c->mem);
	if (connect_to(&m, c) < 0 || work(&m) < 0)
		code = args_fail(CLI_NO, "%s", m.e.text);
	else
		tell(&m, json);
	if (m.server.fd >= 0)
		ipc_conn_clear(&m.server);
	buf_clear(&m.domains);
	buf_clear(&m.entries);
	return code == CLI_DONE && m.nunread > 0 ? CLI_AMBIGUOUS : code;
}
