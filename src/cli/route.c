#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/route_way.h"
#include "lookup/lookup.h"

static const char route_usage[] =
    "usage: telltale route ADDRESS [--from SENDER] [--json] [-c FILE]\n"
    "\n"
    "Where would a mail to this address go, and why?  Asks the running server, as a session does.  Of mail that\n"
    "leaves: by which row of the configuration, and to which hosts, in the order in which they are tried.\n"
    "  --from SENDER    rows that name senders count too; <> is that of bounces\n"
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

struct look {
	struct conf *conf;
	struct str address, sender;
	struct ipc_client *dns;
	struct lookup_answer found;
	struct arena mem;
};

static bool is_subaddress(const struct look *r)
{
	return r->found.result == RESOLVED_MAILBOX && r->found.n == 1 && str_chr(r->address, '+') >= 0 &&
	       !str_ieq(r->found.targets[0].final, r->address);
}

/* How mail leaves. */
static struct route_way way(struct look *r, struct str rcpt, struct ipc_client *dns)
{
	struct route_way w;

	route_way_find(&w, r->conf, r->sender, rcpt, dns, &r->mem);
	return w;
}

static const char *why(struct look *r)
{
	if (r->found.result == RESOLVED_NOT_OURS)
		return arena_fmt(&r->mem, "%s %s%.*s", meanings[RESOLVED_NOT_OURS].why,
				 r->conf->relay.enabled ? "Such mail leaves " : "",
				 STR_ARG(way(r, r->address, NULL).words))
		    .p;
	return is_subaddress(r) ? "it is a subaddress of a mailbox here" : meanings[r->found.result].why;
}

/* The folder of a mailbox; what happens to the rest. */
static const char *where(struct look *r, const struct recipient *t)
{
	ptrdiff_t at = str_rchr(t->final, '@');

	if (t->led == LED_LIST)
		return "a mailing list: telltale list show, telltale list member list";
	if (t->led == LED_PROGRAM) {
		const struct conf_runner *row = conf_runner(r->conf, str_skip(t->final, 1));

		return row == NULL ? "no program of that name is configured: it would wait in the queue"
				   : arena_fmt(&r->mem, "program %.*s: %.*s", STR_ARG(row->name),
					       STR_ARG(row->set.command.at[0]))
					 .p;
	}
	if (t->channel != CHANNEL_LOCAL || at < 0)
		return arena_z(&r->mem, way(r, t->final, NULL).words);
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

static void print_hosts(struct look *r, struct str rcpt)
{
	struct route_way w = way(r, rcpt, r->dns);

	route_way_print(&w);
}

/* Which way a mail to that address leaves; null: it does not. */
static void put_way(struct look *r, struct str rcpt, bool leaves, struct json *j)
{
	struct route_way w;

	json_key(j, "way");
	if (!leaves) {
		json_none(j);
		return;
	}
	w = way(r, rcpt, r->dns);
	route_way_json(&w, j);
}

static void print_text(struct look *r)
{
	printf("%.*s: %s\n", STR_ARG(r->address), why(r));
	for (size_t i = 0; i < r->found.n; i++) {
		const struct recipient *t = &r->found.targets[i];

		printf("  -> %.*s  %s%s\n", STR_ARG(t->final), where(r, t), led(t));
		if (t->channel == CHANNEL_REMOTE)
			print_hosts(r, t->final);
	}
	if (r->found.result == RESOLVED_NOT_OURS)
		print_hosts(r, r->address);
	if (meanings[r->found.result].status == CLI_NO)
		printf("  it would be refused\n");
}

static void print_json(struct look *r)
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
		put_way(r, t->final, t->channel == CHANNEL_REMOTE, &j);
		json_end_object(&j);
	}
	json_end_array(&j);
	put_way(r, r->address, r->found.result == RESOLVED_NOT_OURS, &j);
	json_end_object(&j);
	printf("%s\n", buf_z(&out));
}

static int ask(struct look *r, bool as_json)
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
	r->dns = ipc_client_new(proc_socket(r->conf, "dns.sock"));
	if (as_json)
		print_json(r);
	else
		print_text(r);
	ipc_client_free(r->dns);
	return meanings[r->found.result].status;
}

static bool take_words(struct look *r, const struct args *a)
{
	for (int i = 0; i < a->nrest; i++) {
		if (strcmp(a->rest[i], "--from") == 0 && i + 1 < a->nrest)
			r->sender = str_of(strcmp(a->rest[++i], "<>") == 0 ? "" : a->rest[i]);
		else if (a->rest[i][0] != '-' && r->address.n == 0)
			r->address = str_of(a->rest[i]);
		else
			return false;
	}
	return r->address.n > 0;
}

static int route(int argc, char **argv)
{
	struct look r = { .sender = ROUTE_ANYBODY };
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, route_usage))
		return CLI_USAGE;
	if (!take_words(&r, &a))
		return args_fail(CLI_USAGE, "route takes one address, and --from ADDRESS");
	if (str_rchr(r.address, '@') < 1 || (size_t)str_rchr(r.address, '@') + 1 == r.address.n)
		return args_fail(CLI_USAGE, "%s is no address: NAME@DOMAIN", r.address.p);
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
