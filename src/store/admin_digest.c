/* `telltale digest on|off|show|list|note`: who gets a letter each week about what was refused for him, and up to which
 * week he has (lookup/own.h).  It is the option `digest` of his mailbox. */
#include "base/clock.h"
#include "lookup/own.h"
#include "store/admin.h"

enum { LIST_MOST = 100 /* in one answer: ask on behind the last one */ };

/* "account set USER@DOMAIN digest=..." */
static int set(struct admin *a, const char *word)
{
	struct str box = STR("");
	size_t n;
	int status = admin_mailbox(a, &box);

	if (status != 0)
		return status;
	a->words[3] = str_of(word);
	a->n = 4;
	return admin_set(a, box, 3, &n);
}

int admin_digest_on(struct admin *a)
{
	int status = set(a, "digest=weekly");

	return status != 0 ? status
			   : admin_yes(a, "%.*s is told each Monday what was refused for it", STR_ARG(a->words[2]));
}

int admin_digest_off(struct admin *a)
{
	int status = set(a, "digest=off");

	return status != 0 ? status : admin_yes(a, "%.*s gets no digest", STR_ARG(a->words[2]));
}

int admin_digest_show(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str box = STR("");
	int rc, status = admin_mailbox(a, &box);
	const struct db_value v[] = { DB_TEXT(box), DB_TEXT(STR("digest")), DB_TEXT(STR("weekly")) };
	int64_t one;

	if (status != 0)
		return status;
	rc = db_find(a->store, SQL_SETTING_IS, v, COUNT(v), &one, &a->err);
	if (rc < 0)
		return admin_broken(a);
	json_begin_object(&j);
	json_key(&j, "mailbox"), json_str(&j, box);
	json_key(&j, "on"), json_bool(&j, rc > 0);
	json_end_object(&j);
	return 0;
}

static int put_domains(struct admin *a, struct json *j, int64_t account)
{
	const struct db_value v = DB_NUM(account);
	int rc = db_begin(a->store, SQL_OWNER_DOMAINS, &v, 1, &a->err);

	json_key(j, "domains"), json_begin_array(j);
	for (size_t n = 0; n < OWN_DOMAINS_MAX && rc == 0 && (rc = db_row(a->store, SQL_OWNER_DOMAINS, &a->err)) == 1;
	     n++, rc = 0)
		json_str(j, db_text(a->store, SQL_OWNER_DOMAINS, 0));
	json_end_array(j);
	db_end(a->store, SQL_OWNER_DOMAINS);
	return rc < 0 ? -1 : 0;
}

int admin_digest_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	const struct db_value v[] = { DB_TEXT(a->n > 2 ? a->words[2] : STR("")), DB_NUM(LIST_MOST) };
	int rc = db_begin(a->store, SQL_DIGEST_NEXT, v, COUNT(v), &a->err);

	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_DIGEST_NEXT, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "mailbox"), json_str(&j, db_text(a->store, SQL_DIGEST_NEXT, 0));
		json_key(&j, "week"), json_num(&j, db_num(a->store, SQL_DIGEST_NEXT, 1));
		rc = put_domains(a, &j, db_num(a->store, SQL_DIGEST_NEXT, 2));
		json_end_object(&j);
	}
	json_end_array(&j);
	db_end(a->store, SQL_DIGEST_NEXT);
	return rc < 0 ? admin_broken(a) : 0;
}

/* It was told of all weeks up to that one. */
int admin_digest_note(struct admin *a)
{
	struct str box = STR("");
	uint64_t week;
	int status = admin_mailbox(a, &box);

	if (status == 0 && !str_u64(a->words[3], 1000000, &week))
		status = admin_no(a, "\"%.*s\" is no number of a week", STR_ARG(str_take(a->words[3], 40)));
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_TEXT(box), DB_NUM((int64_t)week) };

	return db_do(a->store, SQL_DIGEST_NOTE, v, COUNT(v), &a->err) < 0 ? admin_broken(a) : 0;
}

int admin_forget_digest(struct admin *a, struct str address)
{
	const struct db_value v = DB_TEXT(address);

	return db_do(a->store, SQL_DIGEST_FORGET, &v, 1, &a->err);
}
