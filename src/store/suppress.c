/* Addresses at which a mailbox's mail failed for good: kept where the mailbox or its domain has suppress=on. */
#include "base/clock.h"
#include "base/conf.h"
#include "lookup/suppressed.h"
#include "store/db.h"

enum {
	KNOWN_MOST = 20000, /* of one mailbox: nothing is added beyond */
	ADDRESS_MOST = 320,
	REASON_MOST = 200
};
#define MONTH (INT64_C(30) * 86400 * 1000)

/* How long an entry stays, ms; 0: the list is not in use; -1. */
static int64_t keeps(struct store *s, struct str mailbox, struct err *e)
{
	ptrdiff_t at = str_rchr(mailbox, '@');
	const struct db_value v[] = { DB_TEXT(mailbox), DB_TEXT(str_skip(mailbox, at < 0 ? mailbox.n : (size_t)at)) };
	int64_t ms = 0;
	int rc = db_begin(s, SQL_SUPPRESS_SETTING, v, COUNT(v), e);

	if (rc == 0)
		rc = db_row(s, SQL_SUPPRESS_SETTING, e);
	if (rc == 1 && str_eqz(db_text(s, SQL_SUPPRESS_SETTING, 0), "on"))
		ms = MONTH;
	else if (rc == 1 && !conf_duration(db_text(s, SQL_SUPPRESS_SETTING, 0), &ms))
		ms = 0;
	db_end(s, SQL_SUPPRESS_SETTING);
	return rc < 0 ? -1 : ms;
}

int store_suppressed(struct store *s, struct str mailbox, struct str address, struct arena *a, struct suppressed *out,
		     struct err *e)
{
	struct str box = arena_lower(a, mailbox), to = arena_lower(a, address);
	const struct db_value v[] = { DB_TEXT(box), DB_TEXT(to), DB_NUM(clock_wall()) };
	int64_t ms = keeps(s, box, e);
	int rc;

	if (ms <= 0)
		return (int)ms;
	rc = db_begin(s, SQL_SUPPRESS_FIND, v, COUNT(v), e);
	if (rc == 0)
		rc = db_row(s, SQL_SUPPRESS_FIND, e);
	if (rc == 1)
		*out = (struct suppressed){ .reason = arena_str(a, db_text(s, SQL_SUPPRESS_FIND, 0)),
					    .since = db_num(s, SQL_SUPPRESS_FIND, 1),
					    .until = db_num(s, SQL_SUPPRESS_FIND, 2) };
	db_end(s, SQL_SUPPRESS_FIND);
	return rc;
}

static int put(struct store *s, struct str box, struct str to, struct str reason, int64_t ms, struct err *e)
{
	int64_t now = clock_wall(), known = 0;
	const struct db_value old[] = { DB_TEXT(box), DB_NUM(now) };
	const struct db_value v[] = { DB_TEXT(box), DB_TEXT(to), DB_TEXT(reason), DB_NUM(now), DB_NUM(now + ms) };

	if (db_do(s, SQL_SUPPRESS_FORGET, old, COUNT(old), e) < 0 ||
	    db_find(s, SQL_SUPPRESS_COUNT, old, 1, &known, e) < 0)
		return -1;
	if (known >= KNOWN_MOST)
		return 0;
	return db_do(s, SQL_SUPPRESS_SET, v, COUNT(v), e) < 0 ? -1 : 1;
}

int store_suppress(struct store *s, struct str mailbox, struct str address, struct str reason, struct err *e)
{
	ARENA(mem);
	struct str box = arena_lower(&mem, mailbox), to = arena_lower(&mem, address);
	int64_t ms = keeps(s, box, e);
	int rc;

	if (ms <= 0 || to.n > ADDRESS_MOST)
		return ms < 0 ? -1 : 0;
	if (db_do(s, SQL_BEGIN, NULL, 0, e) < 0)
		return -1;
	rc = put(s, box, to, str_take(reason, REASON_MOST), ms, e);
	if (rc >= 0 && db_do(s, SQL_COMMIT, NULL, 0, e) >= 0)
		return rc;
	db_do(s, SQL_ROLLBACK, NULL, 0, NULL);
	return -1;
}
