/* `telltale list ...`: mailing lists (store/list.c has what becomes of mail to one). */
#include "store/admin.h"

enum { MEMBERS_MOST = 50000, MEMBER_PAGE = 1000000 };

struct list {
	struct admin_name name;
	int64_t id; /* 0: not here */
	struct str owner, post;
	int64_t members;
};

static int look(struct admin *a, struct str word, struct list *l)
{
	int rc, status = admin_address(a, word, false, &l->name);
	const struct db_value v[] = { DB_TEXT(l->name.domain), DB_TEXT(l->name.local) };

	if (status != 0)
		return status;
	rc = db_begin(a->store, SQL_LIST_SHOW, v, COUNT(v), &a->err);
	if (rc == 0)
		rc = db_row(a->store, SQL_LIST_SHOW, &a->err);
	if (rc == 1) {
		l->id = db_num(a->store, SQL_LIST_SHOW, 0);
		l->owner = arena_str(&a->mem, db_text(a->store, SQL_LIST_SHOW, 1));
		l->post = arena_str(&a->mem, db_text(a->store, SQL_LIST_SHOW, 2));
		l->members = db_num(a->store, SQL_LIST_SHOW, 3);
	}
	db_end(a->store, SQL_LIST_SHOW);
	return rc < 0 ? admin_broken(a) : 0;
}

static int existing(struct admin *a, struct str word, struct list *l)
{
	int status = look(a, word, l);

	if (status != 0 || l->id != 0)
		return status;
	return admin_no(a, "there is no list %.*s@%.*s", STR_ARG(l->name.local), STR_ARG(l->name.domain));
}

/* A name is one thing only: the others could never be reached. */
static int must_be_free(struct admin *a, const struct list *l)
{
	const struct db_value v[] = { DB_NUM(l->name.domain_id), DB_TEXT(l->name.local) };
	int64_t id;
	int rc;

	if (l->id != 0)
		return admin_no(a, "the list %.*s@%.*s is already here", STR_ARG(l->name.local),
				STR_ARG(l->name.domain));
	rc = db_find(a->store, SQL_ACCOUNT_FIND, v, COUNT(v), &id, &a->err);
	if (rc == 0) {
		rc = db_begin(a->store, SQL_ALIAS_TARGETS, v, COUNT(v), &a->err);
		if (rc == 0)
			rc = db_row(a->store, SQL_ALIAS_TARGETS, &a->err);
		db_end(a->store, SQL_ALIAS_TARGETS);
	}
	if (rc < 0)
		return admin_broken(a);
	return rc == 0 ? 0
		       : admin_no(a, "%.*s@%.*s is an account or an alias: remove it first", STR_ARG(l->name.local),
				  STR_ARG(l->name.domain));
}

/* --owner and --who-may-post over what is there. */
static int read_options(struct admin *a, struct list *l)
{
	struct str owner = a->options[OPTION_owner], post = a->options[OPTION_post];

	if (post.n > 0 && !str_eqz(post, "anyone") && !str_eqz(post, "members") && !str_eqz(post, "owner"))
		return admin_no(a, "--who-may-post must be anyone, members or owner");
	if (post.n > 0)
		l->post = post;
	return owner.n > 0 ? admin_target(a, owner, &l->owner) : 0;
}

int admin_list_add(struct admin *a)
{
	struct list l = { .post = STR("members") };
	int status = look(a, a->words[2], &l);

	if (status == 0)
		status = must_be_free(a, &l);
	if (status == 0)
		status = read_options(a, &l);
	if (status == 0 && l.owner.n == 0)
		status = admin_no(a, "a list needs an owner, who gets its bounces: --owner ADDRESS");
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_NUM(l.name.domain_id), DB_TEXT(l.name.local), DB_TEXT(l.owner),
				      DB_TEXT(l.post) };

	if (db_do(a->store, SQL_LIST_ADD, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the list %.*s@%.*s is added; bounces go to %.*s, and %.*s may write to it",
			 STR_ARG(l.name.local), STR_ARG(l.name.domain), STR_ARG(l.owner), STR_ARG(l.post));
}

int admin_list_set(struct admin *a)
{
	struct list l = { 0 };
	int status = existing(a, a->words[2], &l);

	if (status == 0)
		status = read_options(a, &l);
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_NUM(l.id), DB_TEXT(l.owner), DB_TEXT(l.post) };

	if (db_do(a->store, SQL_LIST_SET, v, COUNT(v), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "bounces go to %.*s, and %.*s may write to it", STR_ARG(l.owner), STR_ARG(l.post));
}

