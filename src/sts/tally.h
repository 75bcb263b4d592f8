/* sts/tally.h - sessions with other servers, counted by day (UTC), domain and policy (RFC 8460).
 *
 * Kept in memory and in a file a day, DAY:tlsrpt (days since 1970), which tally_save() replaces when something has
 * changed: a crash loses the counts of the last minute.  Everything has a limit: what is beyond is not counted.
 * A day's counts go when its reports are out (tally_done), or two days later.
 */
#ifndef STS_TALLY_H
#define STS_TALLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "sts/results.h"

enum {
	TALLY_DOMAINS = 10000,
	TALLY_FAILURES = 64,
	TALLY_LINES = 300,
	TALLY_TEXT = 200,
	TALLY_BYTES = 16 * 1024 * 1024, /* of a day as its file has it */
};

/* Sessions that failed in the same way. */
struct tally_failure {
	enum sts_result result;
	struct str mx, ip, reason;
	uint64_t n;
	struct tally_failure *next;
};

struct tally_policy {
	struct str *lines; /* the policy as it is published: records, or the lines of the text */
	size_t nlines;
	uint64_t good, bad;
	struct tally_failure *failures;
	size_t nfailures;
};

struct tally_domain {
	struct str domain;
	struct tally_policy of[TALLY_KINDS];
	bool done;                 /* its report is out, or nobody wants one */
	int64_t again;             /* clock_mono(): not tried before */
	uint64_t told;             /* bits: which of the addresses of its record have it */
	uint64_t tries;            /* so often it was sent to those that had it not */
	struct tally_domain *next; /* in the order in which they were met */
};

struct tally_day {
	int64_t day;
	struct tally_domain *first, **last;
	struct map domains; /* the same by their names */
	struct arena mem;
	size_t bytes; /* of its file: not fewer */
	bool changed;
	struct tally_day *next; /* a later one */
};

struct tally {
	int dir; /* the caller's */
	struct tally_day *first;
};

/* One session. */
struct tally_session {
	struct str domain; /* lower case */
	enum tally_kind kind;
	struct str policy; /* its lines, '\n' between */
	enum sts_result result;
	struct str mx, ip, reason;
};

void tally_count(struct tally *t, int64_t day, const struct tally_session *s);
/* What the folder has.  What cannot be read is not counted. */
void tally_load(struct tally *t, int dir);
/* Write what has changed; -1: the first that could not be. */
int tally_save(struct tally *t, struct err *e);
struct tally_day *tally_day(const struct tally *t, int64_t day); /* NULL: nothing was counted */
/* The day is over and told. */
void tally_done(struct tally *t, struct tally_day *d);
void tally_clear(struct tally *t);

/* One day as a file has it, and back; -1: malformed, and nothing of it is kept. */
void tally_put(const struct tally_day *d, struct buf *out);
struct tally_day *tally_read(struct str text, int64_t day);

#endif
