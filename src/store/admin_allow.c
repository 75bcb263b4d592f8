/* `telltale allow add|list|remove SCOPE [SENDER]`: whom a mailbox or a domain wants to hear, whatever the gate has
 * against him.  It is its sender-whitelist-entry, under rules that fit its owner's hand. */
#include "lookup/settings.h"
#include "mail/addr.h"
#include "store/admin.h"

#define OPTION_NAME STR("sender-whitelist-entry")

/* Whose list: that of a mailbox or of a domain which is here. */
static int find_scope(struct admin *a, struct str *scope)
{
	struct str word = a->words[2], name = STR("");
	int64_t id = 0;
	int status;

	if (str_chr(word, '@') > 0)
		return admin_mailbox(a, scope);
	status = admin_domain(a, str_starts(word, STR("@")) ? str_skip(word, 1) : word, &name, &id);
	if (status != 0)
		return status;
	*scope = arena_fmt(&a->mem, "@%.*s", STR_ARG(name));
	return id != 0 ? 0 : admin_no(a, "the domain %.*s is not here", STR_ARG(name));
}

/* As the gate compares it: user@domain, or @domain. */
static int read_sender(struct admin *a, struct str word, struct str *out)
{
	struct str domain = str_starts(word, STR("@")) ? str_skip(word, 1) : word;
	struct addr x;

	if (str_chr(domain, '@') < 0 && addr_domain_ok(domain)) {
		*out = arena_fmt(&a->mem, "@%.*s", STR_ARG(arena_lower(&a->mem, domain)));
		return 0;
	}
	if (addr_parse(word, &a->mem, &x) < 0 || addr_null(&x))
		return admin_no(a, "\"%.*s\" is no sender: user@domain, or @domain for all of it",
				STR_ARG(str_take(word, 100)));
	*out = addr_key(&a->mem, &x);
	return 0;
}

/* What one should think of twice; NULL: nothing. */
static int find_doubt(struct admin *a, struct str sender, const char **doubt)
{
	struct str domain = arena_lower(&a->mem, str_skip(sender, (size_t)(str_rchr(sender, '@') + 1)));
	const struct db_value v = DB_TEXT(domain);
	struct err e = { 0 };
	int64_t id;
	int rc;

	*doubt = NULL;
	if (store_sender_fits != NULL && store_sender_fits(sender, doubt, &e) < 0)
		return admin_no(a, "%s", e.text);
	rc = db_find(a->store, SQL_DOMAIN_FIND, &v, 1, &id, &a->err);
	if (rc < 0)
		return admin_broken(a);
	if (rc > 0)
		*doubt = "that domain is ours, and whoever forges it would get in too";
	return 0;
}

static int count(struct admin *a, struct str scope, int64_t *n)
{
	const struct db_value v[] = { DB_TEXT(scope), DB_TEXT(OPTION_NAME) };
	int rc = db_begin(a->store, SQL_SETTING_COUNT, v, COUNT(v), &a->err);

	if (rc == 0)
		rc = db_row(a->store, SQL_SETTING_COUNT, &a->err);
	if (rc == 1)
		*n = db_num(a->store, SQL_SETTING_COUNT, 0);
	db_end(a->store, SQL_SETTING_COUNT);
	return rc < 0 ? admin_broken(a) : 0;
}

static int put(struct admin *a, struct str scope, struct str sender)
{
	const struct db_value v[] = { DB_TEXT(scope), DB_TEXT(OPTION_NAME), DB_TEXT(sender) };
	int64_t n = 0;
	int status = db_do(a->store, SQL_SETTING_ADD, v, COUNT(v), &a->err) < 0 ? admin_broken(a) : count(a, scope, &n);

	if (status == 0 && n > ALLOW_MAX)
		return admin_no(a, "%.*s allows %d senders already, and more cannot be: remove some, or name a domain",
				STR_ARG(scope), ALLOW_MAX);
	return status == 0 ? admin_settings_fit(a, scope) : status;
}

int admin_allow_add(struct admin *a)
{
	struct str scope = STR(""), sender = STR("");
	const char *doubt;
	int status = find_scope(a, &scope);

	if (status == 0)
		status = read_sender(a, a->words[3], &sender);
	if (status == 0)
		status = find_doubt(a, sender, &doubt);
	if (status != 0)
		return status;
	if (doubt != NULL && !a->sure)
		return admin_asks(a, "%.*s: %s", STR_ARG(sender), doubt);
	status = put(a, scope, sender);
	return status == 0 ? admin_yes(a, "%.*s hears %.*s from now on", STR_ARG(scope), STR_ARG(sender)) : status;
}

int admin_allow_remove(struct admin *a)
{
	struct str scope = STR(""), sender = STR("");
	int n, status = find_scope(a, &scope);

	if (status == 0)
		status = read_sender(a, a->words[3], &sender);
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_TEXT(scope), DB_TEXT(OPTION_NAME), DB_TEXT(sender) };

	n = db_do(a->store, SQL_SETTING_REMOVE_LIKE, v, COUNT(v), &a->err);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? admin_yes(a, "%.*s is not on the list of %.*s any more", STR_ARG(sender), STR_ARG(scope))
		     : admin_no(a, "%.*s is not on the list of %.*s", STR_ARG(sender), STR_ARG(scope));
}

int admin_allow_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct str scope = STR("");
	int rc, status = find_scope(a, &scope);
	const struct db_value v = DB_TEXT(scope);

	if (status != 0)
		return status;
	json_begin_array(&j);
	rc = db_begin(a->store, SQL_SETTING_LIST, &v, 1, &a->err);
	while (rc == 0 && (rc = db_row(a->store, SQL_SETTING_LIST, &a->err)) == 1) {
		rc = 0;
		if (!str_eq(db_text(a->store, SQL_SETTING_LIST, 0), OPTION_NAME))
			continue;
		json_begin_object(&j);
		json_key(&j, "sender"), json_str(&j, db_text(a->store, SQL_SETTING_LIST, 1));
		json_end_object(&j);
	}
	db_end(a->store, SQL_SETTING_LIST);
	json_end_array(&j);
	return rc < 0 ? admin_broken(a) : 0;
}
