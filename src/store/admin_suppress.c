/* `telltale suppress list|add|remove USER@DOMAIN [ADDRESS]`: whom a mailbox's mail could not reach for good. */
#include "base/clock.h"
#include "lookup/suppressed.h"
#include "store/admin.h"

/* The mailbox of words[2], which must be here. */
static int mailbox(struct admin *a, struct str *address)
{
	struct admin_name name = { 0 };
	int status = admin_address(a, a->words[2], false, &name);
	const struct db_value v[] = { DB_NUM(name.domain_id), DB_TEXT(name.local) };
	int64_t id;
	int rc;

	if (status != 0)
		return status;
	*address = arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(name.local), STR_ARG(name.domain));
	rc = db_find(a->store, SQL_ACCOUNT_FIND, v, COUNT(v), &id, &a->err);
	if (rc < 0)
		return admin_broken(a);
	return rc > 0 ? 0 : admin_no(a, "there is no account %.*s", STR_ARG(*address));
}

/* And the address of words[3], as it is kept. */
static int both(struct admin *a, struct str *box, struct str *to)
{
	int status = mailbox(a, box);

	if (status == 0)
		status = admin_target(a, a->words[3], to);
	*to = arena_lower(&a->mem, *to);
	return status;
}

static void put_time(struct json *j, const char *key, int64_t ms)
{
	BUF(b);

	json_key(j, key);
	if (ms == 0) {
		json_none(j);
		return;
	}
	stamp_put_iso(&b, ms / 1000, zone_offset(ms / 1000));
	json_str(j, buf_str(&b));
}

int admin_suppress_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str box = STR("");
	int status = mailbox(a, &box), rc;
	const struct db_value v[] = { DB_TEXT(box), DB_NUM(clock_wall()) };

	if (status != 0)
		return status;
	json_begin_array(&j);
	rc = db_begin(a->store, SQL_SUPPRESS_LIST, v, COUNT(v), &a->err);
	while (rc == 0 && (rc = db_row(a->store, SQL_SUPPRESS_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "address"), json_str(&j, db_text(a->store, SQL_SUPPRESS_LIST, 0));
		put_time(&j, "since", db_num(a->store, SQL_SUPPRESS_LIST, 2));
		put_time(&j, "until", db_num(a->store, SQL_SUPPRESS_LIST, 3));
		json_key(&j, "reason"), json_str(&j, db_text(a->store, SQL_SUPPRESS_LIST, 1));
		json_end_object(&j);
		rc = 0;
	}
	db_end(a->store, SQL_SUPPRESS_LIST);
	json_end_array(&j);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_suppress_add(struct admin *a)
{
	struct str box = STR(""), to = STR("");
	int status = both(a, &box, &to);
	const struct db_value v[] = { DB_TEXT(box), DB_TEXT(to), DB_TEXT(STR("added by the postmaster")),
				      DB_NUM(clock_wall()), DB_NUM(0) };

	if (status != 0)
		return status;
	if (db_do(a->store, SQL_SUPPRESS_SET, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "%.*s does not send to %.*s, where it has suppress=on", STR_ARG(box), STR_ARG(to));
}

int admin_suppress_remove(struct admin *a)
{
	struct str box = STR(""), to = STR("");
	int n, status = both(a, &box, &to);
	const struct db_value v[] = { DB_TEXT(box), DB_TEXT(to) };

	if (status != 0)
		return status;
	n = db_do(a->store, SQL_SUPPRESS_REMOVE, v, COUNT(v), &a->err);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? admin_yes(a, "%.*s may send to %.*s again", STR_ARG(box), STR_ARG(to))
		     : admin_no(a, "%.*s is not on the list of %.*s", STR_ARG(to), STR_ARG(box));
}

int admin_forget_suppressed(struct admin *a, struct str address)
{
	const struct db_value v = DB_TEXT(address);

	return db_do(a->store, SQL_SUPPRESS_REMOVE_ALL, &v, 1, &a->err);
}
