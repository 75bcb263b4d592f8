#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/utf8.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "trace/explain.h"

#define INPUT_MAX (1 << 20)
#define WIDTH 96
#define MARGIN 10

static const char explain_usage[] =
    "usage: telltale explain [--json] TEXT...\n"
    "       telltale explain [--json] < LINES\n"
    "\n"
    "Say in plain words what a text of the mail logs means, whether it is final, who must act and how.\n"
    "TEXT is a line of an SMTP, delivery or spamdyke log, a reply (550 5.1.1 no such user), a status\n"
    "code (5.1.1), a delivery report (did_0+0+1/), a code of the gate (GRAYLISTED), a FILTER_ name or the\n"
    "recipient check's words; \"What does `X` mean? And `Y`?\" and \"What is A / B?\" ask about several.\n"
    "Without TEXT each line of the standard input is explained.  --json prints one object for each text.\n"
    "No log, no configuration and no network is needed.  Quote a TEXT with $, * or ( in it; -- ends the\n"
    "options.\n"
    "\n"
    "Exit codes: 0 explained, 1 not known, 2 no text given.\n";

static bool in_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	       (term == NULL || !str_eqz(str_of(term), "dumb"));
}

/* Words of a safe text, wrapped behind a margin that holds the label. */
static void put_wrapped(struct buf *b, const char *label, struct str text)
{
	size_t column = MARGIN;
	struct str word;

	buf_fmt(b, "  %-*s", MARGIN - 2, label);
	for (bool first = true; (word = str_word(&text)).n > 0; first = false) {
		if (!first && column + 1 + word.n > WIDTH) {
			buf_fmt(b, "\n%*s", MARGIN, "");
			column = MARGIN;
		} else if (!first) {
			buf_addc(b, ' ');
			column++;
		}
		buf_addstr(b, word);
		column += word.n;
	}
	buf_addc(b, '\n');
}

static void put_safe(struct buf *b, const char *label, struct str text)
{
	BUF(safe);

	utf8_show(&safe, text);
	put_wrapped(b, label, buf_str(&safe));
}

static const char *final_words(enum final final)
{
	switch (final) {
	case FINAL_YES:
		return "yes";
	case FINAL_NO:
		return "no: it is tried again";
	default:
		return "this text alone does not tell";
	}
}

static const char *who_words(enum who who)
{
	switch (who) {
	case WHO_SENDER:
		return "the sender, or who runs the sender's mail";
	case WHO_RECIPIENT:
		return "the recipient";
	case WHO_POSTMASTER:
		return "the postmaster";
	default:
		return "nobody has to act";
	}
}

static void put_fields(struct buf *b, const struct explanation *x)
{
	size_t widest = 0;

	for (size_t i = 0; i < x->nfields; i++)
		if (str_of(x->fields[i].name).n > widest)
			widest = str_of(x->fields[i].name).n;
	if (x->nfields > 0)
		buf_addc(b, '\n');
	for (size_t i = 0; i < x->nfields; i++) {
		BUF(safe);

		utf8_show(&safe, x->fields[i].value);
		buf_fmt(b, "  %-*s  %s\n", (int)widest, x->fields[i].name, buf_z(&safe));
	}
}

static void put_text(struct buf *b, struct str text, const struct explanation *x)
{
	bool colour = in_colour();

	buf_adds(b, colour ? "\033[1m" : "");
	utf8_show(b, str_take(text, EXPLAIN_TEXT_MAX));
	buf_adds(b, colour ? "\033[0m\n" : "\n");
	buf_adds(b, "\n");
	put_safe(b, "what", x->what);
	put_safe(b, "means", x->meaning);
	put_wrapped(b, "final", str_of(final_words(x->final)));
	put_wrapped(b, "who", str_of(who_words(x->who)));
	put_safe(b, "advice", x->advice);
	put_fields(b, x);
}

static int put_unknown(struct buf *b, struct str text, bool json)
{
	struct explanation x = {
		.kind = "unknown",
		.meaning = STR("This text is not known here."),
		.final = FINAL_UNKNOWN,
		.who = WHO_NOBODY,
		.advice = STR("Check that the line is whole. A line of another program is explained by that program's "
			      "manual."),
		.fields = { { "text", str_take(text, EXPLAIN_TEXT_MAX), false } },
		.nfields = 1,
	};
	BUF(safe);

	if (json) {
		struct json j = json_to(b);

		explain_json(&j, &x);
		buf_addc(b, '\n');
		return CLI_NO;
	}
	utf8_show(&safe, str_take(text, 200));
	return args_fail(CLI_NO, "not known: %s", buf_z(&safe));
}

static int explain_one(struct buf *b, struct str text, bool json)
{
	ARENA(mem);
	struct explanation x;

	if (!explain_text(text, &mem, &x))
		return put_unknown(b, text, json);
	if (!json) {
		put_text(b, text, &x);
	} else {
		struct json j = json_to(b);

		explain_json(&j, &x);
		buf_addc(b, '\n');
	}
	return CLI_DONE;
}

/* Every text that every line asks about; the exit code is that of the worst, CLI_USAGE when there is none. */
static int explain_lines(struct str text, bool json)
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

			if (worst != CLI_USAGE && !json)
				buf_addc(&b, '\n');
			code = explain_one(&b, asked[i], json);
			worst = worst == CLI_USAGE || code > worst ? code : worst;
			fwrite(buf_z(&b), 1, b.n, stdout);
		}
	}
	return worst;
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
	code = explain_lines(buf_str(&text), a.json);
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
