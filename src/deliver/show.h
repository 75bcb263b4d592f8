/* deliver/show.h - what the queue holds, as JSON, for the command and the page. */
#ifndef DELIVER_SHOW_H
#define DELIVER_SHOW_H

#include "deliver/pick.h"
#include "deliver/schedule.h"

struct shown {
	int status;         /* exit code for the command */
	struct buf output;  /* JSON, or empty */
	struct buf message; /* a sentence for people, or empty */
	int fd;             /* goes with the answer, or -1 */
};

enum shown_status { SHOWN_DONE = 0, SHOWN_NO = 1, SHOWN_USAGE = 2 };

/* A page fits a frame of base/ipc.h with room to spare. */
enum { SHOW_PAGE_MESSAGES = 200, SHOW_PAGE_BYTES = 400 * 1024, SHOW_LIST_RCPTS = 20, SHOW_RCPTS = 400 };

void shown_clear(struct shown *a);
void shown_no(struct shown *out, enum shown_status status, const char *sentence, struct str what);

/* One message, with those of its recipients that still have work to do and that the pick means, at most so many.
 * One that is asked for by its index is shown whatever it is. */
struct show {
	struct schedule *schedule;
	struct json *json;
	const struct pick *pick;
	size_t most;
};
void show_item(const struct show *p, struct picked *x);
/* What "QP" or "QP/RECIPIENT" names; NULL after a sentence in *out. */
struct item *show_named(struct depot *d, const struct pick *p, struct shown *out);
/* The one that is named, whole. */
void show_message(struct schedule *s, const struct pick *p, struct shown *out);
void json_time(struct json *j, int64_t wall_ms);

#endif
