/* The graylist's file: found, written, kept small. */
#include <string.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/graylist.h"

enum { LOCK_MS = 5000, DROP_LEAST = 500 };

static const char *const steps[] = {
	"CREATE TABLE seen (kind TEXT NOT NULL, rcpt TEXT NOT NULL, sender TEXT NOT NULL, network TEXT NOT NULL,"
	" first INTEGER NOT NULL, passed INTEGER NOT NULL, until INTEGER NOT NULL,"
	" PRIMARY KEY (kind, rcpt, sender, network)) WITHOUT ROWID;"
	"CREATE INDEX seen_age ON seen ((passed > 0), until) WHERE kind <> 'd';"
	"CREATE TABLE total (n INTEGER NOT NULL);"
	"INSERT INTO total VALUES (0);"
	"PRAGMA user_version = 1;",
};
static const struct db_schema schema = { steps, COUNT(steps) };

const char *gray_path(const char *accounts, struct arena *a)
{
	struct str path = str_of(accounts);

	return arena_fmt(a, "%.*sgraylist.db", STR_ARG(str_take(path, (size_t)(str_rchr(path, '/') + 1)))).p;
}

struct store *gray_open(const char *path, int busy_ms, struct err *e)
{
	struct store *s = db_open(path, &schema, busy_ms, e);

	/* What a flood made of the write-ahead log does not stay on the disk. */
	if (s != NULL)
		(void)sqlite3_exec(s->db, "PRAGMA journal_size_limit = 16777216", NULL, NULL, NULL);
	return s;
}

/* The parts of an id, as values of its statements. */
static void bind_id(struct str id, struct db_value v[4])
{
	struct str rest = str_skip(id, 1);

	v[0] = (struct db_value)DB_TEXT(str_take(id, 1));
	for (int i = 1; i < 4; i++) {
		struct str part;

		str_cut(rest, STR("\n"), &part, &rest);
		v[i] = (struct db_value)DB_TEXT(part);
	}
}

static int find(struct store *s, struct str id, struct gray_row *out, struct err *e)
{
	struct db_value v[4];
	int rc;

	bind_id(id, v);
	*out = (struct gray_row){ 0 };
	rc = db_begin(s, SQL_GRAY_FIND, v, COUNT(v), e);
	if (rc == 0)
		rc = db_row(s, SQL_GRAY_FIND, e);
	if (rc == 1) {
		out->first = db_num(s, SQL_GRAY_FIND, 0);
		out->passed = db_num(s, SQL_GRAY_FIND, 1);
		out->until = db_num(s, SQL_GRAY_FIND, 2);
	}
	db_end(s, SQL_GRAY_FIND);
	return rc;
}

int gray_find(struct store *s, const struct gray_id *id, struct gray_row *out, struct err *e)
{
	return find(s, str_mem(id->text, id->n), out, e);
}

/* How many entries more there are now, or -1. */
static int put(struct store *s, const struct gray_change *x, struct err *e)
{
	struct db_value v[7];
	struct gray_row row;
	int known = find(s, x->id, &row, e);

	if (known < 0)
		return -1;
	gray_merge(&row, &x->row);
	bind_id(x->id, v);
	v[4] = (struct db_value)DB_NUM(row.first);
	v[5] = (struct db_value)DB_NUM(row.passed);
	v[6] = (struct db_value)DB_NUM(row.until);
	if (db_do(s, known ? SQL_GRAY_SET : SQL_GRAY_ADD, v, COUNT(v), e) < 0)
		return -1;
	return known ? 0 : 1;
}

/* Remove entries until that moment, at most so many: how many it were, or -1. */
static int64_t drop(struct store *s, bool passed, int64_t until, int64_t most, struct err *e)
{
	const struct db_value v[] = { DB_NUM(passed), DB_NUM(until), DB_NUM(most) };

	return most > 0 ? db_do(s, SQL_GRAY_DROP, v, COUNT(v), e) : 0;
}

