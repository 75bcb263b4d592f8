/* Whose, what became of it, and why. */
#include <stdlib.h>

#include "trace/stats.h"

#define GROUP_FORM(id, key_, title_, words) \
	static const struct sheet_column id##_columns[] = { { CELL_TEXT, key_, title_, false }, STATS_TALLY }; \
	static const struct sheet_form id##_form = { \
		.name = #id, .title = (words), .columns = id##_columns, .ncolumns = COUNT(id##_columns), .bar = 1 \
	};
GROUP_FORM(senders, "sender", "SENDER", "Top senders")
GROUP_FORM(recipients, "recipient", "RECIPIENT", "Top recipients")
GROUP_FORM(sender_domains, "domain", "DOMAIN", "Sender domains")
GROUP_FORM(recipient_domains, "domain", "DOMAIN", "Recipient domains")
GROUP_FORM(networks, "network", "NETWORK", "Client networks")
GROUP_FORM(clients, "address", "ADDRESS", "Client addresses")
GROUP_FORM(logins, "login", "LOGIN", "Logins")
GROUP_FORM(ports, "port", "PORT", "Ports")

static const struct sheet_column verdict_columns[] = { { CELL_TEXT, "verdict", "VERDICT", false },
						       { CELL_COUNT, "recipients", "RECIPIENTS", false },
						       { CELL_SHARE, "share", "SHARE", false },
						       { CELL_COUNT, "messages", "MESSAGES", false } };
static const struct sheet_form verdicts_form = {
	.name = "verdicts", .title = "What became of it", .columns = verdict_columns, .ncolumns = 4, .bar = 1
};

static const struct sheet_column reason_columns[] = { { CELL_TEXT, "reason", "REASON", false },
						      { CELL_COUNT, "recipients", "COUNT", false },
						      { CELL_SHARE, "share", "SHARE", false },
						      { CELL_COUNT, "messages", "MESSAGES", false },
						      { CELL_TIME, "first", "FIRST", true },
						      { CELL_TIME, "last", "LAST", true },
						      { CELL_COUNT, "visits_without_recipient", "NO RCPT", false } };
static const struct sheet_form reasons_form = {
	.name = "reasons",
	.title = "Refused, put off, returned or left, by reason",
	.columns = reason_columns,
	.ncolumns = COUNT(reason_columns),
	.bar = 1,
	.note = "What a reason means and who can end it says `telltale explain`, or `telltale trace reason:...`."
};

void stats_put_tally(struct cell *c, const struct tally *t)
{
	uint32_t named = t->good + t->refused + t->put_off + t->returned;
	const int64_t n[] = { t->messages,
			      t->recipients,
			      t->good,
			      t->refused,
			      t->put_off,
			      t->returned,
			      t->recipients > named ? t->recipients - named : 0,
			      (int64_t)t->bytes,
			      t->lost };

	for (size_t i = 0; i < COUNT(n); i++)
		c[i].n = n[i];
}

/* How the texts of a table of groups are found. */
struct naming {
	const struct sheet_form *form;
	const struct row_dict *dict;
	const char *empty; /* what stands for the empty text */
	bool login;
	enum group_by by;
};

static void put_groups(struct stats *s, struct naming how, uint32_t *key)
{
	struct sheet *sheet = report_sheet(s->report, how.form);
	struct groups g;

	stats_group(&g, &s->rows, key, how.dict->n, s->top, how.by, s->report->mem);
	sheet->more = g.more;
	for (size_t i = 0; i < g.n; i++) {
		struct cell *c = sheet_row(s->report, sheet);

		c[0].text = how.login ? stats_login(s, g.at[i].key) : stats_text(s, how.dict, g.at[i].key, how.empty);
		stats_put_tally(c + 1, &g.at[i].tally);
	}
	free(key);
}

static uint32_t *copy(const uint32_t *column, size_t n)
{
	uint32_t *key = mem_alloc((n + 1) * sizeof(*key));

	for (size_t i = 0; i < n; i++)
		key[i] = column[i];
	return key;
}

