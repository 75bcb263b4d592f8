#include "trace/explain_parts.h"

#include "mail/field.h"

enum { LOOKED_AT = 16 * 1024 };

/* Fields that only mail has; two of them, or a Received alone, make a header. */
static const char *const mail_fields[] = {
	"Received",
	"Return-Path",
	"From",
	"To",
	"Subject",
	"Date",
	"Message-ID",
	"MIME-Version",
	"Content-Type",
	"Delivered-To",
	"X-Original-To",
	"Authentication-Results",
	"DKIM-Signature",
	"Reply-To",
	"Cc",
	"Sender",
	"Auto-Submitted",
	"References",
	"In-Reply-To",
	"Received-SPF",
	"ARC-Seal",
	"Content-Transfer-Encoding",
	"List-Id",
	"X-Failed-Recipients",
	"Envelope-To",
	"Final-Recipient",
	"Reporting-MTA",
	"Arrival-Date",
	"Action",
	"Status",
	"Diagnostic-Code",
	"Original-Recipient",
};

static bool is_mail_field(struct str name)
{
	for (size_t i = 0; i < COUNT(mail_fields); i++)
		if (str_ieq(name, str_of(mail_fields[i])))
			return true;
	return false;
}

/* Does the first line look like a field (or an mbox's "From ")? */
static bool starts_as_header(struct str text)
{
	struct str line, rest = text, name, value;
	struct field f;

	str_cut(text, STR("\n"), &line, &rest);
	if (str_starts(line, STR("From ")))
		return true;
	if (!str_cut(line, STR(":"), &name, &value))
		return false;
	rest = text;
	return field_next(&rest, &f) && f.name.p == text.p;
}

/* How bounces begin, for those who paste one without its header. */
static bool opens_as_bounce(struct str text)
{
	static const char *const openings[] = {
		"*this is the * program at *",
		"*this is the mail system at *",
		"*this message was created automatically by mail delivery*",
		"*did not reach the following recipient*",
		"*did not reach some or all of the intended recipients*",
		"*delivery has failed to these recipients*",
		"*delivery to the following recipient*",
		"*the following address*had*errors*",
		"*your message couldn't be delivered*",
		"*i could not deliver your message to the following address*",
	};

	if (str_chr(text, '\n') < 0)
		return false;
	text = str_take(text, 1000);
	for (size_t i = 0; i < COUNT(openings); i++)
		if (str_glob(str_of(openings[i]), text))
			return true;
	return false;
}

bool explain_is_message(struct str text)
{
	ARENA(mem);
	struct str head, body;
	struct field f;
	size_t n = 0;
	bool received = false;

	text = field_lines(&mem, str_take(str_trim(text), LOOKED_AT));
	if (!starts_as_header(text))
		return opens_as_bounce(text);
	field_split(text, &head, &body);
	while (field_next(&head, &f)) {
		n += is_mail_field(f.name);
		received |= str_ieq(f.name, STR("Received")) && str_find(f.value, STR(" ")) > 0;
	}
	return received || n >= 2;
}

/* "From ann@x.example Sun Sep  7 21:40:07 2008" */
static bool is_from_line(struct str line)
{
	struct str rest = line;

	return str_starts(line, STR("From ")) && str_chr(line, ':') > 0 && str_word(&rest).n == 4 &&
	       str_word(&rest).n > 0 && str_trim(rest).n >= 16;
}

bool explain_next_message(struct str *rest, struct str *message)
{
	struct str text = *rest, line;
	bool mbox = str_starts(text, STR("From ")), blank = false;

	if (text.n == 0)
		return false;
	str_cut(text, STR("\n"), &line, &text);
	while (mbox && text.n > 0) {
		const char *at = text.p;

		str_cut(text, STR("\n"), &line, &text);
		if (blank && is_from_line(line)) {
			*message = str_mem(rest->p, (size_t)(at - rest->p));
			*rest = str_mem(at, (size_t)(rest->p + rest->n - at));
			return true;
		}
		blank = str_trim(line).n == 0;
	}
	*message = *rest;
	*rest = str_skip(*rest, rest->n);
	return true;
}

static void explain_ordinary(struct explaining *x, const struct notice *n, bool body)
{
	x->out->kind = body ? "mail" : "mail-headers";
	x->out->what = body ? STR("an ordinary message, not a bounce") : STR("the header of an ordinary message");
	x->out->meaning = body ? STR("This is not a report about another message.") : STR("");
	explain_headers(x, n->head);
	if (x->out->meaning.n == 0)
		x->out->meaning = STR("The way that the message took cannot be told from this.");
}

void explain_message(struct str text, struct arena *a, struct explanation *out)
{
	struct notice *n = arena_alloc(a, sizeof(*n));
	struct explaining x = { .mem = a, .out = out };

	*out = (struct explanation){ .final = FINAL_UNKNOWN, .message = true };
	if (!starts_as_header(str_trim(str_take(text, LOOKED_AT))) && opens_as_bounce(text))
		text = arena_fmt(a, "From: MAILER-DAEMON\nSubject: failure notice\n\n%.*s",
				 STR_ARG(str_take(text, NOTICE_MAX)));
	notice_read(a, text, n);
	if (n->kind == NOTICE_NONE) {
		explain_ordinary(&x, n, str_trim(n->human).n > 0);
	} else {
		explain_notice(&x, n);
		explain_hops(&x, n->head);
	}
	if (out->advice.n == 0)
		out->advice = STR("Nothing.");
}
