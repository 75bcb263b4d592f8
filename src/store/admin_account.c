#include "base/clock.h"
#include "store/admin.h"

struct account {
	struct admin_name name;
	int64_t id; /* 0: not here */
};

static struct str scope_of(struct admin *a, const struct account *x)
{
	return arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(x->name.local), STR_ARG(x->name.domain));
}

static int find(struct admin *a, struct account *out)
{
	int status = admin_address(a, a->words[2], false, &out->name);
	const struct db_value v[] = { DB_NUM(out->name.domain_id), DB_TEXT(out->name.local) };

	out->id = 0;
	if (status != 0)
		return status;
	return db_find(a->store, SQL_ACCOUNT_FIND, v, COUNT(v), &out->id, &a->err) < 0 ? admin_broken(a) : 0;
}

static int existing(struct admin *a, struct account *out)
{
	int status = find(a, out);

	if (status != 0 || out->id != 0)
		return status;
	return admin_no(a, "there is no account %.*s@%.*s", STR_ARG(out->name.local), STR_ARG(out->name.domain));
}

/* A name is either a mailbox or an alias: the other could never be reached. */
static int must_be_free(struct admin *a, const struct account *x)
{
	const struct db_value v[] = { DB_NUM(x->name.domain_id), DB_TEXT(x->name.local) };
	int rc;

	if (x->id != 0)
		return admin_no(a, "the account %.*s@%.*s is already here", STR_ARG(x->name.local),
				STR_ARG(x->name.domain));
	rc = db_begin(a->store, SQL_ALIAS_TARGETS, v, COUNT(v), &a->err);
	if (rc == 0)
		rc = db_row(a->store, SQL_ALIAS_TARGETS, &a->err);
	db_end(a->store, SQL_ALIAS_TARGETS);
	if (rc < 0)
		return admin_broken(a);
	return rc == 0 ? 0
		       : admin_no(a, "%.*s@%.*s is an alias: remove it first", STR_ARG(x->name.local),
				  STR_ARG(x->name.domain));
}

int admin_account_add(struct admin *a)
{
	struct account x = { 0 };
	int status = find(a, &x);

	if (status == 0)
		status = must_be_free(a, &x);
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_NUM(x.name.domain_id), DB_TEXT(x.name.local), DB_TEXT(a->hash),
				      DB_NUM(a->quota), DB_NUM(clock_wall() / 1000) };

	if (db_do(a->store, SQL_ACCOUNT_ADD, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the account %.*s@%.*s is added", STR_ARG(x.name.local), STR_ARG(x.name.domain));
}

int admin_account_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str domain = STR("");
	int64_t id = 0;
	int status = a->n > 2 ? admin_domain(a, a->words[2], &domain, &id) : 0, rc;
	const struct db_value v = DB_TEXT(domain);

	if (status != 0)
		return status;
	if (a->n > 2 && id == 0)
		return admin_no(a, "the domain %.*s is not here", STR_ARG(domain));
	rc = db_begin(a->store, SQL_ACCOUNT_LIST, &v, 1, &a->err);
	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_ACCOUNT_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "account"), json_str(&j, db_text(a->store, SQL_ACCOUNT_LIST, 0));
		json_key(&j, "quota"), json_num(&j, db_num(a->store, SQL_ACCOUNT_LIST, 1));
		rc = admin_show_settings(a, &j, db_text(a->store, SQL_ACCOUNT_LIST, 0)) == 0 ? 0 : -1;
		json_end_object(&j);
	}
	json_end_array(&j);
	db_end(a->store, SQL_ACCOUNT_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_account_show(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct account x = { 0 };
	int status = existing(a, &x);
	const struct db_value v[] = { DB_TEXT(x.name.domain), DB_TEXT(x.name.local) };
	int64_t quota = 0;

	if (status != 0)
		return status;
	if (db_find(a->store, SQL_ACCOUNT_LIMIT, v, COUNT(v), &quota, &a->err) < 0)
		return admin_broken(a);
	json_begin_object(&j);
	json_key(&j, "account"), json_str(&j, scope_of(a, &x));
	json_key(&j, "quota"), json_num(&j, quota);
	status = admin_show_settings(a, &j, scope_of(a, &x));
	json_end_object(&j);
	return status;
}

static int set_quota(struct admin *a, const struct account *x)
{
	const struct db_value v[] = { DB_NUM(x->id), DB_NUM(a->quota) };

	return db_do(a->store, SQL_ACCOUNT_QUOTA, v, COUNT(v), &a->err) < 0 ? admin_broken(a) : 0;
}

static int say_set(struct admin *a, const struct account *x, size_t settings)
{
	struct str who = scope_of(a, x), quota = STR("");

	if (a->has_quota && a->quota > 0)
		quota = arena_fmt(&a->mem, "a quota of %lld bytes", (long long)a->quota);
	else if (a->has_quota)
		quota = STR("no quota (0)");
	if (settings == 0)
		return admin_yes(a, "%.*s has %.*s", STR_ARG(who), STR_ARG(quota));
	return admin_yes(a, "%zu setting%s of %.*s %s changed%s%.*s", settings, settings == 1 ? "" : "s", STR_ARG(who),
			 settings == 1 ? "is" : "are", quota.n > 0 ? ", and it has " : "", STR_ARG(quota));
}

int admin_account_set(struct admin *a)
{
	struct account x = { 0 };
	size_t settings = 0;
	int status = existing(a, &x);

	if (status == 0 && a->has_quota)
		status = set_quota(a, &x);
	if (status == 0)
		status = admin_set(a, scope_of(a, &x), 3, &settings);
	return status != 0 ? status : say_set(a, &x, settings);
}

int admin_account_passwd(struct admin *a)
{
	struct account x = { 0 };
	int status = existing(a, &x);
	const struct db_value v[] = { DB_NUM(x.id), DB_TEXT(a->hash) };

	if (status != 0)
		return status;
	if (db_do(a->store, SQL_ACCOUNT_HASH, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the password of %.*s@%.*s is changed", STR_ARG(x.name.local), STR_ARG(x.name.domain));
}

int admin_account_remove(struct admin *a)
{
	struct account x = { 0 };
	int status = existing(a, &x);
	const struct db_value v = DB_NUM(x.id);

	if (status == 0)
		status = admin_forget_settings(a, scope_of(a, &x));
	if (status == 0 &&
	    (admin_forget_autoreply(a, scope_of(a, &x)) < 0 || admin_forget_suppressed(a, scope_of(a, &x)) < 0 ||
	     admin_forget_digest(a, scope_of(a, &x)) < 0))
		status = admin_broken(a);
	if (status != 0)
		return status;
	if (db_do(a->store, SQL_ACCOUNT_REMOVE, &v, 1, &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the account %.*s@%.*s is removed; its mail stays on the disk", STR_ARG(x.name.local),
			 STR_ARG(x.name.domain));
}
