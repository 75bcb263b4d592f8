#include "trace/explain_parts.h"

#include "mail/field.h"

/* "mx.example.com; spf=pass smtp.mailfrom=x; dkim=fail (bad) header.d=y": "spf=pass dkim=fail", and who says so. */
static void say_results(struct explaining *x, struct str value)
{
	struct str rest = field_plain(x->mem, value), part, by, word;
	BUF(results);

	str_cut(rest, STR(";"), &by, &rest);
	while (rest.n > 0 && results.n < 200) {
		str_cut(rest, STR(";"), &part, &rest);
		word = str_word(&part);
		if (str_chr(word, '=') <= 0)
			continue;
		if (results.n > 0)
			buf_addc(&results, ' ');
		buf_addstr(&results, str_take(word, 40));
	}
	if (results.n == 0)
		return;
	explain_field(x, "authentication", arena_str(x->mem, buf_str(&results)));
	explain_field(x, "authentication_by", str_take(str_word(&by), 255));
}

static bool has_result(struct str results, const char *result)
{
	struct str word;

	while ((word = str_word(&results)).n > 0)
		if (str_ieq(word, str_of(result)))
			return true;
	return false;
}

/* What the checks of the server that got the message say, in words. */
static void judge_results(struct explaining *x)
{
	static const struct {
		const char *result, *words;
	} known[] = {
		{ "spf=pass", "SPF: the sending server may send for the domain of the envelope sender." },
		{ "spf=fail", "SPF: the domain of the envelope sender does not allow that sending server." },
		{ "spf=softfail",
		  "SPF: the domain of the envelope sender does not name that sending server, but does not "
		  "forbid it firmly." },
		{ "spf=none", "SPF: the domain of the envelope sender says nothing about its servers." },
		{ "dkim=pass", "DKIM: a signature is right, so the signed parts are as the signing domain sent them." },
		{ "dkim=fail", "DKIM: a signature is wrong, so the message was changed on the way or is not theirs." },
		{ "dkim=none", "DKIM: the message is not signed." },
		{ "dmarc=pass", "DMARC: the domain in the From line stands behind the message." },
		{ "dmarc=fail", "DMARC: nothing proves that the message comes from the domain in the From line." },
	};
	struct str results = STR("");

	for (size_t i = 0; i < x->out->nfields; i++)
		if (str_eqz(str_of(x->out->fields[i].name), "authentication"))
			results = x->out->fields[i].value;
	for (size_t i = 0; i < COUNT(known); i++)
		if (has_result(results, known[i].result))
			explain_add(x, "%s", known[i].words);
}

static size_t count(struct str head, const char *name)
{
	struct field f;
	size_t n = 0;

	while (field_next(&head, &f))
		n += str_ieq(f.name, str_of(name));
	return n;
}

static void say_fields(struct explaining *x, struct str head)
{
	static const struct {
		const char *field, *name;
	} shown[] = {
		{ "Return-Path", "return_path" },
		{ "Delivered-To", "delivered_to" },
		{ "From", "from" },
		{ "To", "to" },
		{ "Subject", "subject" },
		{ "Date", "date" },
		{ "Message-ID", "message_id" },
		{ "List-Id", "list" },
	};

	for (size_t i = 0; i < COUNT(shown); i++) {
		struct str value = field_plain(x->mem, str_take(field_get(head, shown[i].field), 1000));

		if (value.n > 0)
			explain_field(x, shown[i].name, value);
	}
	say_results(x, field_get(head, "Authentication-Results"));
}

static void say_odd(struct explaining *x, struct str head)
{
	if (count(head, "From") != 1)
		explain_odd(x, count(head, "From") == 0
				   ? "There is no From field, which every message must have."
				   : "There is more than one From field: programs show different ones.");
	if (field_get(head, "Message-ID").n == 0)
		explain_odd(x, "There is no Message-ID: the message cannot be told apart from others by it.");
	else if (count(head, "Message-ID") > 1)
		explain_odd(x, "There is more than one Message-ID.");
	if (count(head, "Subject") > 1)
		explain_odd(x, "There is more than one Subject field.");
	if (count(head, "Return-Path") > 1)
		explain_odd(
		    x,
		    "There is more than one Return-Path: the message was delivered into a mailbox before and sent on "
		    "from there.");
}

/* Numbers that `telltale trace` knows. */
static void say_numbers(struct explaining *x)
{
	uint64_t n;

	for (size_t i = x->out->nhops; i-- > 0;) {
		const struct explained_hop *h = &x->out->hops[i];
		struct str qp = h->qp.n > 0 ? h->qp : h->id;

		if (!str_u64(qp, UINT64_MAX, &n))
			continue;
		explain_add(x, "%.*s is a queue number (qp) where %.*s is a Telltale or qmail server: trace it there.",
			    STR_ARG(qp), STR_ARG(h->by.n > 0 ? h->by : STR("that hop")));
		return;
	}
}

static void say_plain_hops(struct explaining *x)
{
	size_t plain = 0, named = 0;

	for (size_t i = 0; i < x->out->nhops; i++) {
		const struct explained_hop *h = &x->out->hops[i];

		if (h->ip.n == 0 || h->with.n == 0)
			continue;
		named++;
		plain += !h->encrypted;
	}
	if (named > 0)
		explain_add(x,
			    plain == 0 ? "Every hop over the network was encrypted."
				       : "%zu of %zu hops over the network do not say that they were encrypted.",
			    plain, named);
}

void explain_headers(struct explaining *x, struct str head)
{
	x->out->final = FINAL_UNKNOWN;
	x->out->who = WHO_NOBODY;
	x->out->advice = STR("Nothing.");
	say_fields(x, head);
	explain_hops(x, head);
	explain_odd_hops(x, head);
	say_odd(x, head);
	if (str_eqz(field_get(head, "Return-Path"), "<>"))
		explain_add(x, "Its envelope sender is empty (<>): a program sent it, and nobody gets a bounce of it.");
	say_plain_hops(x);
	judge_results(x);
	say_numbers(x);
}
