#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "sts/sts.h"

static const char tls_report_usage[] =
    "usage: telltale tls-report [DOMAIN] [--json] [-c FILE]\n"
    "\n"
    "How did the TLS of our connections to other servers end today (UTC), by their domains?  Counted where\n"
    "relay { tls-report } is on.  --json: the reports as they would go out now (RFC 8460).\n"
    "Exit codes: 0 done, 1 nothing was counted, or nobody counts, 2 wrong usage.\n";

enum { ANSWER_TIME = 5000 };

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "?";
}

static void print_failures(const json_t *policy)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(policy, "failure-details"), i, one)
	{
		const char *why = json_string_value(json_object_get(one, "failure-reason-code"));

		printf("    %lld %s at %s%s%s\n",
		       (long long)json_integer_value(json_object_get(one, "failed-session-count")),
		       text(one, "result-type"), text(one, "receiving-mx-hostname"), why != NULL ? ": " : "",
		       why != NULL ? why : "");
	}
}

static void print_report(const json_t *report)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(report, "policies"), i, one)
	{
		const json_t *policy = json_object_get(one, "policy"), *sum = json_object_get(one, "summary");

		printf("%s (%s): %lld good, %lld failed\n", text(policy, "policy-domain"), text(policy, "policy-type"),
		       (long long)json_integer_value(json_object_get(sum, "total-successful-session-count")),
		       (long long)json_integer_value(json_object_get(sum, "total-failure-session-count")));
		print_failures(one);
	}
}

static int print(struct str reports, bool as_json)
{
	json_t *all = json_loadb(reports.p, reports.n, 0, NULL), *one;
	size_t i, n = json_array_size(all);

	if (as_json)
		printf("%.*s\n", STR_ARG(reports));
	else
		json_array_foreach(all, i, one) print_report(one);
	json_decref(all);
	return n > 0 ? CLI_DONE : CLI_NO;
}

static int ask(struct conf *c, struct str domain, bool as_json)
{
	struct ipc_client *client = ipc_client_new(proc_socket(c, "policy.ctl"));
	struct sts_count m = { .domain = domain };
	struct ipc_frame f = { .fd = -1 };
	struct sts_counted counted;
	struct err e = { 0 };
	ARENA(a);
	int rc;

	rc = ipc_call(client, &sts_count_type, &m, &a, &f, deadline_in(ANSWER_TIME), &e);
	ipc_client_free(client);
	fd_clear(&f.fd);
	if (rc < 0 || f.type != sts_counted_number || ipc_unpack(f.body, &sts_counted_type, &counted, &e) < 0)
		return args_fail(CLI_NO, "telltale-policy cannot be asked: %s", e.text);
	return print(counted.reports, as_json);
}

static int tls_report(int argc, char **argv)
{
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, tls_report_usage))
		return CLI_USAGE;
	if (a.nrest > 1)
		return args_fail(CLI_USAGE, "tls-report takes one domain");
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	if (c.relay.enabled && c.relay.tls_report)
		rc = ask(&c, str_of(a.rest[0]), a.json);
	else
		rc = args_fail(CLI_NO, "nothing is counted: relay { tls-report } is off, or no mail leaves");
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_tls_report = {
	.name = "tls-report",
	.summary = "how the TLS of our connections to other servers ended today",
	.usage = tls_report_usage,
	.run = tls_report,
};