void stats_put_groups(struct stats *s)
{
	struct rows *r = &s->rows;

	put_groups(s, (struct naming){ &senders_form, &r->names, "<>", false, BY_MESSAGES_AND_VISITS },
		   copy(r->from, r->n));
	put_groups(s, (struct naming){ &recipients_form, &r->names, "<>", false, BY_RECIPIENTS }, copy(r->to, r->n));
	put_groups(s,
		   (struct naming){ &sender_domains_form, &r->domains, "(no domain)", false, BY_MESSAGES_AND_VISITS },
		   stats_key_of(r->from, r->n, &r->names));
	put_groups(s, (struct naming){ &recipient_domains_form, &r->domains, "(no domain)", false, BY_RECIPIENTS },
		   stats_key_of(r->to, r->n, &r->names));
	put_groups(s, (struct naming){ &networks_form, &r->nets, "-", false, BY_MESSAGES_AND_VISITS },
		   stats_key_of(r->ip, r->n, &r->ips));
	put_groups(s, (struct naming){ &clients_form, &r->ips, "-", false, BY_MESSAGES_AND_VISITS }, copy(r->ip, r->n));
	put_groups(s, (struct naming){ &logins_form, &r->logins, "-", true, BY_MESSAGES_AND_VISITS },
		   copy(r->login, r->n));
	put_groups(s, (struct naming){ &ports_form, &r->ports, "(not known)", false, BY_MESSAGES_AND_VISITS },
		   stats_key_narrow(r->port, NULL, r->n, UINT8_MAX));
}

static void put_verdicts(struct stats *s, const struct tally *all)
{
	struct sheet *sheet = report_sheet(s->report, &verdicts_form);
	uint32_t *key = stats_key_narrow(s->rows.verdict, NULL, s->rows.n, UINT8_MAX);
	struct groups g;

	for (size_t i = 0; i < s->rows.n; i++)
		if (s->rows.to[i] == UINT32_MAX) /* who named no recipient is counted apart */
			key[i] = UINT32_MAX;
	stats_group(&g, &s->rows, key, VERDICT_COUNT, VERDICT_COUNT, BY_RECIPIENTS, s->report->mem);
	for (size_t i = 0; i < g.n; i++) {
		struct cell *c = sheet_row(s->report, sheet);

		c[0].text = str_of(verdict_words[g.at[i].key]);
		c[1].n = g.at[i].tally.recipients;
		c[2].n = stats_share(g.at[i].tally.recipients, all->recipients);
		c[3].n = g.at[i].tally.messages;
	}
	free(key);
}

static int64_t known_time(uint32_t t)
{
	return t != UINT32_MAX ? (int64_t)t : CELL_UNKNOWN;
}

static void put_reasons(struct stats *s)
{
	struct sheet *sheet = report_sheet(s->report, &reasons_form);
	uint32_t *key = stats_key_narrow(NULL, s->rows.reason, s->rows.n, 0);
	uint64_t all = 0;
	struct groups g;

	stats_group(&g, &s->rows, key, UINT16_MAX, s->top, BY_RECIPIENTS_AND_VISITS, s->report->mem);
	sheet->more = g.more;
	for (size_t i = 0; i < s->rows.n; i++)
		all += s->rows.reason[i] != 0 && s->rows.to[i] != UINT32_MAX ? s->rows.times[i] : 0;
	for (size_t i = 0; i < g.n; i++) {
		struct cell *c = sheet_row(s->report, sheet);
		const struct tally *t = &g.at[i].tally;

		c[0].text = stats_reason(s, (uint16_t)g.at[i].key);
		c[1].n = t->recipients;
		c[2].n = stats_share((uint64_t)c[1].n, all);
		c[3].n = t->messages;
		c[4].n = known_time(t->first);
		c[5].n = known_time(t->last);
		c[6].n = t->lost;
	}
	free(key);
}

void stats_put_verdicts(struct stats *s, const struct tally *all)
{
	put_verdicts(s, all);
	put_reasons(s);
}