int admin_list_remove(struct admin *a)
{
	struct list l = { 0 };
	int status = existing(a, a->words[2], &l);
	struct db_value v;

	if (status != 0)
		return status;
	v = (struct db_value)DB_NUM(l.id);
	if (db_do(a->store, SQL_MEMBER_CLEAR, &v, 1, &a->err) < 0 ||
	    db_do(a->store, SQL_LIST_REMOVE, &v, 1, &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "the list is removed, with its %lld members", (long long)l.members);
}

static void put_list(struct json *j, struct str name, struct str owner, struct str post, int64_t members)
{
	json_key(j, "list"), json_str(j, name);
	json_key(j, "owner"), json_str(j, owner);
	json_key(j, "who-may-post"), json_str(j, post);
	json_key(j, "members"), json_num(j, members);
}

int admin_list_show(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct list l = { 0 };
	int status = existing(a, a->words[2], &l);

	if (status != 0)
		return status;
	json_begin_object(&j);
	put_list(&j, arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(l.name.local), STR_ARG(l.name.domain)), l.owner, l.post,
		 l.members);
	json_end_object(&j);
	return 0;
}

int admin_list_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str domain = STR("");
	int64_t id = 0;
	int status = a->n > 2 ? admin_domain(a, a->words[2], &domain, &id) : 0, rc;
	const struct db_value v = DB_TEXT(domain);

	if (status != 0)
		return status;
	rc = db_begin(a->store, SQL_LIST_LIST, &v, 1, &a->err);
	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_LIST_LIST, &a->err)) == 1) {
		json_begin_object(&j);
		put_list(&j, db_text(a->store, SQL_LIST_LIST, 0), db_text(a->store, SQL_LIST_LIST, 1),
			 db_text(a->store, SQL_LIST_LIST, 2), db_num(a->store, SQL_LIST_LIST, 3));
		json_end_object(&j);
		rc = 0;
	}
	json_end_array(&j);
	db_end(a->store, SQL_LIST_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}

/* ---- members ---- */

/* One address: *n counts what changed. */
static int change(struct admin *a, const struct list *l, struct str word, bool add, size_t *n)
{
	struct str to = STR("");
	int changed, status = admin_target(a, word, &to);
	const struct db_value add_v[] = { DB_NUM(l->id), DB_TEXT(to), DB_TEXT(arena_lower(&a->mem, to)) };
	const struct db_value remove_v[] = { DB_NUM(l->id), add_v[2] };

	if (status != 0)
		return status;
	changed = add ? db_do(a->store, SQL_MEMBER_ADD, add_v, COUNT(add_v), &a->err)
		      : db_do(a->store, SQL_MEMBER_REMOVE, remove_v, COUNT(remove_v), &a->err);
	if (changed < 0)
		return admin_broken(a);
	*n += changed > 0;
	return 0;
}

/* The words behind the list's name, then the lines of the input. */
static int change_all(struct admin *a, const struct list *l, bool add, size_t *n)
{
	struct str rest = a->has_text ? a->input : STR(""), line;
	int status = 0;

	for (size_t i = 4; i < a->n && status == 0; i++)
		status = change(a, l, a->words[i], add, n);
	while (rest.n > 0 && status == 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		line = str_trim(line);
		if (line.n > 0 && line.p[0] != '#')
			status = change(a, l, line, add, n);
	}
	return status;
}

static int too_many(struct admin *a, const struct list *l)
{
	const struct db_value v = DB_NUM(l->id);
	int64_t n = 0;

	if (db_find(a->store, SQL_MEMBER_COUNT, &v, 1, &n, &a->err) < 0)
		return admin_broken(a);
	return n <= MEMBERS_MOST ? 0 : admin_no(a, "a list may have %d members", MEMBERS_MOST);
}

static int list_members(struct admin *a, const struct list *l)
{
	struct json j = json_to(&a->done->output);
	const struct db_value v[] = { DB_NUM(l->id), DB_TEXT(STR("")), DB_NUM(MEMBER_PAGE) };
	int rc = db_begin(a->store, SQL_MEMBER_NEXT, v, COUNT(v), &a->err);

	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_MEMBER_NEXT, &a->err)) == 1) {
		json_begin_object(&j);
		json_key(&j, "member"), json_str(&j, db_text(a->store, SQL_MEMBER_NEXT, 0));
		json_end_object(&j);
		rc = 0;
	}
	json_end_array(&j);
	db_end(a->store, SQL_MEMBER_NEXT);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_list_member(struct admin *a)
{
	struct list l = { 0 };
	bool add = str_eqz(a->words[2], "add"), gone = str_eqz(a->words[2], "remove");
	size_t n = 0;
	int status = existing(a, a->words[3], &l);

	if (status == 0 && !add && !gone)
		return str_eqz(a->words[2], "list") ? list_members(a, &l)
						    : admin_no(a, "member add, member remove or member list");
	if (status == 0)
		status = change_all(a, &l, add, &n);
	if (status == 0 && add)
		status = too_many(a, &l);
	if (status != 0)
		return status;
	return admin_yes(a, "%zu member%s %s", n, n == 1 ? "" : "s", add ? "added" : "removed");
}
