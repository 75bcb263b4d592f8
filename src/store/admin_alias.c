#include "base/json.h"
#include "mail/addr.h"
#include "store/admin.h"

enum { PROGRAM_NAME_MAX = 40 };

/* "|NAME": a program of the configuration; what it runs only that says. */
static bool program_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
			return false;
	return name.n > 0 && name.n <= PROGRAM_NAME_MAX;
}

/* What an alias may lead to. */
static int target(struct admin *a, struct str word, struct str *out)
{
	if (word.n == 0 || word.p[0] != '|')
		return admin_target(a, word, out);
	*out = word;
	return program_ok(str_skip(word, 1))
		   ? 0
		   : admin_no(a,
			      "\"%.*s\" names no program: |NAME, as program \"NAME\" { } of the configuration has it",
			      STR_ARG(str_take(word, 100)));
}

int admin_target(struct admin *a, struct str word, struct str *out)
{
	struct addr x;

	if (addr_parse(word, &a->mem, &x) < 0 || x.quoted || x.domain.p[0] == '[')
		return admin_no(a, "\"%.*s\" is not an address that mail can be sent on to",
				STR_ARG(str_take(word, 100)));
	*out = arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(x.local), STR_ARG(arena_lower(&a->mem, x.domain)));
	return 0;
}

static int must_not_be_account(struct admin *a, const struct admin_name *name)
{
	const struct db_value v[] = { DB_NUM(name->domain_id), DB_TEXT(name->local) };
	int64_t id;
	int rc = db_find(a->store, SQL_ACCOUNT_FIND, v, COUNT(v), &id, &a->err);

	if (rc == 0)
		rc = db_find(a->store, SQL_LIST_FIND, v, COUNT(v), &id, &a->err);
	if (rc < 0)
		return admin_broken(a);
	return rc == 0 ? 0
		       : admin_no(a, "%.*s@%.*s is an account or a list: mail to it goes there", STR_ARG(name->local),
				  STR_ARG(name->domain));
}

/* After the change, still inside the transaction: would mail to it ever arrive? */
static int must_end(struct admin *a, const struct admin_name *name)
{
	struct lookup_answer answer;
	struct str address = arena_fmt(&a->mem, "%.*s@%.*s", STR_ARG(name->local), STR_ARG(name->domain));

	switch (store_resolve(a->store, address, &a->mem, &answer, &a->err)) {
	case RESOLVED_TEMPORARY:
		return admin_broken(a);
	case RESOLVED_LOOP:
		return admin_no(a, "%.*s would end in itself, or in more than %d aliases or %d addresses",
				STR_ARG(address), STORE_DEPTH_MAX, STORE_TARGETS_MAX);
	case RESOLVED_NO_MAILBOX:
		return admin_yes(a, "the alias %.*s is set, but none of its targets exists yet", STR_ARG(address));
	default:
		return admin_yes(a, "mail to %.*s goes to %zu address%s", STR_ARG(address), answer.n,
				 answer.n == 1 ? "" : "es");
	}
}

int admin_alias_add(struct admin *a)
{
	struct admin_name name = { 0 };
	int status = admin_address(a, a->words[2], true, &name);

	if (status == 0)
		status = must_not_be_account(a, &name);
	for (size_t i = 3; i < a->n && status == 0; i++) {
		struct str to = STR("");

		status = target(a, a->words[i], &to);
		const struct db_value v[] = { DB_NUM(name.domain_id), DB_TEXT(name.local), DB_TEXT(to) };

		if (status == 0 && db_do(a->store, SQL_ALIAS_ADD, v, COUNT(v), &a->err) < 0)
			status = admin_broken(a);
	}
	return status == 0 ? must_end(a, &name) : status;
}

/* The rows come sorted by name: one object per name, its targets inside. */
static int put_rows(struct admin *a, struct json *j)
{
	struct store *s = a->store;
	struct str last = STR("");
	int rc = 0;

	while (rc == 0 && (rc = db_row(s, SQL_ALIAS_LIST, &a->err)) == 1) {
		struct str name = db_text(s, SQL_ALIAS_LIST, 0);

		if (!str_eq(name, last)) {
			if (last.n > 0)
				json_end_array(j), json_end_object(j);
			last = arena_str(&a->mem, name);
			json_begin_object(j);
			json_key(j, "alias"), json_str(j, name);
			json_key(j, "targets"), json_begin_array(j);
		}
		json_str(j, db_text(s, SQL_ALIAS_LIST, 1));
		rc = 0;
	}
	if (last.n > 0)
		json_end_array(j), json_end_object(j);
	return rc;
}

int admin_alias_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str word = a->n > 2 ? a->words[2] : STR(""), domain = STR(""), key = STR("");
	int64_t id = 0;
	int rc, status = 0;

	if (str_chr(word, '@') >= 0)
		key = arena_lower(&a->mem, word);
	else if (word.n > 0)
		status = admin_domain(a, word, &domain, &id);
	if (status != 0)
		return status;
	if (domain.n > 0 && id == 0)
		return admin_no(a, "the domain %.*s is not here", STR_ARG(domain));
	const struct db_value v[] = { DB_TEXT(domain), DB_TEXT(key) };

	rc = db_begin(a->store, SQL_ALIAS_LIST, v, COUNT(v), &a->err);
	json_begin_array(&j);
	if (rc == 0)
		rc = put_rows(a, &j);
	json_end_array(&j);
	db_end(a->store, SQL_ALIAS_LIST);
	return rc < 0 ? admin_broken(a) : 0;
}

static int remove_one(struct admin *a, const struct admin_name *name, struct str word)
{
	struct str to = STR("");
	int n, status = target(a, word, &to);
	const struct db_value v[] = { DB_NUM(name->domain_id), DB_TEXT(name->local), DB_TEXT(to) };

	if (status != 0)
		return status;
	n = db_do(a->store, SQL_ALIAS_REMOVE_TARGET, v, COUNT(v), &a->err);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? 0
		     : admin_no(a, "%.*s is no target of %.*s@%.*s", STR_ARG(to), STR_ARG(name->local),
				STR_ARG(name->domain));
}

int admin_alias_remove(struct admin *a)
{
	struct admin_name name = { 0 };
	int n, status = admin_address(a, a->words[2], true, &name);
	const struct db_value v[] = { DB_NUM(name.domain_id), DB_TEXT(name.local) };

	for (size_t i = 3; i < a->n && status == 0; i++)
		status = remove_one(a, &name, a->words[i]);
	if (status != 0)
		return status;
	if (a->n > 3)
		return admin_yes(a, "%zu target%s of %.*s@%.*s removed", a->n - 3, a->n == 4 ? "" : "s",
				 STR_ARG(name.local), STR_ARG(name.domain));
	n = db_do(a->store, SQL_ALIAS_REMOVE, v, COUNT(v), &a->err);
	if (n < 0)
		return admin_broken(a);
	if (n == 0)
		return admin_no(a, "there is no alias %.*s@%.*s", STR_ARG(name.local), STR_ARG(name.domain));
	return admin_yes(a, "the alias %.*s@%.*s is removed", STR_ARG(name.local), STR_ARG(name.domain));
}
