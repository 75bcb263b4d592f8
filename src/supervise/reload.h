/* supervise/reload.h - from one generation to the next.
 *
 *	idle -> trying     the file was read and is usable; the new programs start beside the old ones
 *	trying -> idle     one failed, or was not ready in time: the new ones go, the old generation stays
 *	trying -> leaving  all are ready: the old ones finish what they have
 *	leaving -> telling none of them takes a client any more, so that who connects meets the new configuration;
 *			   telltale-queue, which stays, is told
 *	telling -> idle    it has answered, or has not in time
 *
 * A certificate that changes on disk is the same with telltale-smtpd alone, and nobody to tell.
 */
#ifndef SUPERVISE_RELOAD_H
#define SUPERVISE_RELOAD_H

#include <poll.h>
#include "base/ipc.h"
#include "supervise/crew.h"
#include "supervise/generation.h"

enum reload_state { RELOAD_IDLE, RELOAD_TRYING, RELOAD_LEAVING, RELOAD_TELLING };

struct reload {
	struct crew *crew;
	const struct generation_set *set;
	enum reload_state state;
	enum crew_kind kind;
	bool again;      /* SIGHUP came meanwhile */
	int64_t look_at; /* when to look at certificate and key, clock_mono() */
	struct ipc_conn queue;
	bool connected;
	int64_t leave_until, tell_until;
	int status;       /* of the last one that ended: exit code */
	bool ended;       /* and nobody has heard of it yet */
	struct buf words; /* of the last one that ended, for people */
};

void reload_init(struct reload *r, struct crew *crew, const struct generation_set *set);
void reload_clear(struct reload *r);
/* Begin; when one is under way: false.  Its end is reload_ended(), which may be at once. */
bool reload_begin(struct reload *r);
/* The same for a signal: when one is under way another one follows. */
void reload_signal(struct reload *r);
/* After any event: go on as far as possible.  True once for each reload of the configuration that ended: status and
 * words say how. */
bool reload_ended(struct reload *r);
/* ms until reload_ended() must be asked again without an event. */
int64_t reload_due(const struct reload *r);
size_t reload_watch(const struct reload *r, struct pollfd *at); /* at most 1 */

#endif
