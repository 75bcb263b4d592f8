#include "store/admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "mail/addr.h"
#include "store/password.h"

static const struct admin_command commands[] = {
#define ADMIN(noun, verb, least, most, needs, usage) { #noun, #verb, least, most, needs, admin_##noun##_##verb, usage },
#include "store/admin.def"
#undef ADMIN
};

static int say_status(struct admin *a, int status, const char *fmt, va_list ap)
{
	buf_reset(&a->done->message);
	buf_vfmt(&a->done->message, fmt, ap);
	a->done->status = status;
	return status;
}

int admin_yes(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_status(a, 0, fmt, ap);
	va_end(ap);
	return 0;
}

int admin_no(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_status(a, 1, fmt, ap);
	va_end(ap);
	return 1;
}

int admin_asks(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_status(a, 3, fmt, ap);
	va_end(ap);
	return 3;
}

static int usage(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int usage(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_status(a, 2, fmt, ap);
	va_end(ap);
	return 2;
}

int admin_broken(struct admin *a)
{
	return admin_no(a, "the accounts cannot be used now: %s", a->err.text);
}

static bool is_user(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-=?^_`{|}~.", c) != NULL);
}

bool admin_user_ok(struct str local)
{
	if (local.n == 0 || local.n > USER_MAX || local.p[0] == '.')
		return false;
	for (size_t i = 0; i < local.n; i++)
		if (!is_user(local.p[i]))
			return false;
	return local.p[local.n - 1] != '.' && str_find(local, STR("..")) < 0;
}

static bool domain_ok(struct str domain)
{
	return domain.n > 0 && domain.n <= 253 && domain.p[0] != '[' && addr_domain_ok(domain);
}

int admin_domain(struct admin *a, struct str word, struct str *name, int64_t *id)
{
	struct db_value v;

	if (!domain_ok(word))
		return admin_no(a, "\"%.*s\" is not a domain name", STR_ARG(str_take(word, 100)));
	*name = arena_lower(&a->mem, word);
	*id = 0;
	v = (struct db_value)DB_TEXT(*name);
	return db_find(a->store, SQL_DOMAIN_FIND, &v, 1, id, &a->err) < 0 ? admin_broken(a) : 0;
}

int admin_address(struct admin *a, struct str word, bool catchall, struct admin_name *out)
{
	ptrdiff_t at = str_rchr(word, '@');
	struct str local = str_take(word, at < 0 ? word.n : (size_t)at);
	int status;

	if (at < 0)
		return admin_no(a, "\"%.*s\" is not an address: NAME@DOMAIN is wanted", STR_ARG(str_take(word, 100)));
	if (!admin_user_ok(local) && !(catchall && local.n == 0))
		return admin_no(a,
				"\"%.*s\" cannot be a name here: letters, digits and !#$%%&'*+-=?^_`{|}~. are possible,"
				" at most %d, no dot at the ends",
				STR_ARG(str_take(local, 100)), USER_MAX);
	out->local = arena_lower(&a->mem, local);
	status = admin_domain(a, str_skip(word, (size_t)at + 1), &out->domain, &out->domain_id);
	if (status != 0)
		return status;
	if (out->domain_id == 0)
		return admin_no(a, "the domain %.*s is not here: telltale domain add %.*s", STR_ARG(out->domain),
				STR_ARG(out->domain));
	return 0;
}

int admin_mailbox(struct admin *a, struct str *address)
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

void admin_put_time(struct json *j, const char *key, int64_t ms)
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

static int take_quota(struct admin *a, struct str value)
{
	if (!str_eqz(value, "0") && !conf_size(value, &a->quota))
		return usage(a, "--quota wants a size like 100M or 2G (0: no quota), not \"%.*s\"",
			     STR_ARG(str_take(value, 40)));
	a->has_quota = true;
	return 0;
}

static const struct {
	const char *name, *noun;
} options[] = {
#define OPTION(name, word, noun) { word, #noun },
#include "store/option.def"
#undef OPTION
};

/* "--subject TEXT" or "--subject=TEXT".  False: the word is none of them. */
static bool take_option(struct admin *a, struct str word, struct str *words)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		struct str name = str_of(options[i].name);

		if (str_eq(word, name)) {
			str_cut(*words, STR("\0"), &a->options[i], words);
			return true;
		}
		if (str_starts(word, name) && word.p[name.n] == '=') {
			a->options[i] = str_skip(word, name.n + 1);
			return true;
		}
	}
	return false;
}

