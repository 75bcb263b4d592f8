/* `telltale domain owner add|remove|list`: whose page shows all mail of a domain. */
#include "lookup/who.h"
#include "store/admin.h"

struct pair {
	struct str domain, account;
	int64_t domain_id, account_id;
};

static int domain_of(struct admin *a, struct str word, struct pair *p)
{
	int status = admin_domain(a, word, &p->domain, &p->domain_id);

	if (status != 0 || p->domain_id != 0)
		return status;
	return admin_no(a, "the domain %.*s is not here", STR_ARG(p->domain));
}

static int look(struct admin *a, struct pair *p)
{
	struct admin_name name = { 0 };
	int rc, status = domain_of(a, a->words[3], p);

	if (status == 0)
		status = admin_address(a, a->words[4], false, &name);
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_NUM(name.domain_id), DB_TEXT(name.local) };

	p->account = arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(name.local), STR_ARG(name.domain));
	rc = db_find(a->store, SQL_ACCOUNT_FIND, v, COUNT(v), &p->account_id, &a->err);
	if (rc < 0)
		return admin_broken(a);
	return rc > 0 ? 0 : admin_no(a, "there is no account %.*s", STR_ARG(p->account));
}

static int add(struct admin *a)
{
	struct pair p = { 0 };
	int n, status = look(a, &p);
	const struct db_value v[] = { DB_NUM(p.domain_id), DB_NUM(p.account_id) };
	int64_t owned = 0;

	if (status != 0)
		return status;
	n = db_do(a->store, SQL_OWNER_ADD, v, COUNT(v), &a->err);
	if (n < 0 || db_find(a->store, SQL_OWNER_COUNT, &v[1], 1, &owned, &a->err) < 0)
		return admin_broken(a);
	if (owned > WHO_DOMAINS_MAX)
		return admin_no(a, "%.*s owns %d domains already, and more cannot be", STR_ARG(p.account),
				WHO_DOMAINS_MAX);
	return admin_yes(a, "%.*s %s %.*s", STR_ARG(p.account), n > 0 ? "owns" : "owned already", STR_ARG(p.domain));
}

static int forget(struct admin *a)
{
	struct pair p = { 0 };
	int n, status = look(a, &p);
	const struct db_value v[] = { DB_NUM(p.domain_id), DB_NUM(p.account_id) };

	if (status != 0)
		return status;
	n = db_do(a->store, SQL_OWNER_REMOVE, v, COUNT(v), &a->err);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? admin_yes(a, "%.*s does not own %.*s any more", STR_ARG(p.account), STR_ARG(p.domain))
		     : admin_no(a, "%.*s does not own %.*s", STR_ARG(p.account), STR_ARG(p.domain));
}

static int list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct pair p = { 0 };
	int rc, status = a->n > 3 ? domain_of(a, a->words[3], &p) : 0;
	const struct db_value v = DB_TEXT(p.domain);

	if (status != 0)
		return status;
	rc = db_begin(a->store, SQL_OWNER_LIST, &v, 1, &a->err);
	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_OWNER_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "domain"), json_str(&j, db_text(a->store, SQL_OWNER_LIST, 0));
		json_key(&j, "owner"), json_str(&j, db_text(a->store, SQL_OWNER_LIST, 1));
		json_end_object(&j);
		rc = 0;
	}
	json_end_array(&j);
	db_end(a->store, SQL_OWNER_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_domain_owner(struct admin *a)
{
	static const struct {
		const char *verb;
		size_t least, most;
		int (*run)(struct admin *a);
	} verbs[] = { { "add", 5, 5, add }, { "remove", 5, 5, forget }, { "list", 3, 4, list } };

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eqz(a->words[2], verbs[i].verb) && a->n >= verbs[i].least && a->n <= verbs[i].most)
			return verbs[i].run(a);
	return admin_no(a, "owner add DOMAIN USER@DOMAIN, owner remove DOMAIN USER@DOMAIN, or owner list [DOMAIN]");
}

int admin_show_owners(struct admin *a, struct json *j, struct str domain)
{
	const struct db_value v = DB_TEXT(domain);
	int rc = db_begin(a->store, SQL_OWNER_LIST, &v, 1, &a->err);
	bool any = false;

	while (rc == 0 && (rc = db_row(a->store, SQL_OWNER_LIST, &a->err)) == 1) {
		if (!any) {
			json_key(j, "owners");
			json_begin_array(j);
		}
		any = true;
		json_str(j, db_text(a->store, SQL_OWNER_LIST, 1));
		rc = 0;
	}
	if (any)
		json_end_array(j);
	db_end(a->store, SQL_OWNER_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}
