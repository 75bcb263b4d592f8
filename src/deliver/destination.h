/* deliver/destination.h - how many deliveries one destination gets at one time, and when.
 *
 * A destination is the domain of a recipient, or the smart host for all.  It begins with a few deliveries, gets one
 * more at a time with each that is answered, and half as many when nobody answers; then it is left alone for a while
 * that doubles (Postfix's feedback, qmail's tcpto).  Who finds no place stands in its line and is called when a
 * delivery ends; in case that he is never called he gets a place of its timetable, too.  So a queue of any length for
 * a slow destination costs others nothing, and a place that becomes free is taken at once.
 * Where a rate is set, deliveries begin no closer together than it says: there the timetable alone counts.
 * All in memory: a restart begins anew.
 */
#ifndef DELIVER_DESTINATION_H
#define DELIVER_DESTINATION_H

#include "base/map.h"

enum { WAY_PROGRAMS = 63 /* the way of what is for programs; never a route's (CONF_WAYS_MOST) */ };
enum { DESTINATION_FIRST = 5 /* deliveries at one time, to begin with */, DESTINATION_DOWN_MOST = 3600 * 1000 };

struct destinations {
	struct map at;
	uint64_t key[2];
	bool keyed;
	int64_t swept;
};

enum destination_news { DESTINATION_ANSWERED, DESTINATION_UNREACHABLE, DESTINATION_UNKNOWN };

struct destination_rule {
	size_t most;  /* deliveries at one time */
	int64_t down; /* ms that it is left alone after the first time that nobody answered */
	int64_t step; /* ms from one beginning to the next at least; 0: no matter */
};

/* The number of a name's destination by that way (way.h), equal for two of them now and then: they share.  Those below
 * DESTINATION_NUMBERS are nobody's: who keeps such a number may have words of his own beside it. */
enum { DESTINATION_NUMBERS = 64 };
uint32_t destination_of(struct destinations *d, struct str name, unsigned way);
unsigned destination_way(uint32_t number);
/* May a delivery begin at `now` (wall ms)?  False: not before *next. */
bool destination_may(struct destinations *d, uint32_t number, const struct destination_rule *rule, int64_t now,
		     int64_t *next);
void destination_begins(struct destinations *d, uint32_t number, const struct destination_rule *rule, int64_t now);
/* It took so many ms. */
void destination_ends(struct destinations *d, uint32_t number, const struct destination_rule *rule,
		      enum destination_news news, int64_t millis, int64_t now);
/* Who found no place.  He may be gone, or stand in the line twice, when he is called. */
struct destination_waiting {
	uint64_t qp;
	uint32_t rcpt;
};
void destination_waits(struct destinations *d, uint32_t number, const struct destination_rule *rule,
		       struct destination_waiting who);
/* The first of the line, when there is a place for him since a delivery ended; false: nobody.  The place stays free
 * until destination_called() says that he takes it. */
bool destination_first(struct destinations *d, uint32_t number, int64_t now, struct destination_waiting *out);
void destination_called(struct destinations *d, uint32_t number);
/* How it stands: false when nothing is known of it, and it is free. */
struct destination_look {
	size_t busy, most; /* deliveries under way; how many there may be */
	int64_t down;      /* wall ms: left alone until then */
};
bool destination_look(const struct destinations *d, uint32_t number, const struct destination_rule *rule,
		      struct destination_look *out);
/* Nobody is left alone any longer: the postmaster says so. */
void destinations_revive(struct destinations *d);
void destinations_clear(struct destinations *d);

#endif
