/* telltale domain|account|alias|srs: the running server is asked to do it, so that it counts at once; without a
 * server the same code works on the file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/accounts.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "gate/entry_fits.h"
#include "gate/sender_fits.h"
#include "lookup/own.h"
#include "store/store.h"

enum { CONNECT_MS = 5000, ANSWER_MS = 30000, LOCK_MS = 5000, INPUT_MAX = 4096, TEXT_MAX = 512 * 1024 };

struct request {
	struct buf words, input;
};

/* Up to the end of the first line: a person at a terminal is not made to type an end of file. */
static int read_password(struct buf *out)
{
	char p[256];
	ssize_t n;

	if (isatty(0))
		fputs("one line, shown as typed: ", stderr);
	while (out->n < INPUT_MAX && (out->n == 0 || memchr(out->p, '\n', out->n) == NULL)) {
		n = read(0, p, sizeof(p));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return args_fail(CLI_NO, "read the password: %s", strerror(errno));
		if (n == 0)
			break;
		buf_add(out, p, (size_t)n);
	}
	explicit_bzero(p, sizeof(p));
	return 0;
}

/* All of standard input. */
static int read_text(struct buf *out)
{
	char p[4096];
	ssize_t n = 1;

	while (n != 0 && out->n < TEXT_MAX) {
		n = read(0, p, sizeof(p));
		if (n < 0 && errno != EINTR)
			return args_fail(CLI_NO, "read the text: %s", strerror(errno));
		if (n > 0)
			buf_add(out, p, (size_t)n);
	}
	return 0;
}

static int collect(struct request *r, const char *noun, const struct args *a)
{
	bool password = false, text = false;

	buf_adds(&r->words, noun);
	for (int i = 0; i < a->nrest; i++) {
		buf_addc(&r->words, '\0');
		buf_adds(&r->words, a->rest[i]);
		text = text || strcmp(a->rest[i], "--text-stdin") == 0;
		password =
		    password || strcmp(a->rest[i], "--password-stdin") == 0 || strcmp(a->rest[i], "--hash-stdin") == 0;
	}
	if (r->words.n > IPC_LIMIT / 2)
		return args_fail(CLI_USAGE, "too many words");
	return text ? read_text(&r->input) : password ? read_password(&r->input) : 0;
}

static int ask_server(int fd, const struct request *r, struct store_done *out, struct err *e)
{
	struct lookup_admin m = { buf_str(&r->words), buf_str(&r->input) };
	int64_t deadline = deadline_in(ANSWER_MS);
	struct ipc_conn conn;
	struct ipc_frame f = { .fd = -1 };
	struct lookup_done done;
	int rc;

	ipc_conn_init(&conn, fd);
	rc = ipc_send(&conn, &lookup_admin_type, 1, &m, -1, deadline, e);
	if (rc == 0)
		rc = ipc_recv(&conn, &f, deadline, e);
	if (rc == 0 && f.type != lookup_done_number)
		rc = err_set(e, "something else was answered");
	if (rc == 0)
		rc = ipc_unpack(f.body, &lookup_done_type, &done, e);
	if (rc == 0) {
		out->status = (int)(done.status <= OWN_ASKS ? done.status : CLI_NO);
		buf_addstr(&out->output, done.output);
		buf_addstr(&out->message, done.message);
	}
	fd_clear(&f.fd);
	ipc_conn_clear(&conn);
	return rc;
}

static int work_on_file(const char *path, const struct request *r, struct store_done *out, struct err *e)
{
	struct store *s = store_open(path, LOCK_MS, e);

	store_setting_fits = entry_fits;
	store_sender_fits = sender_fits;
	if (s == NULL)
		return -1;
	store_admin(s, buf_str(&r->words), buf_str(&r->input), out);
	store_close(s);
	return 0;
}

/* It would be done if it were meant. */
static void put_question(struct store_done *out)
{
	if (out->status <= CLI_USAGE)
		return;
	out->status = CLI_NO;
	buf_adds(&out->message, ".  If that is meant, say so: --sure");
}

static int perform(struct conf *c, const struct request *r, struct store_done *out)
{
	struct err e = { 0 };
	int fd = ipc_connect(proc_socket(c, "lookup.ctl"), deadline_in(CONNECT_MS), &e);

	if (fd >= 0)
		return ask_server(fd, r, out, &e) == 0 ? 0 : args_fail(CLI_NO, "telltale-lookup: %s", e.text);
	if (e.code != ENOENT && e.code != ECONNREFUSED)
		return args_fail(CLI_NO, "%s", e.text);
	return work_on_file(conf_z(c->accounts.sqlite), r, out, &e) == 0 ? 0 : args_fail(CLI_NO, "%s", e.text);
}