/* Some of what is over, then what is too much: *total is what is left. */
static int clean(struct store *s, int64_t now, int64_t most, int64_t budget, int64_t *total, struct err *e)
{
	for (int round = 0; round < 4; round++) {
		bool too_many = round >= 2;
		int64_t n = too_many ? *total - most : budget;

		n = drop(s, round % 2 == 1, too_many ? INT64_MAX : now, n < budget ? n : budget, e);
		if (n < 0)
			return -1;
		*total -= n;
		budget -= n;
	}
	return 0;
}

static int write_all(struct store *s, const struct gray_batch *b, int64_t most, int64_t now, struct err *e)
{
	int64_t before = 0, total;
	struct db_value more;

	if (db_find(s, SQL_GRAY_TOTAL, NULL, 0, &before, e) < 0)
		return -1;
	total = before;
	for (const struct gray_change *x = b->first; x != NULL; x = x->next) {
		int n = put(s, x, e);

		if (n < 0)
			return -1;
		total += n;
	}
	if (clean(s, now, most, DROP_LEAST + 2 * (int64_t)b->n, &total, e) < 0)
		return -1;
	more = (struct db_value)DB_NUM(total - before);
	return db_do(s, SQL_GRAY_COUNT, &more, 1, e) < 0 ? -1 : 0;
}

int gray_write(const char *path, const struct gray_batch *b, size_t most, int64_t now, struct err *e)
{
	struct store *s = db_make_file(path, e) < 0 ? NULL : gray_open(path, LOCK_MS, e);
	int rc = -1;

	if (s != NULL && db_do(s, SQL_BEGIN, NULL, 0, e) >= 0 && write_all(s, b, (int64_t)most, now, e) == 0 &&
	    db_do(s, SQL_COMMIT, NULL, 0, e) >= 0)
		rc = 0;
	store_close(s); /* what was not committed is undone */
	return rc;
}

/* ---- import ---- */

/* "RCPT\tSENDER\tfirst\tpassed\tuntil" */
static bool read_entry(struct str line, struct gray_key *key, struct gray_row *row)
{
	uint64_t n[3];
	struct str part;

	*key = (struct gray_key){ 0 };
	if (!str_cut(line, STR("\t"), &key->rcpt, &line) || !str_cut(line, STR("\t"), &key->sender, &line))
		return false;
	for (int i = 0; i < 3; i++) {
		bool more = str_cut(line, STR("\t"), &part, &line);

		if (more != (i < 2) || !str_u64(part, INT64_MAX, &n[i]))
			return false;
	}
	*row = (struct gray_row){ .first = (int64_t)n[0], .passed = (int64_t)n[1], .until = (int64_t)n[2] };
	return key->rcpt.n > 0 && row->first > 0 && row->until > 0;
}

static bool read_import(struct gray_batch *b, struct str domains, struct str entries)
{
	struct gray_key key = { 0 };
	struct gray_row row = { .first = 1, .until = INT64_MAX };
	struct gray_id id;

	while (domains.n > 0 && b->n < GRAY_IMPORT_MAX) {
		str_cut(domains, STR("\n"), &key.rcpt, &domains);
		gray_id(&id, GRAY_DOMAIN, &key);
		gray_batch_add(b, &id, &row);
	}
	while (entries.n > 0 && b->n < GRAY_IMPORT_MAX) {
		struct str line;

		str_cut(entries, STR("\n"), &line, &entries);
		if (!read_entry(line, &key, &row))
			return false;
		gray_id(&id, GRAY_PAIR, &key);
		gray_batch_add(b, &id, &row);
	}
	return domains.n == 0 && entries.n == 0;
}

void gray_import(const char *path, struct str domains, struct str entries, struct store_done *out)
{
	struct gray_batch *b = gray_batch_new();
	struct err e = { 0 };

	*out = (struct store_done){ .status = 1 };
	if (!read_import(b, domains, entries))
		buf_adds(&out->message, "the entries are malformed, or too many at once");
	else if (gray_write(path, b, GRAY_MOST, clock_wall(), &e) < 0)
		buf_fmt(&out->message, "the graylist cannot be written: %s", e.text);
	else
		out->status = 0;
	gray_batch_free(b);
}
