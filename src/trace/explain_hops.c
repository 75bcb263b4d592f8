#include "trace/explain_parts.h"

#include "base/clock.h"
#include "mail/date.h"
#include "mail/field.h"
#include "mail/hop.h"

enum {
	HOPS_MAX = 100, /* more of them is a loop (RFC 5321 6.3) */
	ODD_MAX = 20,
	SKEW = 2, /* seconds that two good clocks may differ */
	LONG_STAY = 3600,
	DAY = 86400
};

void explain_odd(struct explaining *x, const char *fmt, ...)
{
	BUF(b);
	va_list ap;

	if (x->out->nodd == ODD_MAX)
		return;
	if (x->out->odd == NULL)
		x->out->odd = arena_alloc(x->mem, ODD_MAX * sizeof(*x->out->odd));
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	x->out->odd[x->out->nodd++] = arena_str(x->mem, buf_str(&b));
}

/* The Received fields, oldest first: servers put theirs on top. */
static size_t read_hops(struct arena *a, struct str head, struct hop *hops, size_t *all)
{
	struct field f;
	size_t n = 0;

	*all = 0;
	while (field_next(&head, &f))
		if (str_ieq(f.name, STR("Received"))) {
			if (n < HOPS_MAX)
				hop_parse(a, f.value, &hops[n++]);
			++*all;
		}
	for (size_t i = 0; i < n / 2; i++) {
		struct hop h = hops[i];

		hops[i] = hops[n - 1 - i];
		hops[n - 1 - i] = h;
	}
	return n;
}

static struct str span_words(struct arena *a, int64_t seconds)
{
	long long s = seconds < 0 ? -seconds : seconds;

	if (s < 120)
		return arena_fmt(a, "%lld s", s);
	if (s < 2 * LONG_STAY)
		return arena_fmt(a, "%lld min", s / 60);
	if (s < 2 * DAY)
		return arena_fmt(a, "%lld h", s / 3600);
	return arena_fmt(a, "%lld days", s / DAY);
}

static struct str name_of(const struct hop *h)
{
	return h->by.n > 0 ? h->by : h->qp.n > 0 ? STR("the qmail server") : STR("the next server");
}

static void copy_hop(struct explaining *x, const struct hop *h, struct explained_hop *to)
{
	BUF(time);

	*to = (struct explained_hop){ .from = h->name.n > 0 ? h->name : h->from,
				      .ip = h->ip,
				      .by = h->by,
				      .with = h->with,
				      .tls = h->tls,
				      .id = h->id,
				      .to = h->to,
				      .qp = h->qp,
				      .encrypted = h->encrypted,
				      .login = h->login };
	if (h->dated) {
		stamp_put_iso(&time, h->seconds, h->offset);
		to->time = arena_str(x->mem, buf_str(&time));
	}
}

static void judge_delay(struct explaining *x, const struct hop *before, const struct hop *h)
{
	int64_t delay = h->seconds - before->seconds;

	if (delay < -SKEW)
		explain_odd(x,
			    "At %.*s the message is stamped %.*s earlier than at %.*s, where it was before: one of the "
			    "clocks is wrong, or one of the lines is made up.",
			    STR_ARG(name_of(h)), STR_ARG(span_words(x->mem, delay)), STR_ARG(name_of(before)));
	else if (delay >= LONG_STAY)
		explain_odd(x, "The message stayed %.*s at %.*s before %.*s took it.",
			    STR_ARG(span_words(x->mem, delay)), STR_ARG(name_of(before)), STR_ARG(name_of(h)));
}

/* The Date field is of the sender's computer. */
static void compare_date(struct explaining *x, struct str head, const struct hop *first)
{
	struct str date = field_plain(x->mem, field_get(head, "Date"));
	int64_t seconds, late;
	int offset;

	if (date.n == 0) {
		explain_odd(x, "There is no Date field, which every message must have.");
		return;
	}
	if (!date_parse(date, &seconds, &offset)) {
		explain_odd(x, "The Date field cannot be read as a time.");
		return;
	}
	if (first == NULL || !first->dated)
		return;
	late = first->seconds - seconds;
	if (late < -60)
		explain_odd(
		    x, "Date is %.*s later than when the first server got the message: the sender's clock is ahead.",
		    STR_ARG(span_words(x->mem, late)));
	else if (late >= LONG_STAY)
		explain_odd(
		    x,
		    "Date is %.*s earlier than when the first server got the message: it waited at the sender, or the "
		    "sender's clock is behind.",
		    STR_ARG(span_words(x->mem, late)));
}

static void say_total(struct explaining *x, const struct hop *hops, size_t n)
{
	const struct hop *first = NULL, *last = NULL;

	for (size_t i = 0; i < n; i++)
		if (hops[i].dated) {
			first = first != NULL ? first : &hops[i];
			last = &hops[i];
		}
	if (last != first && last->seconds >= first->seconds)
		explain_add(x, "%zu servers have stamped it; from the first stamp to the last it took %.*s.", n,
			    STR_ARG(span_words(x->mem, last->seconds - first->seconds)));
	else if (n == 1)
		explain_add(x, "One server has stamped it.");
}

void explain_hops(struct explaining *x, struct str head)
{
	struct hop *hops = arena_alloc(x->mem, HOPS_MAX * sizeof(*hops));
	const struct hop *before = NULL;
	size_t all, n = read_hops(x->mem, head, hops, &all);

	x->out->hops = arena_alloc(x->mem, (n > 0 ? n : 1) * sizeof(*x->out->hops));
	x->out->nhops = n;
	for (size_t i = 0; i < n; i++) {
		copy_hop(x, &hops[i], &x->out->hops[i]);
		if (!hops[i].dated)
			continue;
		x->out->hops[i].delayed = before != NULL;
		x->out->hops[i].delay = before != NULL ? hops[i].seconds - before->seconds : 0;
		before = &hops[i];
	}
}

void explain_odd_hops(struct explaining *x, struct str head)
{
	struct hop *hops = arena_alloc(x->mem, HOPS_MAX * sizeof(*hops));
	const struct hop *before = NULL;
	size_t all, n = read_hops(x->mem, head, hops, &all);

	for (size_t i = 0; i < n; i++) {
		if (!hops[i].dated)
			explain_odd(x, "The Received line of %.*s has no time that can be read.",
				    STR_ARG(name_of(&hops[i])));
		if (hops[i].dated && before != NULL)
			judge_delay(x, before, &hops[i]);
		before = hops[i].dated ? &hops[i] : before;
	}
	if (all > n)
		explain_odd(
		    x, "There are %zu Received lines: the message went in a circle. Only the newest %zu are shown.",
		    all, n);
	if (n == 0)
		explain_odd(x, "There is no Received line: no server has written down that it had the message.");
	compare_date(x, head, n > 0 ? &hops[0] : NULL);
	say_total(x, hops, n);
}
