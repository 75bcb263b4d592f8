#include "store/login.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "store/db.h"
#include "store/password.h"

/* What a password is held against when there is no account at all: yescrypt as password_hash() makes it. */
static const char nobody[] = "$y$j9T$Y7VVkTXMbZX1pnBc9IAmK/$Rgb8IpUyBbwo1gFt0VSFldpL6c14yg74JiL3zU6EGx6";

static int read_hash(struct store *s, enum db_sql which, const struct db_value *v, size_t n, struct buf *hash,
		     struct err *e)
{
	int rc = db_begin(s, which, v, n, e);

	if (rc == 0)
		rc = db_row(s, which, e);
	if (rc == 1)
		buf_addstr(hash, db_text(s, which, 0));
	db_end(s, which);
	return rc;
}

/* 1 and its hash when that mailbox exists, 0, -1. */
static int find_account(struct store *s, struct str key, struct buf *hash, struct err *e)
{
	ptrdiff_t at = str_rchr(key, '@');
	const struct db_value v[] = { DB_TEXT(str_skip(key, (size_t)(at + 1))),
				      DB_TEXT(str_take(key, at < 0 ? 0 : (size_t)at)) };

	return read_hash(s, SQL_ACCOUNT_LOGIN, v, COUNT(v), hash, e);
}

/* A hash that is not this name's, and always the same for it. */
static int find_stranger(struct store *s, struct str key, struct buf *hash, struct err *e)
{
	static const uint64_t fixed[2] = { 0x746f206265206e6f, 0x626f647920656c73 };
	struct db_value v = DB_NUM((int64_t)(hash_keyed(key, fixed) >> 1));
	int rc;

	buf_reset(hash);
	rc = read_hash(s, SQL_ACCOUNT_ANY, &v, 1, hash, e);
	if (rc >= 0 && !password_checkable(buf_str(hash))) {
		buf_reset(hash);
		buf_adds(hash, nobody);
	}
	return rc;
}

void store_login(struct store *s, struct str user, struct str password, struct store_login *out, struct err *e)
{
	enum password fits;
	bool mine;
	int known;
	ARENA(mem);
	BUF(hash);
	struct str key = arena_lower(&mem, user);

	*out = (struct store_login){ .result = LOGIN_TEMPORARY };
	known = find_account(s, key, &hash, e);
	mine = known == 1 && password_checkable(buf_str(&hash));
	if (known < 0 || (!mine && find_stranger(s, key, &hash, e) < 0))
		return;
	if (known == 1)
		snprintf(out->account, sizeof(out->account), "%.*s", STR_ARG(key));
	fits = password_check(buf_str(&hash), password);
	explicit_bzero(hash.p, hash.n);
	if (fits == PASSWORD_UNKNOWN)
		err_set(e, "a password's hash cannot be checked now (is there too little memory?)");
	else
		out->result = mine && fits == PASSWORD_FITS ? LOGIN_YES : LOGIN_NO;
}
