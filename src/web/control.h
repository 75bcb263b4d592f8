/* web/control.h - `telltale web ...`: run/web.ctl, served by a fiber of its own.
 *
 * Whoever may command on any control socket may here (base/proc.h): root, and
 * the user of telltale-web itself.  One visitor at a time, each with a deadline:
 * one who is silent keeps nobody waiting for long, and the page never.
 */
#ifndef WEB_CONTROL_H
#define WEB_CONTROL_H

#include "base/buf.h"
#include "web/proto.h"
#include "web/sessions.h"

struct web_control {
	int fd; /* the listening socket */
	struct sessions *sessions;
	struct str url; /* of the page, ending in '/' */
};

/* Begin to serve; *c and what it points at must stay as long as the program. */
int web_control_start(struct web_control *c, struct err *e);

/* One request: words and by as in web_admin.  The status; *output and *message are appended to. */
int web_control_do(const struct web_control *c, struct str words, struct str by, struct buf *output,
		   struct buf *message);

#endif
