#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/utf8.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/explain_text.h"
#include "trace/explain.h"

#define INPUT_MAX (32 << 20)

static const char explain_usage[] =
    "usage: telltale explain [--json] TEXT...\n"
    "       telltale explain [--json] < LINES\n"
    "       telltale explain [--json] < MESSAGE\n"
    "\n"
    "Say in plain words what a text of the mail logs means, whether it is final, who must act and how.\n"
    "TEXT is\n"
#define EXPLAIN_FORM(function, help) "    " help "\n"
#include "trace/explain_forms.def"
#undef EXPLAIN_FORM
    "\"What does `X` mean? And `Y`?\" and \"What is A / B?\" ask about several.  Without TEXT each line of the\n"
    "standard input is explained.  --json prints one object for each text.\n"
    "\n"
    "MESSAGE is a whole message (or several in an mbox) or the header of one.  Of a bounce it tells for each\n"
    "recipient why, what the other server said, and who must act; of any other message which way it went,\n"
    "hop by hop, how long each took, what was checked and what is odd.  At most 16 MB of a message are read.\n"
    "\n"
    "No log, no configuration and no network is needed.  Quote a TEXT with $, * or ( in it; -- ends the\n"
    "options.\n"
    "\n"
    "Exit codes: 0 explained, 1 not known, 2 no text given.\n";

static int explain_one(struct buf *b, struct str text)
{
	ARENA(mem);
	struct explanation x;
	struct str near;
	BUF(safe);

	if (explain_text(text, &mem, &x)) {
		explain_put_text(b, text, &x);
		return CLI_DONE;
	}
	utf8_show(&safe, str_take(text, 200));
	near = explain_near_words(text, &mem);
	return args_fail(CLI_NO, "not known: %s%s%.*s", buf_z(&safe), near.n > 0 ? ". " : "", STR_ARG(near));
}

static int explain_messages(struct str text)
{
	struct str message;

	for (bool first = true; explain_next_message(&text, &message); first = false) {
		ARENA(mem);
		struct explanation x;
		BUF(b);

		explain_message(message, &mem, &x);
		if (!first)
			buf_addc(&b, '\n');
		explain_put_message(&b, &x);
		fwrite(buf_z(&b), 1, b.n, stdout);
	}
	return CLI_DONE;
}

/* Every text that every line asks about; the exit code is that of the worst, CLI_USAGE when there is none. */
static int explain_lines(struct str text)
{
	struct str line, asked[EXPLAIN_ASKED];
	int worst = CLI_USAGE;

	while (text.n > 0) {
		size_t n;

		str_cut(text, STR("\n"), &line, &text);
		n = explain_asked(line, asked, COUNT(asked));
		for (size_t i = 0; i < n; i++) {
			BUF(b);
			int code;

			if (worst != CLI_USAGE)
				buf_addc(&b, '\n');
			code = explain_one(&b, asked[i]);
			worst = worst == CLI_USAGE || code > worst ? code : worst;
			fwrite(buf_z(&b), 1, b.n, stdout);
		}
	}
	return worst;
}

static int explain_json_to_stdout(struct str text)
{
	BUF(out);
	int code = explain_lines_json(&out, text);

	fwrite(buf_z(&out), 1, out.n, stdout);
	return code;
}

static int explain(int argc, char **argv)
{
	struct err e = { 0 };
	struct args a;
	BUF(text);
	int code;

	if (!args_take(&a, argc, argv, explain_usage))
		return CLI_USAGE;
	for (int i = 0; i < a.nrest; i++)
		buf_fmt(&text, "%s%s", i > 0 ? " " : "", a.rest[i]);
	if (a.nrest == 0 && io_slurp_fd(STDIN_FILENO, INPUT_MAX, &text, &e) < 0)
		return args_fail(CLI_USAGE, "standard input: %s", e.text);
	if (a.json)
		code = explain_json_to_stdout(buf_str(&text));
	else if (explain_is_message(buf_str(&text)))
		code = explain_messages(buf_str(&text));
	else
		code = explain_lines(buf_str(&text));
	if (code == CLI_USAGE)
		return args_fail(CLI_USAGE, "there is no text to explain (telltale explain --help)");
	return code;
}

const struct cli_command cli_command_explain = {
	.name = "explain",
	.summary = "what a log line, reply, code or report means",
	.usage = explain_usage,
	.run = explain,
};
