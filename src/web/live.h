/* web/live.h - stories as they happen, for many viewers.
 *
 * Each distinct question and scope has one follower (trace/follow.h, in a telltale-search of its own); its events are
 * kept in a feed, which all who watch it share.  A viewer reads at his own pace; who falls so far behind
 * that his next event is gone is told so, and dropped.  An event has a number, so that a
 * browser that was cut off goes on where it was (Last-Event-ID), as long as the feed lives.
 */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "web/visit.h"

enum {
	LIVE_EVENTS_MAX = 512,    /* that a feed keeps */
	LIVE_BYTES_MAX = 4 << 20, /* and so many bytes of them */
	LIVE_TICK = 15000,        /* ms between two signs of life */
};

struct feed;

/* Find or begin the feed that is asked for: 0, or the code of a refusal that is in r. */
int live_join(struct web *w, const struct web_request *q, struct web_reply *r);
/* Send it to the viewer until he leaves, his session ends or the server does.  r is what live_join() left. */
void live_view(struct visit *v, struct web_request *q, struct web_reply *r);
/* The server stops (w->stopping): all who watch are woken to see it. */
void live_stop(struct web *w);

#endif