static int print_done(const struct store_done *d, const struct args *a)
{
	if (d->message.n > 0)
		fprintf(stderr, "telltale: %.*s\n", STR_ARG(buf_str(&d->message)));
	if (d->output.n == 0)
		return d->status;
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_str(&d->output)));
	else if (table_print(stdout, buf_str(&d->output)) < 0)
		return args_fail(CLI_BUG, "the answer is no valid JSON");
	return d->status;
}

int accounts_run(const char *noun, const char *usage, int argc, char **argv)
{
	struct request r = { BUF_INIT, BUF_INIT };
	struct store_done done = { 0 };
	struct args a;
	struct conf c;
	int code;

	if (!args_take(&a, argc, argv, usage))
		return CLI_USAGE;
	if (a.nrest == 0) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	code = args_conf(&a, &c);
	if (code != 0)
		return code;
	code = collect(&r, noun, &a);
	if (code == 0)
		code = perform(&c, &r, &done);
	put_question(&done);
	if (code == 0)
		code = print_done(&done, &a);
	if (r.input.n > 0)
		explicit_bzero(r.input.p, r.input.n);
	buf_clear(&r.input);
	buf_clear(&r.words);
	store_done_clear(&done);
	conf_clear(&c);
	return code;
}

#define COMMON \
	"\n" \
	"Changes count at once, for a running server too.  list and show print a table, or JSON with --json.\n" \
	"Exit codes: 0 done, 1 refused or not found, 2 wrong usage.\n"

#define SETTINGS \
	"\n" \
	"set gives it options of gate { } of its own (filter-level, graylist-..., reject-..., entries of\n" \
	"lists, rejection-text-..., spf, dmarc ...); a mailbox's count after its domain's.  OPTION=VALUE sets\n" \
	"one, or adds a value to a list; OPTION= takes it away, OPTION=!VALUE one value of a list.\n" \
	"delay-notice=4h: who sends from there is told of a message that still waits after four hours; off: never.\n"

static const char domain_usage[] =
    "usage: telltale domain add|show|remove DOMAIN [-c FILE]\n"
    "       telltale domain set DOMAIN OPTION=VALUE...\n"
    "       telltale domain list [--json]\n"
    "       telltale domain owner add|remove DOMAIN USER@DOMAIN\n"
    "       telltale domain owner list [DOMAIN] [--json]\n"
    "\n"
    "The domains whose mail is ours.  One that still has accounts cannot be removed.  An owner is a mailbox, of\n"
    "any domain, whose owner sees on the page what happened to all mail of that domain.\n" SETTINGS COMMON;

static const char account_usage[] =
    "usage: telltale account add USER@DOMAIN --password-stdin|--hash-stdin [--quota SIZE] [-c FILE]\n"
    "       telltale account set USER@DOMAIN [--quota SIZE] [OPTION=VALUE...]\n"
    "       telltale account show USER@DOMAIN [--json]\n"
    "       telltale account passwd USER@DOMAIN --password-stdin|--hash-stdin\n"
    "       telltale account remove USER@DOMAIN\n"
    "       telltale account list [DOMAIN] [--json]\n"
    "\n"
    "The mailboxes.  The password is read as one line from standard input, never from the\n"
    "command line; with --hash-stdin it is a hash made elsewhere, as crypt(3) or argon2id make it\n"
    "($y$..., $6$..., $2b$..., $argon2id$...).  SIZE takes K, M, G; 0 is no quota.  Mail to\n"
    "USER+ANYTHING goes to USER.\n"
    "\n"
    "set USER@DOMAIN forward=A@X,B@Y sends its mail on to these addresses, and keeps a copy here; with\n"
    "keep-copy=no it keeps none.  forward=!A@X takes one away, forward= all.\n" SETTINGS COMMON;

static const char alias_usage[] =
    "usage: telltale alias add NAME@DOMAIN TARGET... [-c FILE]\n"
    "       telltale alias remove NAME@DOMAIN [TARGET...]\n"
    "       telltale alias list [DOMAIN | NAME@DOMAIN] [--json]\n"
    "\n"
    "Names that lead to other addresses, here or elsewhere.  @DOMAIN is the catch-all: it gets\n"
    "what has no other name.  An alias that would end in itself is refused.\n" COMMON;

