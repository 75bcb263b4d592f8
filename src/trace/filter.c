/* What a filter's value means. */
#include "trace/question.h"
#include "trace/rows.h"

/* "spam@..." and "invoices@": people leave out what they do not know. */
static struct str with_wildcard(struct arena *a, struct str v)
{
	bool dots = str_ends(v, STR("..")), ellipsis = str_ends(v, STR("\xe2\x80\xa6"));

	if (!dots && !ellipsis && !(v.n > 1 && v.p[v.n - 1] == '@'))
		return v;
	if (ellipsis)
		v.n -= 3;
	while (v.n > 0 && v.p[v.n - 1] == '.')
		v.n--;
	return arena_fmt(a, "%.*s*", STR_ARG(v));
}

/* An address, a domain, or a part of one, as a glob over whole addresses.  <root>: no part, although it has no @. */
static void address_pattern(struct filter *f, struct arena *a)
{
	bool whole = str_starts(f->value, STR("<"));
	struct str v = with_wildcard(a, arena_lower(a, name_bare(f->value)));

	whole = v.n == 0 || (whole && str_chr(v, '@') < 0);
	f->value = whole ? arena_fmt(a, "<%.*s>", STR_ARG(v)) : v;
	if (whole || str_chr(v, '*') >= 0 || str_chr(v, '@') > 0)
		f->pattern = v;
	else if (v.p[0] == '@')
		f->pattern = arena_fmt(a, "*%.*s", STR_ARG(v));
	else
		f->pattern = arena_fmt(a, "*%.*s*", STR_ARG(v));
}

static int verdict_value(struct filter *f, struct err *e)
{
	for (int i = 0; i < VERDICT_COUNT; i++) {
		if (!str_ieq(f->value, str_of(verdict_words[i])))
			continue;
		f->verdict = (enum verdict)i;
		return 0;
	}
	return err_set(e,
		       "verdict:%.*s is none of: delivered forwarded relayed waiting refused refused-temporarily "
		       "returned discarded abandoned unknown mixed",
		       STR_ARG(f->value));
}

enum id_kind id_kind_of(struct str w)
{
	static const struct {
		const char *word;
		enum id_kind kind;
	} t[] = { { "qp", ID_QP },
		  { "message", ID_QP },
		  { "connection", ID_CONNECTION },
		  { "session", ID_CONNECTION },
		  { "delivery", ID_DELIVERY } };

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_ieq(w, str_of(t[i].word)))
			return t[i].kind;
	return ID_ANY;
}

/* "15309", "qp 15309", "connection:29207"; else a queue id or Message-ID, looked for in every line. */
static void id_value(struct filter *f, struct arena *a)
{
	struct str head = f->value, tail = f->value;
	bool named = str_cut(f->value, STR(" "), &head, &tail) || str_cut(f->value, STR(":"), &head, &tail);

	f->id = named ? id_kind_of(head) : ID_ANY;
	if (!str_u64(f->id != ID_ANY ? str_trim(tail) : f->value, (uint64_t)1 << 53, &f->number)) {
		f->number = 0;
		f->id = ID_ANY;
	}
	f->pattern = arena_fmt(a, "*%.*s*", STR_ARG(f->value));
}

int filter_understand(struct filter *f, struct arena *a, struct err *e)
{
	switch (f->kind) {
	case FILTER_FROM:
	case FILTER_TO:
	case FILTER_ANY:
		address_pattern(f, a);
		return 0;
	case FILTER_REASON:
		f->reason = row_reason_named(f->value);
		f->pattern = arena_fmt(a, "*%.*s*", STR_ARG(f->value));
		return 0;
	case FILTER_LOGIN:
		f->pattern = f->value = arena_lower(a, f->value);
		return 0;
	case FILTER_TEXT:
		f->pattern = arena_fmt(a, "*%.*s*", STR_ARG(f->value));
		return 0;
	case FILTER_ID:
		id_value(f, a);
		return 0;
	case FILTER_VERDICT:
		return verdict_value(f, e);
	case FILTER_IP:
		if (!ip_net_parse(f->value, &f->net))
			return err_set(e, "ip:%.*s is neither an address nor ADDRESS/BITS", STR_ARG(f->value));
		return 0;
	default:
		return 0;
	}
}
