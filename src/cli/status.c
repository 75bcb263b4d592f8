#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/control.h"
#include "cli/status.h"
#include "cli/table.h"

static const char status_usage[] =
    "usage: telltale status [--json] [-c FILE]\n"
    "\n"
    "How is the running server: its programs and listeners, open sessions, the queue, free space, its latest\n"
    "trouble (the last warning or error in server.log).\n"
    "States of a program: starting, ready, finishing (its sessions, after a reload), waiting (for its next start),\n"
    "stopping.\n"
    "Exit codes: 0 done, 1 no server is running, 2 wrong usage.\n";

enum { ANSWER_TIME = 10000 };

static json_t *gather(struct control_call *k, struct conf *c)
{
	json_t *j = json_loadb(k->told.output.p, k->told.output.n, 0, NULL);

	if (j == NULL)
		return NULL;
	status_date_programs(json_object_get(j, "programs"));
	json_object_set_new(j, "sessions", status_sessions(k->fd));
	json_object_set_new(j, "queue", status_queue(c));
	json_object_set_new(j, "disk", status_disk(c));
	json_object_set_new(j, "trouble", status_trouble(c));
	return j;
}

static void print_table(const char *title, const json_t *rows)
{
	char *text = json_dumps(rows, JSON_COMPACT);

	printf("\n%s\n", title);
	if (text != NULL)
		table_print(stdout, str_of(text));
	free(text);
}

static void print_paused(const json_t *queue)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(queue, "paused"), i, p)
	{
		const char *until = json_string_value(json_object_get(p, "until"));
		const char *why = json_string_value(json_object_get(p, "why"));

		printf("paused: %s, %s%s%s%s\n", json_string_value(json_object_get(p, "destination")),
		       until != NULL ? "until " : "until it is resumed", until != NULL ? until : "",
		       why != NULL && *why != '\0' ? ": " : "", why != NULL ? why : "");
	}
}

static void print_text(const json_t *j)
{
	const json_t *queue = json_object_get(j, "queue"), *trouble = json_object_get(j, "trouble");

	printf("telltaled %lld is %s, generation %lld\n", (long long)json_integer_value(json_object_get(j, "pid")),
	       json_string_value(json_object_get(j, "state")),
	       (long long)json_integer_value(json_object_get(j, "generation")));
	print_table("programs", json_object_get(j, "programs"));
	print_table("listeners", json_object_get(j, "listeners"));
	print_table("disk", json_object_get(j, "disk"));
	printf("\nsessions open: %lld\n", (long long)json_integer_value(json_object_get(j, "sessions")));
	if (json_is_object(queue))
		printf("queue: %lld messages%s, %lld recipients\n",
		       (long long)json_integer_value(json_object_get(queue, "messages")),
		       json_is_true(json_object_get(queue, "more")) ? " and more" : "",
		       (long long)json_integer_value(json_object_get(queue, "recipients")));
	else
		printf("queue: telltale-queue does not answer\n");
	print_paused(queue);
	printf("last trouble: %s\n", json_is_string(trouble) ? json_string_value(trouble) : "none");
}

static int show(struct control_call *k, struct conf *c, bool as_json)
{
	json_t *j = gather(k, c);

	if (j == NULL)
		return args_fail(CLI_BUG, "telltaled's answer is not JSON");
	if (as_json) {
		json_dumpf(j, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_text(j);
	}
	json_decref(j);
	return CLI_DONE;
}

static int status(int argc, char **argv)
{
	struct control_call k;
	struct args a;
	struct conf c;
	int rc;

	if (!args_take_alone(&a, argc, argv, status_usage))
		return CLI_USAGE;
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	rc = control_ask(&k, &c, &control_status_type, ANSWER_TIME);
	if (rc == 0)
		rc = show(&k, &c, a.json);
	control_hang_up(&k);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_status = {
	.name = "status",
	.summary = "how is the running server",
	.usage = status_usage,
	.run = status,
};
