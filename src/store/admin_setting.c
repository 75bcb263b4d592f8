/* `set DOMAIN OPTION=VALUE...`: an option of the gate for one domain or mailbox, or one of mailbox.def.
 *
 * OPTION=VALUE sets it, or adds one value to a list; OPTION= takes all values of it away, OPTION=!VALUE that one.
 */
#include "base/clock.h"
#include "base/conf.h"
#include "lookup/own.h"
#include "lookup/settings.h"
#include "store/admin.h"

/* One word, taken apart. */
struct setting {
	struct str scope, option, value;
	bool list;
};

/* ---- the options of mailbox.def ---- */

enum { SUPPRESS_LEAST = 60 * 60 * 1000 };
enum { DELAY_LEAST = 15 * 60 * 1000 /* ms: telltale-queue asks for nobody who has waited less */ };

static int address(struct admin *a, struct setting *x)
{
	return admin_target(a, x->value, &x->value);
}

static int yes_or_no(struct admin *a, struct setting *x)
{
	return str_eqz(x->value, "yes") || str_eqz(x->value, "no")
		   ? 0
		   : admin_no(a, "%.*s must be yes or no", STR_ARG(x->option));
}

static int delay(struct admin *a, struct setting *x)
{
	int64_t ms = 0;

	return str_eqz(x->value, "off") || (conf_duration(x->value, &ms) && ms >= DELAY_LEAST)
		   ? 0
		   : admin_no(a, "%.*s must be off or a duration like 4h, at least 15m", STR_ARG(x->option));
}

static int suppression(struct admin *a, struct setting *x)
{
	int64_t ms = 0;

	return str_eqz(x->value, "off") || str_eqz(x->value, "on") ||
		       (conf_duration(x->value, &ms) && ms >= SUPPRESS_LEAST)
		   ? 0
		   : admin_no(a, "%.*s must be on (30 days), off or a duration like 90d, at least 1h",
			      STR_ARG(x->option));
}

/* Its first one tells of the week in which it was wanted. */
static int digest(struct admin *a, struct setting *x)
{
	const struct db_value v[] = { DB_TEXT(x->scope), DB_TEXT(x->option), DB_TEXT(STR("weekly")) };
	const struct db_value note[] = { DB_TEXT(x->scope), DB_NUM(digest_week(clock_wall() / 1000) - 1) };
	int64_t one;
	int rc;

	if (!str_eqz(x->value, "weekly") && !str_eqz(x->value, "off"))
		return admin_no(a, "%.*s must be weekly or off", STR_ARG(x->option));
	rc = db_find(a->store, SQL_SETTING_IS, v, COUNT(v), &one, &a->err);
	if (rc == 0)
		rc = db_do(a->store, SQL_DIGEST_NOTE, note, COUNT(note), &a->err);
	return rc < 0 ? admin_broken(a) : 0;
}

static const struct mailbox_row {
	const char *option;
	enum { ONE, MANY } values;
	bool domain;
	int (*check)(struct admin *a, struct setting *x); /* may put the value as it is kept */
} mailbox_rows[] = {
#define MAILBOX_SETTING(option, values, check) { option, values, false, check },
#define DOMAIN_SETTING(option, values, check) { option, values, true, check },
#include "store/mailbox.def"
#undef MAILBOX_SETTING
#undef DOMAIN_SETTING
};

static const struct mailbox_row *mailbox_row(struct str option)
{
	for (size_t i = 0; i < COUNT(mailbox_rows); i++)
		if (str_eqz(option, mailbox_rows[i].option))
			return &mailbox_rows[i];
	return NULL;
}

static bool many(struct str option)
{
	const struct mailbox_row *row = mailbox_row(option);

	return row != NULL ? row->values == MANY : settings_many(option);
}

static int run(struct admin *a, enum db_sql which, const struct setting *x, size_t n)
{
	const struct db_value v[] = { DB_TEXT(x->scope), DB_TEXT(x->option), DB_TEXT(x->value) };

	return db_do(a->store, which, v, n, &a->err);
}

/* As the configuration file would take it, and as the gate will read it. */
static int check_value(struct admin *a, const struct setting *x)
{
	struct conf scratch = { 0 };
	struct err e = { 0 };
	int rc = conf_put(&scratch, "gate", x->option, x->value, &e);

	if (rc == 0 && x->value.n > SETTINGS_VALUE_MAX)
		rc = err_set(&e, "must not be longer than %d bytes", SETTINGS_VALUE_MAX);
	if (rc == 0 && store_setting_fits != NULL)
		rc = store_setting_fits(x->option, x->value, &e);
	arena_clear(&scratch.mem);
	return rc == 0 ? 0 : admin_no(a, "%.*s %s", STR_ARG(x->option), e.text);
}

