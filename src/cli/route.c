#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "lookup/lookup.h"

static const char route_usage[] =
    "usage: telltale route ADDRESS [--json] [-c FILE]\n"
    "\n"
    "Where would a mail to this address go, and why?  Asks the running server, as a session does.\n"
    "Exit codes: 0 it would be accepted, 1 it would be refused or no server is running, 2 wrong usage,\n"
    "3 it cannot be known now.\n";

enum { ANSWER_TIME = 5000 };

/* What each answer means for a mail from a stranger. */
static const struct {
	const char *word, *why;
	int status;
} meanings[] = {
	[RESOLVED_MAILBOX] = { "mailbox", "it is a mailbox here", CLI_DONE },
	[RESOLVED_ALIAS] = { "alias", "it is an alias here", CLI_DONE },
	[RESOLVED_CATCHALL] = { "catch-all", "nobody has that name; the domain's catch-all takes it", CLI_DONE },
	[RESOLVED_NO_MAILBOX] = { "unknown", "the domain is ours, but nobody has that name", CLI_NO },
	[RESOLVED_NOT_OURS] = { "remote",
				"the domain is not ours; only who has logged in, or may relay, may send there.",
				CLI_NO },
	[RESOLVED_LOOP] = { "loop", "its aliases end in themselves, or nowhere within the limits", CLI_NO },
	[RESOLVED_OVER_QUOTA] = { "over-quota", "every mailbox that it leads to is full", CLI_NO },
	[RESOLVED_TEMPORARY] = { "unknown-now", "the accounts cannot be asked now: senders are told to come again",
				 CLI_AMBIGUOUS },
};

struct route {
	struct conf *conf;
	struct str address;
	struct lookup_answer found;
	struct arena mem;
};

static bool is_subaddress(const struct route *r)
{
	return r->found.result == RESOLVED_MAILBOX && r->found.n == 1 && str_chr(r->address, '+') >= 0 &&
	       !str_ieq(r->found.targets[0].final, r->address);
}

/* How mail leaves. */
static const char *way(struct route *r)
{
	const struct conf_relay *relay = &r->conf->relay;

	if (!relay->enabled)
		return "remote delivery is not configured: it would wait in the queue";
	if (relay->host.n > 0)
		return arena_fmt(&r->mem, "by the smart host %s", conf_z(relay->host)).p;
	return "to the server that DNS names for its domain (MX)";
}

static const char *why(struct route *r)
{
	if (r->found.result == RESOLVED_NOT_OURS)
		return arena_fmt(&r->mem, "%s %s", meanings[RESOLVED_NOT_OURS].why, way(r)).p;
	return is_subaddress(r) ? "it is a subaddress of a mailbox here" : meanings[r->found.result].why;
}

/* The folder of a mailbox; what happens to the rest. */
static const char *where(struct route *r, const struct recipient *t)
{
	ptrdiff_t at = str_rchr(t->final, '@');

	if (t->led == LED_PROGRAM) {
		const struct conf_runner *row = conf_runner(r->conf, str_skip(t->final, 1));

		return row == NULL ? "no program of that name is configured: it would wait in the queue"
				   : arena_fmt(&r->mem, "program %.*s: %.*s", STR_ARG(row->name),
					       STR_ARG(row->set.command.at[0]))
					 .p;
	}
	if (t->channel != CHANNEL_LOCAL || at < 0)
		return way(r);
	return arena_fmt(&r->mem, "%s/%.*s/%.*s/Maildir", conf_z(r->conf->top.mail_dir),
			 STR_ARG(str_skip(t->final, (size_t)at + 1)), STR_ARG(str_take(t->final, (size_t)at)))
	    .p;
}

/* What else there is to say of a target. */
static const char *led(const struct recipient *t)
{
	if (t->led == LED_FORWARD)
		return "  (its mailbox has mail sent on)";
	return t->replies ? "  (answers by itself)" : "";
}

static void print_text(struct route *r)
{
	printf("%.*s: %s\n", STR_ARG(r->address), why(r));
	for (size_t i = 0; i < r->found.n; i++) {
		const struct recipient *t = &r->found.targets[i];

		printf("  -> %.*s  %s%s\n", STR_ARG(t->final), where(r, t), led(t));
	}
	if (meanings[r->found.result].status == CLI_NO)
		printf("  it would be refused\n");
}

static void print_json(struct route *r)
{
	BUF(out);
	struct json j = json_to(&out);

	json_begin_object(&j);
	json_key(&j, "address"), json_str(&j, r->address);
	json_key(&j, "result"), json_z(&j, is_subaddress(r) ? "subaddress" : meanings[r->found.result].word);
	json_key(&j, "accepted");
	if (r->found.result == RESOLVED_TEMPORARY)
		json_none(&j);
	else
		json_bool(&j, meanings[r->found.result].status == CLI_DONE);
	json_key(&j, "why"), json_z(&j, why(r));
	json_key(&j, "targets"), json_begin_array(&j);
	for (size_t i = 0; i < r->found.n; i++) {
		const struct recipient *t = &r->found.targets[i];

		json_begin_object(&j);
		json_key(&j, "address"), json_str(&j, t->final);
		json_key(&j, "channel"), json_z(&j, t->led == LED_PROGRAM         ? "program"
						    : t->channel == CHANNEL_LOCAL ? "local"
										  : "remote");
		json_key(&j, "where"), json_z(&j, where(r, t));
		json_key(&j, "forward"), json_bool(&j, t->led == LED_FORWARD);
		json_key(&j, "autoreply"), json_bool(&j, t->replies);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	printf("%s\n", buf_z(&out));
}

static int ask(struct route *r, bool as_json)
{
	const char *path = proc_socket(r->conf, "lookup.sock");
	struct err e = { 0 };
	FD(probe) = ipc_connect(path, deadline_in(ANSWER_TIME), &e);
	struct ipc_client *c;

	if (probe < 0)
		return args_fail(CLI_NO, "no server is running on %s", conf_z(r->conf->top.data_dir));
	fd_clear(&probe);
	c = ipc_client_new(path);
	lookup_ask(c, r->address, &r->mem, &r->found, deadline_in(ANSWER_TIME), &e);
	ipc_client_free(c);
	if (as_json)
		print_json(r);
	else
		print_text(r);
	return meanings[r->found.result].status;
}

static int route(int argc, char **argv)
{
	struct route r = { 0 };
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, route_usage))
		return CLI_USAGE;
	if (a.nrest != 1)
		return args_fail(CLI_USAGE, "route takes one address");
	r.address = str_of(a.rest[0]);
	if (str_rchr(r.address, '@') < 1 || (size_t)str_rchr(r.address, '@') + 1 == r.address.n)
		return args_fail(CLI_USAGE, "%s is no address: NAME@DOMAIN", a.rest[0]);
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	r.conf = &c;
	rc = ask(&r, a.json);
	arena_clear(&r.mem);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_route = {
	.name = "route",
	.summary = "where would a mail to this address go, and why",
	.usage = route_usage,
	.run = route,
};
