#include "base/clock.h"
#include "base/json.h"
#include "store/admin.h"

/* A domain and how much there is of it. */
struct domain {
	struct str name;
	int64_t id, accounts, aliases;
};

static int count(struct admin *a, enum db_sql which, int64_t domain, int64_t *out)
{
	const struct db_value v = DB_NUM(domain);

	return db_find(a->store, which, &v, 1, out, &a->err) < 0 ? admin_broken(a) : 0;
}

/* A domain that must be here. */
static int existing(struct admin *a, struct str *name, int64_t *id)
{
	int status = admin_domain(a, a->words[2], name, id);

	if (status != 0)
		return status;
	return *id != 0 ? 0 : admin_no(a, "the domain %.*s is not here", STR_ARG(*name));
}

static int look_at(struct admin *a, struct domain *d)
{
	int status = existing(a, &d->name, &d->id);

	if (status == 0)
		status = count(a, SQL_ACCOUNT_COUNT, d->id, &d->accounts);
	return status == 0 ? count(a, SQL_ALIAS_COUNT, d->id, &d->aliases) : status;
}

static struct str scope_of(struct admin *a, struct str domain)
{
	return arena_fmt(&a->mem, "@%.*s", STR_ARG(domain));
}

int admin_domain_add(struct admin *a)
{
	struct str name;
	int64_t id;
	int status = admin_domain(a, a->words[2], &name, &id);
	struct db_value v[2];

	if (status != 0)
		return status;
	if (id != 0)
		return admin_no(a, "the domain %.*s is already here", STR_ARG(name));
	v[0] = (struct db_value)DB_TEXT(name);
	v[1] = (struct db_value)DB_NUM(clock_wall() / 1000);
	if (db_do(a->store, SQL_DOMAIN_ADD, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the domain %.*s is added", STR_ARG(name));
}

int admin_domain_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	int rc = db_begin(a->store, SQL_DOMAIN_LIST, NULL, 0, &a->err);

	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_DOMAIN_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "domain"), json_str(&j, db_text(a->store, SQL_DOMAIN_LIST, 0));
		json_key(&j, "accounts"), json_num(&j, db_num(a->store, SQL_DOMAIN_LIST, 1));
		json_key(&j, "aliases"), json_num(&j, db_num(a->store, SQL_DOMAIN_LIST, 2));
		json_end_object(&j);
		rc = 0;
	}
	json_end_array(&j);
	db_end(a->store, SQL_DOMAIN_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}

static int put_catchall(struct admin *a, struct json *j, int64_t id)
{
	const struct db_value v[] = { DB_NUM(id), DB_TEXT(STR("")) };
	int rc = db_begin(a->store, SQL_ALIAS_TARGETS, v, COUNT(v), &a->err);

	json_key(j, "catch-all");
	json_begin_array(j);
	while (rc == 0 && (rc = db_row(a->store, SQL_ALIAS_TARGETS, &a->err)) == 1) {
		json_str(j, db_text(a->store, SQL_ALIAS_TARGETS, 0));
		rc = 0;
	}
	json_end_array(j);
	db_end(a->store, SQL_ALIAS_TARGETS);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_domain_show(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct domain d;
	int status = look_at(a, &d);

	if (status != 0)
		return status;
	json_begin_object(&j);
	json_key(&j, "domain"), json_str(&j, d.name);
	json_key(&j, "accounts"), json_num(&j, d.accounts);
	json_key(&j, "aliases"), json_num(&j, d.aliases);
	status = put_catchall(a, &j, d.id);
	if (status == 0)
		status = admin_show_owners(a, &j, d.name);
	if (status == 0)
		status = admin_show_settings(a, &j, scope_of(a, d.name));
	json_end_object(&j);
	return status;
}

int admin_domain_set(struct admin *a)
{
	struct str name;
	size_t n;
	int64_t id;
	int status = existing(a, &name, &id);

	if (status == 0)
		status = admin_set(a, scope_of(a, name), 3, &n);
	if (status != 0)
		return status;
	return admin_yes(a, "%zu setting%s of %.*s %s changed", n, n == 1 ? "" : "s", STR_ARG(name),
			 n == 1 ? "is" : "are");
}

int admin_domain_remove(struct admin *a)
{
	struct domain d;
	struct db_value v;
	int status = look_at(a, &d);

	if (status != 0)
		return status;
	if (d.accounts > 0)
		return admin_no(a, "%.*s still has %lld account%s: remove them first", STR_ARG(d.name),
				(long long)d.accounts, d.accounts == 1 ? "" : "s");
	if (admin_forget_settings(a, scope_of(a, d.name)) != 0)
		return 1;
	v = (struct db_value)DB_NUM(d.id);
	if (db_do(a->store, SQL_MEMBER_REMOVE_ALL, &v, 1, &a->err) < 0 ||
	    db_do(a->store, SQL_LIST_REMOVE_ALL, &v, 1, &a->err) < 0 ||
	    db_do(a->store, SQL_ALIAS_REMOVE_ALL, &v, 1, &a->err) < 0 ||
	    db_do(a->store, SQL_DOMAIN_REMOVE, &v, 1, &a->err) < 0)
		return admin_broken(a);
	if (d.aliases > 0)
		return admin_yes(a, "the domain %.*s is removed, with its %lld alias%s", STR_ARG(d.name),
				 (long long)d.aliases, d.aliases == 1 ? "" : "es");
	return admin_yes(a, "the domain %.*s is removed", STR_ARG(d.name));
}
