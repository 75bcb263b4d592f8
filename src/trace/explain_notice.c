#include "trace/explain_parts.h"

#include "mail/field.h"

enum { REPLY_SHOWN_MAX = 600, LINES_MAX = 100 };

static struct str host_name(struct str text)
{
	struct str host = str_word(&text);

	while (host.n > 0 && str_chr(STR(":,;."), host.p[host.n - 1]) >= 0)
		host.n--;
	return str_take(host, 255);
}

/* "host mx.x.example[192.0.2.1] said:", "192.0.2.1 does not like recipient": who said the words, "" when it is not told. */
static struct str host_in(struct str words)
{
	struct str before, rest = words, host;

	while (str_cut(rest, STR("host "), &before, &rest)) { /* but not "Client host": that is the sending one */
		host = host_name(rest);
		if (!str_iends(before, STR("client ")) && str_chr(host, '.') > 0 && host.p[0] != '[')
			return host;
	}
	if (str_cut(words, STR(" does not like recipient"), &before, &rest) ||
	    str_cut(words, STR(" failed after I sent the message"), &before, &rest))
		return str_skip(before, (size_t)(str_rchr(before, ' ') + 1));
	return STR("");
}

static bool is_refusal(struct str word)
{
	return word.n >= 3 && (word.p[0] == '4' || word.p[0] == '5') && status_class(str_take(word, 3)) != NULL &&
	       (word.n == 3 || str_chr(STR("-:"), word.p[3]) >= 0);
}

/* The remote server's own words in a text: from the reply's number on, or behind "said:"; "" when there are none. */
static struct str reply_in(struct str text)
{
	struct str rest = text, before, word;

	if (str_cut(text, STR("Remote host said: "), &before, &rest) && rest.n > 0)
		return rest;
	rest = text;
	while ((word = str_word(&rest)).n > 0) {
		while (word.n > 0 && str_chr(STR("([<'\""), word.p[0]) >= 0)
			word = str_skip(word, 1);
		if (is_refusal(word))
			return str_mem(word.p, (size_t)(text.p + text.n - word.p));
	}
	return STR("");
}

static void set_status(struct explained_rcpt *to, const struct notice_rcpt *r)
{
	struct str rest = str_take(r->diagnostic.n > 0 ? r->diagnostic : r->words, 400), word;

	to->status = r->status;
	while (to->status.n == 0 && (word = str_word(&rest)).n > 0) {
		if (str_starts(word, STR("(#")) && str_ends(word, STR(")")))
			word = str_mem(word.p + 2, word.n - 3);
		if (word.n > 0 && (word.p[0] == '4' || word.p[0] == '5') && str_chr(word, '.') == 1 &&
		    status_class(word) != NULL)
			to->status = word;
	}
}

static void soften(struct explaining *x, struct explained_rcpt *to)
{
	to->who = WHO_NOBODY;
	to->advice = arena_fmt(x->mem, "Nothing at first: it is tried again by itself.%s%.*s",
			       to->advice.n > 0 ? " If it goes on for a day: " : "", STR_ARG(to->advice));
}

/* The line of the text that told the cause, or what was said of the recipient where no line alone did. */
static struct str telling_line(struct str text, const struct word *word, struct str words)
{
	struct str line;

	for (int i = 0; i < LINES_MAX && text.n > 0; i++) {
		const struct hint_row *hint;

		str_cut(text, STR("\n"), &line, &text);
		hint = str_trim(line).n > 0 ? hint_match(line) : NULL;
		if (hint != NULL && hint_word(hint) == word)
			return str_trim(line);
	}
	return words;
}

static void explain_rcpt(struct explaining *x, const struct notice *n, const struct notice_rcpt *r,
			 struct explained_rcpt *to)
{
	struct said_words said = { .near = { reply_in(r->diagnostic), r->diagnostic, reply_in(r->words), r->words },
				   .far = { n->human, field_get(n->head, "Subject") },
				   .status = r->status };
	struct caused c = explain_cause(&said);

