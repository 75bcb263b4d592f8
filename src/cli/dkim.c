/* telltale dkim: the keys that mail of our users is signed with, and their records in DNS. */
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/dkim.h"
#include "cli/table.h"

enum { DAY = 24 * 3600, CONNECT_MS = 500 };

static const char usage[] =
    "usage: telltale dkim add DOMAIN [--only rsa|ed25519] [--bits N] [--now] [-c FILE]\n"
    "       telltale dkim rotate DOMAIN [--only rsa|ed25519] [--bits N] [--now]\n"
    "       telltale dkim list [DOMAIN] [--json]\n"
    "       telltale dkim show DOMAIN\n"
    "       telltale dkim remove DOMAIN [SELECTOR]\n"
    "\n"
    "The keys that mail of a domain's users is signed with: an RSA key (2048 bits) and an Ed25519 key, unless\n"
    "--only says otherwise.  Each has a record in DNS, which is printed to be pasted into a zone file.\n"
    "add makes the first keys, rotate the next ones.  They sign as soon as their records are visible to the running\n"
    "server: publish them and say rotate again; --now does not wait.  Then those before them are retired: nothing is\n"
    "signed with them any more, and list says from when on their records may be removed from DNS; remove forgets\n"
    "them.  show prints the records that DNS must have, and on stderr what of SPF and DMARC it lacks.\n"
    "Changes count for the next message.\n"
    "Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 the next keys wait for their records.\n";

struct request {
	struct conf conf;
	const char *verb;
	struct str domain, selector;
	bool now, json, only;
	enum key_type type;
	uint64_t bits;
};

/* ---- what is printed ---- */

static const char *day_of(struct arena *a, int64_t seconds)
{
	struct civil t = civil_of_seconds(seconds);

	return arena_fmt(a, "%04d-%02d-%02d", t.year, t.month, t.day).p;
}

static int print_record(const struct dkim_folder *f, const struct keyring_key *k)
{
	struct err e = { 0 };
	EVP_PKEY *key = dkim_key(f, k, &e);
	BUF(record);
	BUF(line);

	if (key == NULL)
		return args_fail(CLI_NO, "%s", e.text);
	keyring_record(key, &record);
	dkim_zone_line(k->selector, f->domain, buf_str(&record), &line);
	printf("%s\n", buf_z(&line));
	EVP_PKEY_free(key);
	return CLI_DONE;
}

static int print_records(const struct dkim_folder *f, unsigned states)
{
	int code = CLI_DONE;

	for (size_t i = 0; i < f->keys.n && code == CLI_DONE; i++)
		if ((states >> f->keys.at[i].state & 1) != 0)
			code = print_record(f, &f->keys.at[i]);
	return code;
}

static const char *note_of(struct arena *a, const struct keyring_key *k)
{
	int64_t over = k->since + (int64_t)DKIM_KEEP_DAYS * DAY;

	if (k->state == KEYRING_NEXT)
		return "signs once its record is in DNS";
	if (k->state == KEYRING_ACTIVE)
		return "signs";
	if (over > clock_wall() / 1000)
		return arena_fmt(a, "its record may be removed from DNS on %s", day_of(a, over)).p;
	return "its record may be removed from DNS";
}

static void put_keys(struct json *j, const struct dkim_folder *f)
{
	ARENA(a);

	for (size_t i = 0; i < f->keys.n; i++) {
		const struct keyring_key *k = &f->keys.at[i];

		json_begin_object(j);
		json_key(j, "domain"), json_str(j, f->domain);
		json_key(j, "selector"), json_z(j, k->selector);
		json_key(j, "algorithm"), json_z(j, keyring_type_word(k->type));
		json_key(j, "state"), json_z(j, keyring_state_word(k->state));
		json_key(j, "since"), json_z(j, day_of(&a, k->since));
		json_key(j, "note"), json_z(j, note_of(&a, k));
		json_end_object(j);
	}
}

