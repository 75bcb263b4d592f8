#include "store/db.h"

static const char *const texts[] = {
#define SQL(name, text) [SQL_##name] = text,
#include "store/sql.def"
#undef SQL
};

int db_fail(struct store *s, struct err *e)
{
	return err_set(e, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

int db_begin(struct store *s, enum db_sql which, const struct db_value *v, size_t n, struct err *e)
{
	sqlite3_stmt *st = s->stmt[which];
	int code = SQLITE_OK;

	if (st == NULL) {
		if (sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
			return db_fail(s, e);
		s->stmt[which] = st;
	}
	for (size_t i = 0; i < n && code == SQLITE_OK; i++) {
		if (v[i].is_num)
			code = sqlite3_bind_int64(st, (int)i + 1, v[i].num);
		else
			code = sqlite3_bind_text64(st, (int)i + 1, v[i].text.n > 0 ? v[i].text.p : "", v[i].text.n,
						   SQLITE_TRANSIENT, SQLITE_UTF8);
	}
	return code == SQLITE_OK ? 0 : db_fail(s, e);
}

int db_row(struct store *s, enum db_sql which, struct err *e)
{
	int code = sqlite3_step(s->stmt[which]);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : db_fail(s, e);
}

struct str db_text(struct store *s, enum db_sql which, int column)
{
	const unsigned char *p = sqlite3_column_text(s->stmt[which], column);

	return str_mem(p, (size_t)sqlite3_column_bytes(s->stmt[which], column));
}

int64_t db_num(struct store *s, enum db_sql which, int column)
{
	return sqlite3_column_int64(s->stmt[which], column);
}

void db_end(struct store *s, enum db_sql which)
{
	if (s->stmt[which] == NULL)
		return;
	sqlite3_reset(s->stmt[which]);
	sqlite3_clear_bindings(s->stmt[which]);
}

int db_do(struct store *s, enum db_sql which, const struct db_value *v, size_t n, struct err *e)
{
	int rc = db_begin(s, which, v, n, e);

	if (rc == 0)
		rc = db_row(s, which, e);
	db_end(s, which);
	return rc < 0 ? -1 : sqlite3_changes(s->db);
}

int db_find(struct store *s, enum db_sql which, const struct db_value *v, size_t n, int64_t *out, struct err *e)
{
	int rc = db_begin(s, which, v, n, e);

	if (rc == 0)
		rc = db_row(s, which, e);
	if (rc == 1)
		*out = db_num(s, which, 0);
	db_end(s, which);
	return rc;
}
