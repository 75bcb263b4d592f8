/* store/db.h - inside of the store: its files, and its statements, prepared once and bound by value.
 *
 *	struct db_value v[] = { DB_NUM(domain), DB_TEXT(name) };
 *	rc = db_begin(s, SQL_ACCOUNT_FIND, v, COUNT(v), e);
 *	while (rc == 0 && (rc = db_row(s, SQL_ACCOUNT_FIND, e)) == 1)
 *		use(db_num(s, SQL_ACCOUNT_FIND, 0));
 *	db_end(s, SQL_ACCOUNT_FIND);
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <sys/stat.h>
#include "store/store.h"

enum db_sql {
#define SQL(name, text) SQL_##name,
#include "store/sql.def"
#undef SQL
	SQL_COUNT
};

/* Each step leads from one user_version to the next; steps are added, never changed. */
struct db_schema {
	const char *const *steps;
	size_t n;
};

struct store {
	sqlite3 *db;
	const struct db_schema *schema;
	sqlite3_stmt *stmt[SQL_COUNT];
	bool reading; /* between store_read() and store_rest() */
	char *path;
	dev_t dev; /* which file that path was */
	ino_t ino;
};

/* Open an existing file, brought up to date; NULL: see *e. */
struct store *db_open(const char *path, const struct db_schema *schema, int busy_ms, struct err *e);
/* Make the file (mode 0600) and its folder, if they are not there. */
int db_make_file(const char *path, struct err *e);

struct db_value {
	bool is_num;
	int64_t num;
	struct str text;
};

#define DB_NUM(n) \
	{ \
		.is_num = true, .num = (n) \
	}
#define DB_TEXT(t) \
	{ \
		.text = (t) \
	}

int db_begin(struct store *s, enum db_sql which, const struct db_value *v, size_t n, struct err *e);
/* 1 a row, 0 no more, -1 failed. */
int db_row(struct store *s, enum db_sql which, struct err *e);
struct str db_text(struct store *s, enum db_sql which, int column); /* until the next row */
int64_t db_num(struct store *s, enum db_sql which, int column);
void db_end(struct store *s, enum db_sql which);

/* A statement without rows: how many it changed, or -1. */
int db_do(struct store *s, enum db_sql which, const struct db_value *v, size_t n, struct err *e);
/* The one number of the first row: 1 and *out, 0 when there is no row, -1. */
int db_find(struct store *s, enum db_sql which, const struct db_value *v, size_t n, int64_t *out, struct err *e);

/* ---- settings.c ---- */

/* The lines of a domain ("@example.com") or a mailbox, appended to out; *delay_notice is as lookup_answer has it, and
 * stays where nothing is set. */
int settings_read(struct store *s, struct str scope, struct buf *out, int64_t *delay_notice, struct err *e);

int db_fail(struct store *s, struct err *e); /* the sentence for what SQLite says now; -1 */

#endif
