#include "mail/notice_parts.h"

bool notice_has_status(struct str text)
{
	struct field f;
	bool recipient = false, outcome = false;

	while (field_next(&text, &f)) {
		recipient |= str_ieq(f.name, STR("Final-Recipient")) || str_ieq(f.name, STR("Original-Recipient"));
		outcome |= str_ieq(f.name, STR("Action")) || str_ieq(f.name, STR("Status"));
	}
	return recipient && outcome;
}

/* "rfc822; bob@example.org", "dns; mx.example.org": without the type in front, which has no spaces. */
static struct str typed(struct arena *a, struct str value)
{
	struct str type, rest, plain = field_plain(a, value);

	if (!str_cut(str_take(plain, 40), STR(";"), &type, &rest) || str_chr(str_trim(type), ' ') >= 0)
		return plain;
	return str_trim(str_skip(plain, type.n + 1));
}

static struct str address_of(struct arena *a, struct str value)
{
	struct str plain = typed(a, value), rest = plain, address;
	size_t at;

	address = field_address(&rest, &at);
	if (address.n > 0)
		return address;
	while (plain.n > 0 && str_chr(STR("<>\""), plain.p[0]) >= 0)
		plain = str_skip(plain, 1);
	while (plain.n > 0 && str_chr(STR("<>\""), plain.p[plain.n - 1]) >= 0)
		plain.n--;
	return plain;
}

/* One group of fields about one recipient. */
struct group {
	struct notice_rcpt r;
	struct str comment; /* behind the status: "4.0.0 (host name lookup failure)" */
	bool any;
};

static void close_group(struct notice *n, struct group *g)
{
	struct notice_rcpt *r;

	if (g->any && g->r.address.n == 0)
		g->r.address = g->r.original;
	if (g->r.diagnostic.n == 0)
		g->r.diagnostic = g->comment;
	if (g->any && g->r.address.n == 0 && n->n > 0) { /* the rest of a group that an empty line had torn */
		r = &n->rcpts[n->n - 1];
		r->action = r->action.n > 0 ? r->action : g->r.action;
		r->status = r->status.n > 0 ? r->status : g->r.status;
		r->diagnostic = r->diagnostic.n > 0 ? r->diagnostic : g->r.diagnostic;
		r->remote = r->remote.n > 0 ? r->remote : g->r.remote;
	} else if (g->any) {
		r = notice_rcpt(n, g->r.address);
		if (r != NULL)
			*r = g->r;
	}
	*g = (struct group){ .any = false };
}

static struct str first_word(struct arena *a, struct str value)
{
	struct str rest = field_plain(a, value), word = str_word(&rest);

	while (word.n > 0 && !ascii_isalnum(word.p[word.n - 1]))
		word.n--;
	return word;
}

/* "4.0.0 (mx.example: host name lookup failure)": what stands in the brackets. */
static struct str comment_of(struct arena *a, struct str value)
{
	struct str plain = str_trim(field_plain(a, value));
	ptrdiff_t open = str_chr(plain, '(');

	if (open < 0 || plain.p[plain.n - 1] != ')')
		return STR("");
	return str_take(str_mem(plain.p + open + 1, plain.n - (size_t)open - 2), NOTICE_WORDS_MAX);
}

static void take_recipient(struct arena *a, struct notice *n, struct group *g, const struct field *f)
{
	struct str *slot = str_ieq(f->name, STR("Original-Recipient")) ? &g->r.original : &g->r.address;

	if (slot->n > 0)
		close_group(n, g);
	*slot = address_of(a, f->value);
	g->any = true;
}

static void take_field(struct arena *a, struct notice *n, struct group *g, const struct field *f)
{
	if (str_ieq(f->name, STR("Original-Recipient")) || str_ieq(f->name, STR("Final-Recipient"))) {
		take_recipient(a, n, g, f);
	} else if (str_ieq(f->name, STR("Action"))) {
		g->r.action = arena_lower(a, first_word(a, f->value));
		g->any = true;
	} else if (str_ieq(f->name, STR("Status"))) {
		g->r.status = first_word(a, f->value);
		g->comment = comment_of(a, f->value);
		g->any = true;
	} else if (str_ieq(f->name, STR("Diagnostic-Code"))) {
		g->r.diagnostic = str_take(typed(a, f->value), NOTICE_WORDS_MAX);
		g->any = true;
	} else if (str_ieq(f->name, STR("X-Supplementary-Info")) && g->r.diagnostic.n == 0) {
		g->r.diagnostic = str_take(typed(a, f->value), NOTICE_WORDS_MAX);
	} else if (str_ieq(f->name, STR("Remote-MTA"))) {
		g->r.remote = typed(a, f->value);
	} else if (str_ieq(f->name, STR("Reporting-MTA")) && n->reporter.n == 0) {
		n->reporter = typed(a, f->value);
	} else if (str_ieq(f->name, STR("Arrival-Date")) && n->arrival.n == 0) {
		n->arrival = field_plain(a, f->value);
	} else if (str_ieq(f->name, STR("Feedback-Type")) && n->feedback.n == 0) {
		n->feedback = first_word(a, f->value);
	} else if (str_ieq(f->name, STR("Disposition")) && n->mechanism.n == 0) {
		n->mechanism = field_plain(a, f->value);
	}
}

void notice_read_status(struct arena *a, struct str text, struct notice *n)
{
	struct group g = { .any = false };

	while (text.n > 0) {
		struct str group, rest;
		struct field f;

		str_cut(text, STR("\n\n"), &group, &rest);
		text = rest;
		while (field_next(&group, &f))
			take_field(a, n, &g, &f);
		close_group(n, &g);
	}
}
