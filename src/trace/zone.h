/* trace/zone.h - what the clock of the logs meant: stamps without a zone become moments.
 *
 * Our own logs say their zone (`zone, +02:00, EPOCH`).  Older logs betray it:
 * every `250 ok EPOCH qp N` shows one moment twice.  The offset that most of
 * them share wins, in steps of 15 minutes; offsets one hour beside it are
 * summer time.  A stamp that fits no offset is an outlier, to be reported, and
 * never moves the zone.  A stamp of the repeated hour of autumn names two
 * moments; which one a line means, moment.h finds out.
 */
#ifndef TRACE_ZONE_H
#define TRACE_ZONE_H

#include "base/arena.h"
#include "base/clock.h"

enum zone_source { ZONE_SAID, ZONE_MEASURED, ZONE_ASSUMED };

struct zone_step {
	int64_t from; /* moment (UTC seconds) since which the offset holds */
	int offset;   /* seconds east */
};

struct zone_sample {
	int64_t epoch;
	int offset;
};

/* Samples that were measured before, of logs that an index goes on with: all but a few had one offset. */
struct zone_before {
	int offset;
	uint64_t kept, others;
	int64_t first; /* epoch */
};

struct zone_calm;

struct zone_table {
	struct zone_step *steps; /* by time; never empty after zone_settle() */
	size_t nsteps;
	enum zone_source source;
	struct zone_sample *said, *measured;
	size_t nsaid, nmeasured, said_cap, measured_cap;
	size_t outliers;                  /* samples that no offset explains */
	int64_t last;                     /* epoch of the latest sample that was said or measured */
	const struct zone_before *before; /* NULL: none */
	struct zone_before sum;           /* when it is settled: of them and of those measured since */
	struct arena *mem;
	struct zone_calm
	    *calm; /* of this machine's zone: asking the system for each line would cost more than the line */
};

void zone_init(struct zone_table *z, struct arena *mem);
/* The log itself says so. */
void zone_say(struct zone_table *z, int64_t epoch, int offset);
/* A line stamped `local` (seconds as if UTC) names the moment `epoch`.  False: an outlier, no zone on earth fits. */
bool zone_measure(struct zone_table *z, int64_t local, int64_t epoch);
/* Decide, and forget the samples; without any the zone of this machine is assumed. */
void zone_settle(struct zone_table *z);

/* Would any few samples more leave the one offset as it is? */
bool zone_steady(const struct zone_table *z);

/* The moments that a stamp can mean: two in the repeated hour of autumn, the earlier first; else one. */
size_t zone_moments(const struct zone_table *z, int64_t local, int64_t out[2]);
int64_t zone_utc(const struct zone_table *z, int64_t local); /* the earlier one */
int zone_at(const struct zone_table *z, int64_t utc);
/* Does this pair disagree with the table, and by how much (seconds, line minus epoch)?  0: it agrees. */
int64_t zone_disagrees(const struct zone_table *z, int64_t local, int64_t epoch);

/* The year of a syslog stamp (its year is ignored) that brings it nearest to the moment. */
int zone_year_near(struct civil stamp, int64_t epoch);

#endif