static const char autoreply_usage[] =
    "usage: telltale autoreply set USER@DOMAIN --text-stdin [--subject TEXT] [--from DAY] [--until DAY]\n"
    "                                          [--every 7d] [-c FILE]\n"
    "       telltale autoreply show USER@DOMAIN [--json]\n"
    "       telltale autoreply off USER@DOMAIN\n"
    "\n"
    "A mailbox answers by itself (RFC 3834): each sender once in --every (7 days), never lists, robots or\n"
    "other automatic answers, and only what names the mailbox in To or Cc.  The text is read from standard\n"
    "input, UTF-8.  DAY is 2026-12-24 or \"2026-12-24 18:00\"; a last day without a time counts whole.\n"
    "Without --subject it is \"Auto: \" and the subject of the message.\n" COMMON;

static const char list_usage[] =
    "usage: telltale list add NAME@DOMAIN --owner ADDRESS [--who-may-post anyone|members|owner] [-c FILE]\n"
    "       telltale list set NAME@DOMAIN [--owner ADDRESS] [--who-may-post ...]\n"
    "       telltale list show|remove NAME@DOMAIN\n"
    "       telltale list list [DOMAIN] [--json]\n"
    "       telltale list member add|remove NAME@DOMAIN ADDRESS... | --text-stdin\n"
    "       telltale list member list NAME@DOMAIN [--json]\n"
    "\n"
    "Mailing lists: mail to NAME@DOMAIN goes to all members as one message from NAME-bounces@DOMAIN.  That\n"
    "address, NAME-owner and NAME-request are the owner, who so hears of members that are gone.  With\n"
    "--text-stdin the members are read from standard input, one to a line.  Unless --who-may-post says\n"
    "otherwise only members and the owner may write (by the sender of the envelope).\n" COMMON;

static int list(int argc, char **argv)
{
	return accounts_run("list", list_usage, argc, argv);
}

static const char suppress_usage[] =
    "usage: telltale suppress list USER@DOMAIN [--json] [-c FILE]\n"
    "       telltale suppress add USER@DOMAIN ADDRESS\n"
    "       telltale suppress remove USER@DOMAIN ADDRESS\n"
    "\n"
    "Addresses that a mailbox's mail could not reach for good: no such mailbox, or moved.  They are noted where the\n"
    "mailbox or its domain has suppress=on (30 days; suppress=90d: so long), and refused at once when who has logged\n"
    "in as that mailbox names one: `telltale account set USER@DOMAIN suppress=on`, `telltale domain set DOMAIN "
    "suppress=on`.\n" COMMON;

static int suppress(int argc, char **argv)
{
	return accounts_run("suppress", suppress_usage, argc, argv);
}

static int autoreply(int argc, char **argv)
{
	return accounts_run("autoreply", autoreply_usage, argc, argv);
}

static int domain(int argc, char **argv)
{
	return accounts_run("domain", domain_usage, argc, argv);
}

static int account(int argc, char **argv)
{
	return accounts_run("account", account_usage, argc, argv);
}

static int alias(int argc, char **argv)
{
	return accounts_run("alias", alias_usage, argc, argv);
}

const struct cli_command cli_command_domain = {
	.name = "domain",
	.summary = "the domains whose mail is ours, and their options of the gate",
	.usage = domain_usage,
	.run = domain,
};

const struct cli_command cli_command_account = {
	.name = "account",
	.summary = "mailboxes: add, list, set a quota, a password or an option of the gate, remove",
	.usage = account_usage,
	.run = account,
};

const struct cli_command cli_command_alias = {
	.name = "alias",
	.summary = "names that lead to other addresses; the catch-all",
	.usage = alias_usage,
	.run = alias,
};

const struct cli_command cli_command_autoreply = {
	.name = "autoreply",
	.summary = "what a mailbox answers by itself: set, show, off",
	.usage = autoreply_usage,
	.run = autoreply,
};

const struct cli_command cli_command_list = {
	.name = "list",
	.summary = "mailing lists and their members",
	.usage = list_usage,
	.run = list,
};

const struct cli_command cli_command_suppress = {
	.name = "suppress",
	.summary = "addresses that a mailbox's mail could not reach for good: list, add, remove",
	.usage = suppress_usage,
	.run = suppress,
};
