/* telltale web: telltale-web is asked over run/web.ctl. */
#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "web/proto.h"

static const char web_usage[] =
    "usage: telltale web link [--json] [-c FILE]\n"
    "       telltale web sessions [--json]\n"
    "       telltale web end NUMBER|USER@DOMAIN|--all\n"
    "\n"
    "Who sees the page.  link makes an address that lets whoever opens it first come in as administrator, within\n"
    "ten minutes.  sessions lists who has come in; end ends one of them, all of a mailbox, or all.\n"
    "Everybody else comes in with the address and the password of his mailbox, and sees what concerns it; owners\n"
    "of domains (`telltale domain owner`) see all mail of their domains.\n"
    "Exit codes: 0 done, 1 refused or not found, 2 wrong usage.\n";

enum { ANSWER_TIME = 10000 };

static int print_link(struct str output)
{
	json_t *j = json_loadb(output.p, output.n, 0, NULL);
	const char *url = json_string_value(json_object_get(j, "url"));

	if (url != NULL)
		puts(url);
	json_decref(j);
	return url != NULL ? CLI_DONE : args_fail(CLI_BUG, "the answer is no valid JSON");
}

static int print_done(const struct web_done *d, const struct args *a)
{
	if (d->message.n > 0)
		fprintf(stderr, "telltale: %.*s\n", STR_ARG(d->message));
	if (d->output.n == 0)
		return d->status <= CLI_USAGE ? (int)d->status : CLI_BUG;
	if (a->json) {
		printf("%.*s\n", STR_ARG(d->output));
		return CLI_DONE;
	}
	if (d->output.p[0] == '{')
		return print_link(d->output);
	return table_print(stdout, d->output) == 0 ? CLI_DONE : args_fail(CLI_BUG, "the answer is no valid JSON");
}

static int ask(const char *at, struct str words, const struct args *args)
{
	struct ipc_client *client = ipc_client_new(at);
	struct web_admin m = { words, str_of(args_who()) };
	struct ipc_frame f = { .fd = -1 };
	struct web_done done;
	struct err e = { 0 };
	ARENA(a);
	int rc = ipc_call(client, &web_admin_type, &m, &a, &f, deadline_in(ANSWER_TIME), &e);

	ipc_client_free(client);
	fd_clear(&f.fd);
	if (rc < 0 || f.type != web_done_number || ipc_unpack(f.body, &web_done_type, &done, &e) < 0)
		return args_fail(CLI_NO, "the page cannot be asked (is there web { bind }?): %s", e.text);
	return print_done(&done, args);
}

static int web(int argc, char **argv)
{
	struct args a;
	struct conf c;
	BUF(words);
	int rc;

	if (!args_take(&a, argc, argv, web_usage))
		return CLI_USAGE;
	if (a.nrest == 0) {
		fputs(web_usage, stderr);
		return CLI_USAGE;
	}
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	for (int i = 0; i < a.nrest; i++) {
		if (i > 0)
			buf_addc(&words, '\0');
		buf_adds(&words, a.rest[i]);
	}
	rc = ask(proc_socket(&c, "web.ctl"), buf_str(&words), &a);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_web = {
	.name = "web",
	.summary = "the page: a link for an administrator, who has come in, end that",
	.usage = web_usage,
	.run = web,
};
