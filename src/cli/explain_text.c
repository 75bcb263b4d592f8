#include "cli/explain_text.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/utf8.h"

#define WIDTH 96
#define MARGIN 10

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

static void put_action(struct buf *b, enum final final, enum who who, struct str advice)
{
	put_wrapped(b, "final", str_of(final_words(final)));
	put_wrapped(b, "who", str_of(who_words(who)));
	put_safe(b, "advice", advice);
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

void explain_put_text(struct buf *b, struct str text, const struct explanation *x)
{
	bool colour = in_colour();

	buf_adds(b, colour ? "\033[1m" : "");
	utf8_show(b, str_take(text, EXPLAIN_TEXT_MAX));
	buf_adds(b, colour ? "\033[0m\n" : "\n");
	buf_adds(b, "\n");
	put_safe(b, "what", x->what);
	put_safe(b, "means", x->meaning);
	if (!str_eqz(str_of(x->kind), "option")) /* nothing happened: nobody has to act */
		put_action(b, x->final, x->who, x->advice);
	if (x->passes.n > 0)
		put_safe(b, "passes", x->passes);
	put_fields(b, x);
}

static void put_bold(struct buf *b, struct str text)
{
	bool colour = in_colour();

	buf_adds(b, colour ? "\033[1m" : "");
	utf8_show(b, text);
	buf_adds(b, colour ? "\033[0m\n" : "\n");
}

static void put_rcpt(struct buf *b, const struct explained_rcpt *r, bool alone)
{
	BUF(name);

	buf_addc(b, '\n');
	buf_addstr(&name, r->address.n > 0 ? r->address : STR("(a recipient that the report does not name)"));
	if (r->original.n > 0)
		buf_fmt(&name, " (written to %.*s)", STR_ARG(r->original));
	put_bold(b, buf_str(&name));
	if (r->host.n > 0)
		put_safe(b, "host", r->host);
	if (r->reply.n > 0)
		put_safe(b, "said", r->reply);
	if (r->status.n > 0)
		put_safe(b, "status", r->status);
	if (r->cause != NULL)
		put_wrapped(b, "cause", str_of(r->cause));
	if (!alone)
		put_safe(b, "means", r->meaning);
	put_action(b, r->final, r->who, r->advice);
}

/* "+3 s", "+2 h", "-5 s" */
static void put_delay(struct buf *b, int64_t delay)
{
	long long s = delay < 0 ? -delay : delay;
	char sign = delay < 0 ? '-' : '+';

	if (s < 120)
		buf_fmt(b, "  %c%lld s", sign, s);
	else if (s < 7200)
		buf_fmt(b, "  %c%lld min", sign, s / 60);
	else
		buf_fmt(b, "  %c%lld h", sign, s / 3600);
}

static void put_hop(struct buf *b, size_t i, const struct explained_hop *h)
{
	BUF(line);
	BUF(safe);

	buf_fmt(&line, "%zu  ", i + 1);
	buf_addstr(&line, h->time.n > 0 ? h->time : STR("(no time)"));
	if (h->delayed)
		put_delay(&line, h->delay);
	buf_fmt(&line, "  %.*s", STR_ARG(h->from.n > 0 ? h->from : h->ip.n > 0 ? STR("") : STR("(itself)")));
	if (h->ip.n > 0)
		buf_fmt(&line, "%s[%.*s]", h->from.n > 0 ? " " : "", STR_ARG(h->ip));
	buf_fmt(&line, " -> %.*s", STR_ARG(h->by.n > 0 ? h->by : STR("(not named)")));
	if (h->with.n > 0)
		buf_fmt(&line, ", %.*s", STR_ARG(h->with));
	buf_fmt(&line, "%s%s", h->encrypted ? ", encrypted" : "", h->login ? ", logged in" : "");
	if (h->id.n > 0)
		buf_fmt(&line, ", id %.*s", STR_ARG(h->id));
	if (h->qp.n > 0)
		buf_fmt(&line, ", qp %.*s", STR_ARG(h->qp));
	utf8_show(&safe, buf_str(&line));
	buf_fmt(b, "  %.*s\n", STR_ARG(buf_str(&safe)));
}

static void put_hops(struct buf *b, const struct explanation *x)
{
	if (x->nhops == 0)
		return;
	buf_addc(b, '\n');
	put_bold(b, x->nrcpts > 0 ? STR("the way of this notice, oldest hop first")
				  : STR("the way it took, oldest hop first"));
	for (size_t i = 0; i < x->nhops; i++)
		put_hop(b, i, &x->hops[i]);
}

static void put_odd(struct buf *b, const struct explanation *x)
{
	if (x->nodd == 0)
		return;
	buf_addc(b, '\n');
	put_bold(b, STR("what is odd"));
	for (size_t i = 0; i < x->nodd; i++)
		put_safe(b, "-", x->odd[i]);
}

void explain_put_message(struct buf *b, const struct explanation *x)
{
	put_bold(b, x->what);
	buf_addc(b, '\n');
	put_safe(b, "means", x->meaning);
	if (x->nrcpts == 0 && x->who != WHO_NOBODY)
		put_action(b, x->final, x->who, x->advice);
	for (size_t i = 0; i < x->nrcpts; i++)
		put_rcpt(b, &x->rcpts[i], x->nrcpts == 1);
	put_hops(b, x);
	put_odd(b, x);
	put_fields(b, x);
}