	if (c.cause == CAUSE_UNKNOWN && n->kind == NOTICE_DELAY)
		c.cause = CAUSE_UNREACHABLE, c.word = &cause_row(CAUSE_UNREACHABLE)->word;
	*to = (struct explained_rcpt){ .address = r->address, .final = FINAL_YES };
	if (r->original.n > 0 && !str_ieq(r->original, r->address))
		to->original = r->original;
	set_status(to, r);
	to->cause = cause_row(c.cause)->name;
	if (c.text.p == n->human.p)
		c.text = telling_line(n->human, c.word, r->words);
	to->reply = reply_in(c.text);
	to->reply = field_plain(x->mem, str_take(to->reply.n > 0 ? to->reply : c.text, REPLY_SHOWN_MAX));
	if (to->reply.n <= r->address.n + 3 && str_find(to->reply, r->address) >= 0)
		to->reply = STR(""); /* "<bob@c.example>:" and no word more */
	to->host = r->remote.n > 0 ? host_name(r->remote) : host_in(r->words.n > 0 ? r->words : r->diagnostic);
	to->who = c.word->who;
	to->meaning = str_of(c.word->meaning);
	to->advice = c.word->advice[0] != '\0' ? str_of(c.word->advice) : STR("The sender sends anew later.");
	if (n->kind == NOTICE_DELAY || str_eqz(r->action, "delayed")) {
		to->final = FINAL_NO;
		soften(x, to);
	}
}

static void explain_success(const struct notice_rcpt *r, struct explained_rcpt *to)
{
	*to = (struct explained_rcpt){ .address = r->address,
				       .status = r->status,
				       .host = host_name(r->remote),
				       .final = FINAL_YES,
				       .who = WHO_NOBODY,
				       .advice = STR("Nothing.") };
	to->reply = str_take(r->diagnostic, REPLY_SHOWN_MAX);
	to->meaning =
	    str_eqz(r->action, "relayed") ? STR("Another server took the message, which sends no such notices itself.")
	    : str_eqz(r->action, "expanded") ? STR("The message was passed on to the addresses behind this one.")
					     : STR("The message was delivered.");
}

static void say_names(struct explaining *x, const struct notice *n)
{
	static const struct {
		const char *field, *name;
	} about[] = {
		{ "original_from", "From" },
		{ "original_to", "To" },
		{ "original_subject", "Subject" },
		{ "original_date", "Date" },
		{ "original_message_id", "Message-ID" },
	};

	if (n->reporter.n > 0)
		explain_field(x, "reporting_mta", n->reporter);
	if (n->arrival.n > 0)
		explain_field(x, "arrival", n->arrival);
	for (size_t i = 0; i < COUNT(about); i++) {
		struct str value = field_plain(x->mem, field_get(n->returned, about[i].name));

		if (value.n > 0)
			explain_field(x, about[i].field, value);
	}
}

/* All recipients have one cause, or it is said that they have not. */
static void sum_up(struct explaining *x, const char *opening)
{
	const struct explained_rcpt *first = &x->out->rcpts[0];
	bool same = true, all = true;

	for (size_t i = 1; i < x->out->nrcpts; i++) {
		same &= x->out->rcpts[i].cause == first->cause;
		all &= x->out->rcpts[i].final == first->final;
	}
	same &= all;
	x->out->meaning = str_of(opening);
	x->out->final = all ? first->final : FINAL_UNKNOWN;
	x->out->who = first->who;
	if (same && first->cause != NULL)
		explain_field(x, "cause", str_of(first->cause));
	if (same) {
		explain_add(x, "%.*s", STR_ARG(first->meaning));
		x->out->advice = first->advice;
	} else {
		explain_add(x, "The recipients failed for different reasons, which stand with each.");
		x->out->advice = STR("Each recipient has an advice of its own.");
	}
}

static void explain_rcpts(struct explaining *x, const struct notice *n)
{
	x->out->rcpts = arena_alloc(x->mem, (n->n > 0 ? n->n : 1) * sizeof(*x->out->rcpts));
	x->out->nrcpts = n->n;
	x->out->more = n->more;
	for (size_t i = 0; i < n->n; i++)
		if (n->kind == NOTICE_SUCCESS)
			explain_success(&n->rcpts[i], &x->out->rcpts[i]);
		else
			explain_rcpt(x, n, &n->rcpts[i], &x->out->rcpts[i]);
}