/* Options may stand anywhere behind the verb. */
static int take_words(struct admin *a, struct str words)
{
	struct str word;
	int status = 0;

	while (words.n > 0 && status == 0) {
		str_cut(words, STR("\0"), &word, &words);
		if (str_eqz(word, "--password-stdin")) {
			a->has_password = true;
		} else if (str_eqz(word, "--hash-stdin")) {
			a->has_hash = true;
		} else if (str_eqz(word, "--quota")) {
			str_cut(words, STR("\0"), &word, &words);
			status = take_quota(a, word);
		} else if (str_starts(word, STR("--quota="))) {
			status = take_quota(a, str_skip(word, 8));
		} else if (str_eqz(word, "--text-stdin")) {
			a->has_text = true;
		} else if (str_eqz(word, "--sure")) {
			a->sure = true;
		} else if (take_option(a, word, &words)) {
			continue;
		} else if (str_starts(word, STR("-"))) {
			status = usage(a, "unknown option %.*s", STR_ARG(str_take(word, 40)));
		} else if (a->n == ADMIN_WORDS_MAX) {
			status = usage(a, "more than %d words", ADMIN_WORDS_MAX);
		} else {
			a->words[a->n++] = word;
		}
	}
	return status;
}

static const struct admin_command *find_command(const struct admin *a)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (a->n >= 2 && str_eqz(a->words[0], commands[i].noun) && str_eqz(a->words[1], commands[i].verb))
			return &commands[i];
	return NULL;
}

static bool options_fit(const struct admin *a, const struct admin_command *c)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (a->options[i].n > 0 && strcmp(options[i].noun, c->noun) != 0)
			return false;
	return true;
}

static int check_command(struct admin *a, const struct admin_command *c)
{
	size_t n = a->n - 2;
	bool password = a->has_password || a->has_hash;

	if (n < c->least || n > c->most || (c->needs == NEEDS_PASSWORD && !password) ||
	    (a->has_password && a->has_hash) || (c->needs == NEEDS_CHANGE && n == 1 && !a->has_quota))
		return usage(a, "usage: telltale %s %s %s", c->noun, c->verb, c->usage);
	if ((a->has_text ? c->needs != NEEDS_TEXT && c->needs != MAY_HAVE_TEXT : c->needs == NEEDS_TEXT) ||
	    !options_fit(a, c))
		return usage(a, "usage: telltale %s %s %s", c->noun, c->verb, c->usage);
	if (password && c->needs != NEEDS_PASSWORD)
		return usage(a, "telltale %s %s takes no password", c->noun, c->verb);
	if (a->sure && c->run != admin_allow_add)
		return usage(a, "telltale %s %s takes no --sure", c->noun, c->verb);
	if (a->has_quota && strcmp(c->noun, "account") != 0)
		return usage(a, "telltale %s %s takes no --quota", c->noun, c->verb);
	return 0;
}

static int hash_password(struct admin *a, struct str input)
{
	BUF(hash);

	if ((a->has_hash ? password_take_hash : password_hash)(input, &hash, &a->err) < 0)
		return admin_no(a, "%s", a->err.text);
	a->hash = arena_str(&a->mem, buf_str(&hash));
	return 0;
}

static int run_command(struct admin *a, const struct admin_command *c)
{
	int status;

	if (db_do(a->store, SQL_BEGIN, NULL, 0, &a->err) < 0)
		return admin_broken(a);
	status = c->run(a);
	if (status == 0 && db_do(a->store, SQL_COMMIT, NULL, 0, &a->err) >= 0)
		return 0;
	if (status == 0)
		status = admin_broken(a);
	if (db_do(a->store, SQL_ROLLBACK, NULL, 0, NULL) < 0)
		buf_adds(&a->done->message, " (and it could not be undone)");
	buf_reset(&a->done->output);
	return status;
}

void store_admin(struct store *s, struct str words, struct str input, struct store_done *out)
{
	struct admin a = { .store = s, .done = out, .input = input };
	const struct admin_command *c;
	int status;

	*out = (struct store_done){ 0 };
	status = take_words(&a, words);
	c = find_command(&a);
	if (status == 0 && c == NULL)
		status = usage(
		    &a,
		    "unknown request: domain, account, alias, list, autoreply or srs, then add, list, show, set ...");
	if (status == 0)
		status = check_command(&a, c);
	if (status == 0 && c->needs == NEEDS_PASSWORD)
		status = hash_password(&a, input);
	if (status == 0)
		run_command(&a, c);
	arena_clear(&a.mem);
}

void store_done_clear(struct store_done *d)
{
	buf_clear(&d->output);
	buf_clear(&d->message);
}