/* Does anybody listen there? */
static bool answers(struct conf *c, const char *socket)
{
	int fd = ipc_connect(proc_socket(c, socket), deadline_in(CONNECT_MS), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The keys count for whoever signs; is there somebody? */
static void say_who_signs(struct conf *c, bool first)
{
	if (str_eqz(c->dkim.sign, "none"))
		fputs("telltale: dkim { sign = \"none\" }: no mail is signed\n", stderr);
	else if (answers(c, "telltaled.ctl") && (first || !answers(c, "signer.sock")))
		fputs("telltale: these are the first keys: `telltale reload` makes the running server sign\n", stderr);
}

/* ---- make, activate, forget ---- */

static size_t count(const struct dkim_folder *f, enum keyring_state s)
{
	size_t n = 0;

	for (size_t i = 0; i < f->keys.n; i++)
		n += f->keys.at[i].state == s;
	return n;
}

static bool wants(const struct request *r, enum key_type t)
{
	return !r->only || r->type == t;
}

static int make_next(struct request *r, struct dkim_folder *f)
{
	struct err e = { 0 };

	if ((wants(r, KEY_RSA) && dkim_make(f, &r->conf, KEY_RSA, (int)r->bits, &e) < 0) ||
	    (wants(r, KEY_ED25519) && dkim_make(f, &r->conf, KEY_ED25519, 0, &e) < 0) ||
	    dkim_store(f, &r->conf, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	return print_records(f, 1 << KEYRING_NEXT);
}

static bool is_visible(struct request *r, const struct dkim_folder *f, const struct keyring_key *k)
{
	struct err e = { 0 };
	EVP_PKEY *key = dkim_key(f, k, &e);
	BUF(why);
	bool yes = key != NULL && dkim_visible(&r->conf, k->selector, f->domain, key, &why);

	if (!yes)
		fprintf(stderr, "telltale: %s: %s\n", k->selector, key == NULL ? e.text : buf_z(&why));
	EVP_PKEY_free(key);
	return yes;
}

static bool all_visible(struct request *r, const struct dkim_folder *f)
{
	bool all = true;

	for (size_t i = 0; i < f->keys.n; i++)
		if (f->keys.at[i].state == KEYRING_NEXT && !is_visible(r, f, &f->keys.at[i]))
			all = false;
	return all;
}

static int activate(struct request *r, struct dkim_folder *f)
{
	struct err e = { 0 };

	if (!r->now && !all_visible(r, f)) {
		fprintf(stderr,
			"telltale: publish the records of the next keys, then say `telltale dkim rotate %.*s` again "
			"(--now: do not wait)\n",
			STR_ARG(f->domain));
		return CLI_AMBIGUOUS;
	}
	for (size_t i = 0; i < f->keys.n; i++) {
		struct keyring_key *k = &f->keys.at[i];

		if (k->state == KEYRING_RETIRED)
			continue;
		k->state = k->state == KEYRING_NEXT ? KEYRING_ACTIVE : KEYRING_RETIRED;
		k->since = clock_wall() / 1000;
	}
	if (dkim_store(f, &r->conf, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	fprintf(stderr, "telltale: mail of %.*s is signed with the new keys from now on\n", STR_ARG(f->domain));
	say_who_signs(&r->conf, f->first);
	return CLI_DONE;
}

static int renew(struct request *r, struct dkim_folder *f)
{
	bool first = strcmp(r->verb, "add") == 0;
	int code = CLI_DONE;

	if (first && f->keys.n > 0)
		return args_fail(CLI_NO, "%.*s has keys; `telltale dkim rotate` makes the next ones",
				 STR_ARG(f->domain));
	if (!first && f->keys.n == 0)
		return args_fail(CLI_NO, "%.*s has no keys; `telltale dkim add` makes the first ones",
				 STR_ARG(f->domain));
	if (count(f, KEYRING_NEXT) == 0)
		code = make_next(r, f);
	return code != CLI_DONE ? code : activate(r, f);
}

static int forget(struct request *r, struct dkim_folder *f)
{
	struct keyring before = f->keys;
	struct err e = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < before.n; i++)
		if (r->selector.n > 0 && !str_eqz(r->selector, before.at[i].selector))
			f->keys.at[n++] = before.at[i];
	if (n == before.n)
		return args_fail(CLI_NO, "%.*s has no such key", STR_ARG(f->domain));
	f->keys.n = n;
	if (dkim_store(f, &r->conf, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	for (size_t i = 0; i < before.n; i++)
		if (r->selector.n == 0 || str_eqz(r->selector, before.at[i].selector))
			dkim_erase(f, before.at[i].selector);
	if (count(f, KEYRING_ACTIVE) == 0)
		fprintf(stderr, "telltale: mail of %.*s is not signed any more\n", STR_ARG(f->domain));
	return CLI_DONE;
}

/* ---- list ---- */

static int list_one(struct request *r, struct str domain, struct json *j)
{
	struct dkim_folder f;
	struct err e = { 0 };

	if (dkim_open(&f, &r->conf, domain, false, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	put_keys(j, &f);
	dkim_close(&f);
	return CLI_DONE;
}

static int list_all(struct request *r, struct json *j)
{
	DIR *dir = opendir(conf_z(r->conf.dkim.dir));
	const struct dirent *d;
	int code = CLI_DONE;

	if (dir == NULL)
		return errno == ENOENT ? CLI_DONE
				       : args_fail(CLI_NO, "%s: %s", conf_z(r->conf.dkim.dir), strerror(errno));
	while (code == CLI_DONE && (d = readdir(dir)) != NULL)
		if (keyring_domain_ok(str_of(d->d_name)))
			code = list_one(r, str_of(d->d_name), j);
	closedir(dir);
	return code;
}

static int list(struct request *r)
{
	BUF(out);
	struct json j = json_to(&out);
	int code;

	json_begin_array(&j);
	code = r->domain.n > 0 ? list_one(r, r->domain, &j) : list_all(r, &j);
	json_end_array(&j);
	if (code != CLI_DONE)
		return code;
	if (r->json)
		printf("%s\n", buf_z(&out));
	else if (table_print(stdout, buf_str(&out)) < 0)
		return args_fail(CLI_BUG, "the answer is no valid JSON");
	return CLI_DONE;
}

/* ---- the command line ---- */

static int take_only(struct request *r, const char *word)
{
	r->only = true;
	if (strcmp(word, "rsa") != 0 && strcmp(word, "ed25519") != 0)
		return args_fail(CLI_USAGE, "--only takes rsa or ed25519");
	r->type = strcmp(word, "rsa") == 0 ? KEY_RSA : KEY_ED25519;
	return CLI_DONE;
}

static int take_words(struct request *r, char **words, int n)
{
	int code = CLI_DONE;

	for (int i = 0; i < n && code == CLI_DONE; i++) {
		if (strcmp(words[i], "--now") == 0)
			r->now = true;
		else if (strcmp(words[i], "--only") == 0 && i + 1 < n)
			code = take_only(r, words[++i]);
		else if (strcmp(words[i], "--bits") == 0 && i + 1 < n)
			code = str_u64(str_of(words[++i]), KEY_RSA_MAX, &r->bits) && r->bits >= KEY_RSA_MIN
				   ? CLI_DONE
				   : args_fail(CLI_USAGE, "--bits takes %d to %d", KEY_RSA_MIN, KEY_RSA_MAX);
		else if (words[i][0] != '-' && r->domain.n == 0)
			r->domain = arena_lower(&r->conf.mem, str_of(words[i]));
		else if (words[i][0] != '-' && r->selector.n == 0 && strcmp(r->verb, "remove") == 0)
			r->selector = str_of(words[i]);
		else
			code = args_fail(CLI_USAGE, "dkim %s takes no %s", r->verb, words[i]);
	}
	if (code == CLI_DONE && r->domain.n > 0 && !keyring_domain_ok(r->domain))
		code = args_fail(CLI_USAGE, "%.*s is no domain", STR_ARG(r->domain));
	return code;
}

static int perform(struct request *r)
{
	bool add = strcmp(r->verb, "add") == 0;
	struct dkim_folder f;
	struct err e = { 0 };
	int code;

	if (strcmp(r->verb, "list") == 0)
		return list(r);
	if (r->domain.n == 0)
		return args_fail(CLI_USAGE, "dkim %s takes a domain", r->verb);
	if (dkim_open(&f, &r->conf, r->domain, add, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	if (strcmp(r->verb, "show") == 0) {
		code = print_records(&f, ~0u);
		dkim_say_needs(&r->conf, r->domain);
	} else if (strcmp(r->verb, "remove") == 0)
		code = forget(r, &f);
	else
		code = renew(r, &f);
	dkim_close(&f);
	return code;
}

static bool is_verb(const char *word)
{
	static const char *const verbs[] = { "add", "rotate", "list", "show", "remove" };

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

static int run(int argc, char **argv)
{
	struct request r = { .bits = DKIM_BITS };
	struct args a;
	int code;

	if (!args_take(&a, argc, argv, usage))
		return CLI_USAGE;
	if (a.nrest == 0 || !is_verb(a.rest[0])) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	code = args_conf(&a, &r.conf);
	if (code != 0)
		return code;
	r.verb = a.rest[0];
	r.json = a.json;
	code = take_words(&r, a.rest + 1, a.nrest - 1);
	if (code == CLI_DONE)
		code = perform(&r);
	conf_clear(&r.conf);
	return code;
}

const struct cli_command cli_command_dkim = {
	.name = "dkim",
	.summary = "keys that our users' mail is signed with: make, rotate, list, print their DNS records",
	.usage = usage,
	.run = run,
};
