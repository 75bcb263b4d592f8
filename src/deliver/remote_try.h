/* deliver/remote_try.h - one try to bring one message to one recipient's server.
 *
 * The hosts of its route are tried in their order until one has answered to MAIL or later: that answer is the try's.
 * Who cannot be reached, or ends before, is passed over.  Success means that a 2xx stood behind the whole message, and
 * nothing else does.  Reports are qmail-remote's, word for word (LOG-FORMATS 3.4); the other server's reply follows
 * whole.  Decided here:
 *
 *	8BITMIME     a message with 8-bit bytes is made 7-bit for a server that does not take them: that breaks its
 *	             signatures, but a bounce is worse; what cannot be made so fails (#5.6.3; mail/downgrade.h)
 *	SMTPUTF8     an address beyond ASCII for a server without it fails (#5.6.7)
 *	SIZE         what is larger than the server says that it takes fails at once (#5.3.4)
 *	REQUIRETLS   only over TLS with a certificate that is proven, to a server that promises the same; else #5.7.30
 *	421          before the message: the next host is asked, as if it had not let us in
 *	STARTTLS     as remote_policy.h has it for each host; where nothing demands it, a handshake that fails is
 *	             followed by a second connection in the clear
 *	MAIL, RCPT   a 4xx is the answer: the next host is not asked for another opinion
 *
 * A connection over which all went well serves the next message for the same domain, if one comes soon.
 */
#ifndef DELIVER_REMOTE_TRY_H
#define DELIVER_REMOTE_TRY_H

#include "deliver/remote_policy.h"
#include "deliver/remote_route.h"
#include "deliver/way.h"
#include "wire/client.h"

struct remote_talk;

/* One way of way.h. */
struct remote_way {
	struct route_set route;
	struct client_set client; /* without its peer, and what is wanted of TLS */
	struct remote_want want;
	struct conf_list source;
};

/* All tries have in common. */
struct remote_world {
	const struct conf *conf;
	struct remote_way *ways; /* by their number */
	size_t nways;
	struct remote_desk desk;
	int64_t connect;          /* ms for a connection */
	struct remote_talk *idle; /* connections that wait for another message */
	size_t nidle;
};

struct remote_try {
	struct remote_world *world;
	struct client_message message;
	struct str host; /* it goes by this one, whatever the configuration says; or empty */
	struct arena *mem;
	/* the result */
	struct outcome out;
	bool unreachable; /* nobody let us as far as MAIL */
	struct remote_met {
		struct str host, ip, tls; /* host empty: nobody was met */
		struct str source;
		const char *policy;
		uint16_t port;
		bool dsn;                          /* it offers DSN, and was told what the sender wants to hear */
		int64_t connect, handshake, reply; /* ms */
	} met;                                     /* the server whose words `out` has */
	/* inside */
	const struct remote_way *way;
	bool given_up;                /* nothing more is sent: nobody waits for the result */
	struct remote_talk *talk;     /* the conversation at this moment, or NULL */
	struct remote_case *one;      /* its destination */
	struct remote_policy *policy; /* of its host; NULL, when it was kept from an earlier message */
	bool answered;                /* some server answered to MAIL */
	bool missed;                  /* some server could not be reached */
	struct str key;               /* of the connections that may serve it */
};

void remote_try(struct remote_try *t);
/* From another fiber: come to an end, whatever it is. */
void remote_give_up(struct remote_try *t);
/* Close the connections that have waited long enough; all of them. */
void remote_tidy(struct remote_world *w, bool all);

#endif
