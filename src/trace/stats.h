/* trace/stats.h - numbers over many messages: how much, what became of it, why, whose, how fast.
 *
 *	stats_report(&report, &ask)	tables over the rows (rows.h) of all that was asked for
 *	stats_changed(&report, &ask)	since when mail is refused, and what is different since (QUESTIONS.md 17)
 *	stats_unusual(&report, &ask)	senders and logins against what they usually send (27)
 * A report is shown by sheet.h.  A message counts once however many servers
 * tell of it and however often it was tried; recipients count one by one.  What
 * a scope hides is neither counted nor named.
 */
#ifndef TRACE_STATS_H
#define TRACE_STATS_H

#include "trace/rows.h"
#include "trace/sheet.h"

struct stats_ask {
	struct answer *answer; /* read, joined and chosen: every chosen story is counted */
	size_t top;            /* rows of a table of names at most */
};

/* All that a report is made of; texts and tables live in the report's arena. */
struct stats {
	struct report *report;
	struct answer *answer;
	struct rows rows;
	const struct story **stories; /* by story number; NULL: answer->rows, then */
	uint32_t *times;              /* when each began */
	size_t ntimes;
	size_t top;
};

void stats_begin(struct stats *s, struct report *r, const struct stats_ask *ask);
void stats_end(struct stats *s);

/* The tables of a report over rows that are there, wherever they came from. */
void stats_tables(struct stats *s);
void stats_report(struct report *r, const struct stats_ask *ask);
void stats_changed(struct report *r, const struct stats_ask *ask);
void stats_unusual(struct report *r, const struct stats_ask *ask);

/* What a group of rows adds up to. */
struct tally {
	uint32_t messages, recipients;
	uint32_t good, refused, put_off, returned; /* recipients: taken; 5xx; 4xx and not seen again; bounced */
	uint32_t lost;                             /* visits that named no recipient: no messages */
	uint32_t first, last;                      /* when: UTC seconds; UINT32_MAX: nothing has a time */
	uint64_t bytes;                            /* of messages */
	uint32_t story;                            /* the last one that was counted */
};
void tally_begin(struct tally *t);
void tally_add(struct tally *t, const struct rows *r, size_t i);

struct group {
	uint32_t key;
	struct tally tally;
};
struct groups {
	struct group *at; /* the largest first */
	size_t n, more;   /* more: groups that found no place */
};
/* What makes a group large; visits: those that named no recipient. */
enum group_by { BY_MESSAGES_AND_VISITS, BY_RECIPIENTS, BY_RECIPIENTS_AND_VISITS };
/* Rows by key (below `keys`; UINT32_MAX: none), the `top` largest groups. */
void stats_group(struct groups *out, const struct rows *r, const uint32_t *key, size_t keys, size_t top,
		 enum group_by by, struct arena *mem);

/* What each row is grouped by: an array of its own, r->n long, to be freed. */
uint32_t *stats_key_of(const uint32_t *column, size_t n, const struct row_dict *d);
uint32_t *stats_key_narrow(const uint8_t *bytes, const uint16_t *words, size_t n, unsigned none);

struct lengths {
	uint64_t n, p50, p90, p99, max; /* ms */
};
/* Of the rows of each port, and of all behind them.  once: one row of each story, as it is the same for all its
 * recipients. */
enum { LENGTHS_PORTS = 8 };
void stats_lengths(struct lengths out[LENGTHS_PORTS + 1], const struct rows *r, const uint16_t *column, bool once);

/* What is counted in every table of groups, and how a tally fills its cells. */
#define STATS_TALLY \
	{ CELL_COUNT, "messages", "MSGS", false }, { CELL_COUNT, "recipients", "RCPTS", false }, \
	    { CELL_COUNT, "taken", "TAKEN", false }, { CELL_COUNT, "refused", "REFUSED", false }, \
	    { CELL_COUNT, "put_off", "PUT OFF", true }, { CELL_COUNT, "returned", "RETURNED", true }, \
	    { CELL_COUNT, "other", "OTHER", true }, { CELL_BYTES, "bytes", "SIZE", true }, \
	{ \
		CELL_COUNT, "visits_without_recipient", "NO RCPT", true \
	}
void stats_put_tally(struct cell *c, const struct tally *t);
void stats_put_groups(struct stats *s);                            /* by name, network, login, port */
void stats_put_verdicts(struct stats *s, const struct tally *all); /* and reasons */
void stats_put_volume(struct stats *s, const struct tally *all);   /* by hour and day */
void stats_put_latencies(struct stats *s);
int64_t stats_share(uint64_t n, uint64_t of); /* per mille */

/* Texts as the scope shows them. */
struct str stats_name(struct stats *s, uint32_t name);
struct str stats_login(struct stats *s, uint32_t login);
struct str stats_text(struct stats *s, const struct row_dict *d, uint32_t id, const char *empty);
struct str stats_reason(struct stats *s, uint16_t reason);
/* A question that finds this story again; empty: it has no number. */
struct str stats_id(struct stats *s, uint32_t story);

#endif