static void explain_failed(struct explaining *x, const struct notice *n)
{
	static const struct {
		const char *kind, *what, *opening;
	} kinds[] = {
		[NOTICE_FAILURE] = { "bounce", "a bounce: a mail system gives a message back that it could not deliver",
				     "The message was not delivered and will not be tried again." },
		[NOTICE_DELAY] = { "delay-notice", "a notice that a message is late, not a bounce",
				   "The message is not delivered yet, but still in the queue and tried again." },
		[NOTICE_SUCCESS] = { "success-notice", "a notice that a message arrived, not a bounce",
				     "The sender had asked to be told, and the message went through." },
	};

	x->out->kind = kinds[n->kind].kind;
	x->out->what = str_of(kinds[n->kind].what);
	explain_rcpts(x, n);
	sum_up(x, kinds[n->kind].opening);
	if (n->more > 0)
		explain_add(x, "%zu more recipients are not shown.", n->more);
	say_names(x, n);
}

static void explain_feedback(struct explaining *x, const struct notice *n)
{
	x->out->kind = "feedback-report";
	x->out->what = STR("a feedback report (ARF), not a bounce: somebody complains about a message");
	x->out->final = FINAL_YES;
	x->out->who = WHO_SENDER;
	if (str_ieq(n->feedback, STR("auth-failure")) || str_ieq(n->feedback, STR("dmarc"))) {
		x->out->meaning =
		    STR("A message that used the sender's domain did not pass its checks (SPF, DKIM, DMARC).");
		x->out->advice =
		    STR("The owner of the domain looks whether that message was theirs; if so, they mend its "
			"signature or SPF record, else nothing is to do.");
	} else {
		x->out->meaning =
		    STR("A recipient, or their provider, reports the message as unwanted. It was delivered.");
		x->out->advice =
		    STR("The sender takes the recipient off the list and looks whether the recipients had asked "
			"for such mail.");
	}
	if (n->feedback.n > 0)
		explain_field(x, "feedback_type", n->feedback);
	say_names(x, n);
}

static void explain_receipt(struct explaining *x, const struct notice *n)
{
	bool deleted = str_glob(STR("*deleted*"), n->mechanism);

	x->out->kind = "read-receipt";
	x->out->what = STR("a receipt of the recipient's mail program, not a bounce");
	x->out->final = FINAL_YES;
	x->out->who = WHO_NOBODY;
	x->out->meaning = deleted ? STR("The message was delivered, and deleted, perhaps without being read.")
				  : STR("The message was delivered and shown to the recipient.");
	x->out->advice = STR("Nothing.");
	if (n->mechanism.n > 0)
		explain_field(x, "disposition", n->mechanism);
	say_names(x, n);
}

static void explain_autoreply(struct explaining *x, const struct notice *n)
{
	x->out->kind = "auto-reply";
	x->out->what = STR("an automatic reply (away, thank you, ticket opened), not a bounce");
	x->out->final = FINAL_YES;
	x->out->who = WHO_NOBODY;
	x->out->meaning = STR("The message reached the address; a program of the recipient's answers for them.");
	x->out->advice = STR("Nothing; the text says when or where the recipient can be reached.");
	explain_field(x, "from", field_plain(x->mem, field_get(n->head, "From")));
	explain_field(x, "subject", field_plain(x->mem, field_get(n->head, "Subject")));
}

void explain_notice(struct explaining *x, const struct notice *n)
{
	if (n->kind == NOTICE_FEEDBACK)
		explain_feedback(x, n);
	else if (n->kind == NOTICE_RECEIPT)
		explain_receipt(x, n);
	else if (n->kind == NOTICE_AUTOREPLY)
		explain_autoreply(x, n);
	else
		explain_failed(x, n);
	if (n->cut)
		explain_add(x, "The message has more or deeper parts than are looked at.");
}
