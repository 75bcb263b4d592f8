#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "store/db.h"

static const char *const accounts_steps[] = {
	"CREATE TABLE domain (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);"
	"CREATE TABLE account (id INTEGER PRIMARY KEY, domain INTEGER NOT NULL REFERENCES domain (id),"
	" name TEXT NOT NULL, hash TEXT NOT NULL, quota INTEGER NOT NULL, created INTEGER NOT NULL,"
	" UNIQUE (domain, name));"
	"CREATE TABLE alias (id INTEGER PRIMARY KEY, domain INTEGER NOT NULL REFERENCES domain (id),"
	" name TEXT NOT NULL, target TEXT NOT NULL, UNIQUE (domain, name, target));"
	"PRAGMA user_version = 1;",

	"CREATE TABLE setting (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, option TEXT NOT NULL, value TEXT NOT NULL,"
	" UNIQUE (scope, option, value));"
	"PRAGMA user_version = 2;",

	"CREATE TABLE autoreply (address TEXT PRIMARY KEY, subject TEXT NOT NULL, body TEXT NOT NULL,"
	" since INTEGER NOT NULL, until INTEGER NOT NULL, every INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE replied (address TEXT NOT NULL, sender TEXT NOT NULL, at INTEGER NOT NULL,"
	" PRIMARY KEY (address, sender)) WITHOUT ROWID;"
	"CREATE TABLE list (id INTEGER PRIMARY KEY, domain INTEGER NOT NULL REFERENCES domain (id),"
	" name TEXT NOT NULL, owner TEXT NOT NULL, post TEXT NOT NULL, UNIQUE (domain, name));"
	"CREATE TABLE member (list INTEGER NOT NULL REFERENCES list (id), address TEXT NOT NULL,"
	" key TEXT NOT NULL, PRIMARY KEY (list, key)) WITHOUT ROWID;"
	"PRAGMA user_version = 3;",

	"CREATE TABLE srs (id INTEGER PRIMARY KEY, secret TEXT NOT NULL, made INTEGER NOT NULL);"
	"PRAGMA user_version = 4;",

	"CREATE TABLE suppressed (mailbox TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL,"
	" at INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (mailbox, address)) WITHOUT ROWID;"
	"PRAGMA user_version = 5;",

	"CREATE TABLE owner (domain INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,"
	" account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE, PRIMARY KEY (domain, account)) WITHOUT "
	"ROWID;"
	"CREATE INDEX owner_account ON owner (account);"
	"PRAGMA user_version = 6;",

	"CREATE TABLE digested (address TEXT PRIMARY KEY, week INTEGER NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 7;",
};

static const struct db_schema accounts_schema = { accounts_steps, COUNT(accounts_steps) };

static int run(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, e);
}

static int read_version(struct store *s, int *version, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	*version = rc == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	if (rc != SQLITE_ROW)
		db_fail(s, e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Two programs may come here at once: the version is read again under the lock. */
static int upgrade(struct store *s, struct err *e)
{
	int version = 0;

	if (run(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (read_version(s, &version, e) < 0)
		return -1;
	for (; version < (int)s->schema->n; version++)
		if (run(s, s->schema->steps[version], e) < 0)
			return -1;
	return run(s, "COMMIT", e);
}

static int set_up(struct store *s, int busy_ms, struct err *e)
{
	int version = 0;

	sqlite3_busy_timeout(s->db, busy_ms);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", e) < 0)
		return -1;
	if (read_version(s, &version, e) < 0)
		return -1;
	if (version < 0 || version > (int)s->schema->n)
		return err_set(e, "%s was made by another version of telltale (%d)", s->path, version);
	return version == (int)s->schema->n ? 0 : upgrade(s, e);
}

/* Only a file that was not there is made by hand (for its mode): closing a
 * descriptor of a file that SQLite has open would drop SQLite's locks on it. */
int db_make_file(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;
	FD(fd) = -1;

	if (stat(path, &st) == 0)
		return S_ISREG(st.st_mode) ? 0 : err_set(e, "%s is not a file", path);
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	if (slash != NULL && slash != path && (size_t)(slash - path) < sizeof(folder)) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
		if (io_mkdirs(folder, 0700, e) < 0)
			return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd >= 0 || errno == EEXIST ? 0 : err_sys(e, "create %s", path);
}

static int remember_file(struct store *s, struct err *e)
{
	struct stat st;

	if (stat(s->path, &st) < 0)
		return err_sys(e, "%s", s->path);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

struct store *db_open(const char *path, const struct db_schema *schema, int busy_ms, struct err *e)
{
	struct store *s;

	if (access(path, F_OK) < 0) {
		err_sys(e, "%s", path);
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->path = mem_dupz(path);
	s->schema = schema;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		db_fail(s, e);
	} else if (remember_file(s, e) == 0 && set_up(s, busy_ms, e) == 0) {
		return s;
	}
	store_close(s);
	return NULL;
}

struct store *store_open_existing(const char *path, int busy_ms, struct err *e)
{
	return db_open(path, &accounts_schema, busy_ms, e);
}

struct store *store_open(const char *path, int busy_ms, struct err *e)
{
	return db_make_file(path, e) < 0 ? NULL : store_open_existing(path, busy_ms, e);
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < COUNT(s->stmt); i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

bool store_moved(const struct store *s)
{
	struct stat st;

	return stat(s->path, &st) < 0 || st.st_dev != s->dev || st.st_ino != s->ino;
}
