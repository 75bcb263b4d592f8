/* `telltale suppress list|add|remove USER@DOMAIN [ADDRESS]`: whom a mailbox's mail could not reach for good. */
#include "base/clock.h"
#include "lookup/suppressed.h"
#include "store/admin.h"

/* And the address of words[3], as it is kept. */
static int both(struct admin *a, struct str *box, struct str *to)
{
	int status = admin_mailbox(a, box);

	if (status == 0)
		status = admin_target(a, a->words[3], to);
	*to = arena_lower(&a->mem, *to);
	return status;
}

int admin_suppress_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str box = STR("");
	int status = admin_mailbox(a, &box), rc;
	const struct db_value v[] = { DB_TEXT(box), DB_NUM(clock_wall()) };

	if (status != 0)
		return status;
	json_begin_array(&j);
	rc = db_begin(a->store, SQL_SUPPRESS_LIST, v, COUNT(v), &a->err);
	while (rc == 0 && (rc = db_row(a->store, SQL_SUPPRESS_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "address"), json_str(&j, db_text(a->store, SQL_SUPPRESS_LIST, 0));
		admin_put_time(&j, "since", db_num(a->store, SQL_SUPPRESS_LIST, 2));
		admin_put_time(&j, "until", db_num(a->store, SQL_SUPPRESS_LIST, 3));
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
