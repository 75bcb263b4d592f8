/* The wait before the greeting.  A program that talks meanwhile does not listen, as mail servers do.
 *
 * Under implicit TLS the client begins by right, and whom the postmaster's list of addresses lets past every check is
 * not kept waiting.  What came early stays where it is: it is read, and refused at RCPT, like anything else. */
#include <sys/socket.h>
#include "base/clock.h"
#include "session/session.h"

static bool waits(const struct session *s)
{
	const struct policy *p = &s->port->policy;
	struct hit h;

	return p->on && !s->port->conf->set.submission && p->set.greeting_delay_secs > 0 &&
	       s->port->conf->tls != CONF_TLS_IMPLICIT && !policy_lists(p, ip_whitelist, str_of(s->peer.ip), &h);
}

void session_hold_greeting(struct session *s)
{
	char byte;

	if (!waits(s) || !session_wait(s, deadline_in(s->port->policy.set.greeting_delay_secs * 1000)))
		return;
	/* Who hung up said nothing. */
	s->facts.early = recv(s->wire.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
