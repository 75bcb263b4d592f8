/* What is different since the change: the clients' networks, names, encryption, logins. */
#include <stdlib.h>

#include "trace/stats_change.h"

static const struct sheet_column difference_columns[] = { { CELL_TEXT, "what", "OF THE MAIL", false },
							  { CELL_COUNT, "before", "BEFORE", false },
							  { CELL_COUNT, "before_of", "OF", false },
							  { CELL_COUNT, "since", "SINCE", false },
							  { CELL_COUNT, "since_of", "OF", false } };
static const struct sheet_form differences_form = {
	.name = "differences",
	.title = "What is different since",
	.columns = difference_columns,
	.ncolumns = 5,
	.note =
	    "Recipients, of those about whom the logs say it; before: mail that was let in, since: mail that was not."
};

/* What is compared: of the rows whose `known` bits say something, those with `yes`. */
struct fact {
	const char *what, *sentence; /* the sentence when it is true of most since, and was of few before */
	uint8_t known, yes;
};
static const struct fact facts[] = {
	{ "came from an address without a reverse name",
	  "The client has no reverse name (PTR record) any more: its address changed, or its name was lost.",
	  CLIENT_NAMED | CLIENT_NAMELESS, CLIENT_NAMELESS },
	{ "came in the clear, without TLS", "It comes without TLS since; before it came encrypted.",
	  CLIENT_TLS | CLIENT_CLEAR, CLIENT_CLEAR },
};

struct sides {
	uint64_t n[2], of[2];
};

/* Before: mail that was let in; since: mail that was not. */
static bool compares(const struct change *c, size_t i)
{
	return i < c->at ? change_is_let_in(&c->s.rows, c->order[i]) : change_is_bad(&c->s.rows, c->order[i]);
}

static void put_difference(struct change *c, struct sheet *sheet, struct str what, const struct sides *x)
{
	struct cell *cell = sheet_row(c->s.report, sheet);

	cell[0].text = what;
	for (int k = 0; k < 2; k++) {
		cell[1 + 2 * k].n = (int64_t)x->n[k];
		cell[2 + 2 * k].n = (int64_t)x->of[k];
	}
}

/* Of most since, and of few before. */
static bool turned(const struct sides *x)
{
	return x->of[0] > 0 && x->of[1] > 0 && x->n[1] * 2 > x->of[1] && x->n[0] * 2 < x->of[0];
}

static void put_fact(struct change *c, struct sheet *sheet, const struct fact *f)
{
	const struct rows *r = &c->s.rows;
	struct sides x = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		size_t row = c->order[i];

		if (!compares(c, i) || (r->client[row] & f->known) == 0)
			continue;
		x.of[i >= c->at] += r->times[row];
		x.n[i >= c->at] += (r->client[row] & f->yes) != 0 ? r->times[row] : 0;
	}
	if (x.of[0] + x.of[1] == 0)
		return;
	put_difference(c, sheet, str_of(f->what), &x);
	if (turned(&x))
		report_say(c->s.report, "%s", f->sentence);
}

static void put_login(struct change *c, struct sheet *sheet)
{
	const struct rows *r = &c->s.rows;
	struct sides x = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (!compares(c, i))
			continue;
		x.of[i >= c->at] += r->times[c->order[i]];
		x.n[i >= c->at] += r->login[c->order[i]] == UINT32_MAX ? r->times[c->order[i]] : 0;
	}
	if (x.n[0] == x.of[0] && x.n[1] == x.of[1])
		return; /* nobody logs in there */
	put_difference(c, sheet, STR("came without a login"), &x);
	if (turned(&x))
		report_say(c->s.report, "It comes without a login since; before the sender had logged in.");
}

enum { NETS_SAID = 3 };

/* Networks that mail came from since the change and never before. */
static void put_networks(struct change *c, struct sheet *sheet)
{
	struct rows *r = &c->s.rows;
	struct sides *nets = mem_alloc((r->nets.n + 1) * sizeof(*nets)), new = { 0 };
	size_t said = 0;
	BUF(list);

	for (size_t i = 0; i < c->n; i++) {
		uint32_t ip = r->ip[c->order[i]];

		if (ip < r->ips.n)
			nets[r->ips.of[ip]].n[i >= c->at] += r->times[c->order[i]];
		if (ip < r->ips.n && compares(c, i))
			nets[r->ips.of[ip]].of[i >= c->at] += r->times[c->order[i]];
	}
	for (size_t k = 0; k < r->nets.n; k++) {
		new.of[0] += nets[k].of[0];
		new.of[1] += nets[k].of[1];
		if (nets[k].n[0] > 0 || nets[k].of[1] == 0)
			continue;
		new.n[1] += nets[k].of[1];
		if (said++ < NETS_SAID)
			buf_fmt(&list, "%s%.*s", list.n > 0 ? ", " : "",
				STR_ARG(stats_text(&c->s, &r->nets, (uint32_t)k, "-")));
	}
	free(nets);
	if (new.of[0] + new.of[1] == 0)
		return;
	put_difference(c, sheet, STR("came from a network not seen before"), &new);
	if (turned(&new))
		report_say(c->s.report, "The mail comes from another network since: %s%s, never seen before.",
			   buf_z(&list), said > NETS_SAID ? " and others" : "");
}

void change_differences(struct change *c)
{
	struct sheet *sheet = report_sheet(c->s.report, &differences_form);

	if (!c->clear)
		return;
	put_networks(c, sheet);
	for (size_t i = 0; i < COUNT(facts); i++)
		put_fact(c, sheet, &facts[i]);
	put_login(c, sheet);
}