int admin_settings_fit(struct admin *a, struct str scope)
{
	const struct db_value v = DB_TEXT(scope);
	int64_t n = 0, bytes = 0;
	int rc = db_begin(a->store, SQL_SETTING_SIZE, &v, 1, &a->err);

	if (rc == 0)
		rc = db_row(a->store, SQL_SETTING_SIZE, &a->err);
	if (rc == 1) {
		n = db_num(a->store, SQL_SETTING_SIZE, 0);
		bytes = db_num(a->store, SQL_SETTING_SIZE, 1);
	}
	db_end(a->store, SQL_SETTING_SIZE);
	if (rc < 0)
		return admin_broken(a);
	return n <= SETTINGS_MAX && bytes <= SETTINGS_BYTES_MAX
		   ? 0
		   : admin_no(a, "%.*s would have too many settings: at most %d, of %d bytes together", STR_ARG(scope),
			      SETTINGS_MAX, SETTINGS_BYTES_MAX);
}

static int take_away(struct admin *a, const struct setting *x)
{
	int n;

	if (x->value.n == 0)
		n = run(a, SQL_SETTING_REMOVE, x, 2);
	else
		n = run(a, SQL_SETTING_REMOVE_VALUE,
			&(struct setting){ x->scope, x->option, str_skip(x->value, 1), true }, 3);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? 0
		     : admin_no(a, "%.*s has no %.*s%s%.*s", STR_ARG(x->scope), STR_ARG(x->option),
				x->value.n > 0 ? " " : "", STR_ARG(str_skip(x->value, 1)));
}

static int put(struct admin *a, struct setting *x)
{
	const struct mailbox_row *row = mailbox_row(x->option);
	int status = row != NULL ? row->check(a, x) : check_value(a, x);

	if (status != 0)
		return status;
	if ((!x->list && run(a, SQL_SETTING_REMOVE, x, 2) < 0) || run(a, SQL_SETTING_ADD, x, 3) < 0)
		return admin_broken(a);
	return 0;
}

static int set_one(struct admin *a, struct str scope, struct str word)
{
	struct setting x = { .scope = scope };
	bool mailbox = scope.p[0] != '@';
	const struct mailbox_row *row;
	int status = 0;

	if (!str_cut(word, STR("="), &x.option, &x.value))
		return admin_no(a, "OPTION=VALUE is wanted, not \"%.*s\"", STR_ARG(str_take(word, 100)));
	row = mailbox_row(x.option);
	if (!settings_settable(x.option) && (row == NULL || !(mailbox || row->domain)))
		return admin_no(a, "\"%.*s\" is no option that a domain or a mailbox can set",
				STR_ARG(str_take(x.option, 100)));
	x.list = many(x.option);
	if (x.value.n == 0 || x.value.p[0] == '!')
		return take_away(a, &x);
	if (!x.list || row == NULL)
		return put(a, &x);
	/* forward=a@x.example,b@y.example */
	for (struct str rest = x.value; rest.n > 0 && status == 0;) {
		str_cut(rest, STR(","), &x.value, &rest);
		x.value = str_trim(x.value);
		status = put(a, &x);
	}
	return status;
}

int admin_set(struct admin *a, struct str scope, size_t from, size_t *n)
{
	int status = 0;

	*n = 0;
	for (size_t i = from; i < a->n && status == 0; i++, (*n)++)
		status = set_one(a, scope, a->words[i]);
	return status == 0 && *n > 0 ? admin_settings_fit(a, scope) : status;
}

/* The object under way: what is open in it. */
struct shown {
	struct json *j;
	bool open, list;
	struct str option;
};

static void show_option(struct admin *a, struct shown *x, struct str option)
{
	if (x->open && str_eq(option, x->option))
		return;
	if (!x->open) {
		json_key(x->j, "settings");
		json_begin_object(x->j);
	}
	if (x->list)
		json_end_array(x->j);
	x->open = true;
	x->option = arena_str(&a->mem, option);
	x->list = many(option);
	json_key_str(x->j, option);
	if (x->list)
		json_begin_array(x->j);
}

int admin_show_settings(struct admin *a, struct json *j, struct str scope)
{
	const struct db_value v = DB_TEXT(scope);
	struct shown x = { .j = j };
	int rc = db_begin(a->store, SQL_SETTING_SHOW, &v, 1, &a->err);

	while (rc == 0 && (rc = db_row(a->store, SQL_SETTING_SHOW, &a->err)) == 1) {
		show_option(a, &x, db_text(a->store, SQL_SETTING_SHOW, 0));
		json_str(j, db_text(a->store, SQL_SETTING_SHOW, 1));
		rc = 0;
	}
	db_end(a->store, SQL_SETTING_SHOW);
	if (x.list)
		json_end_array(j);
	if (x.open)
		json_end_object(j);
	return rc < 0 ? admin_broken(a) : 0;
}

int admin_forget_settings(struct admin *a, struct str scope)
{
	const struct db_value v = DB_TEXT(scope);

	return db_do(a->store, SQL_SETTING_REMOVE_ALL, &v, 1, &a->err) < 0 ? admin_broken(a) : 0;
}
