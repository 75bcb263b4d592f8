/* wire/client.h - one conversation with another server, as its client (RFC 5321, 1870, 2920, 3030, 3207, 3461,
 * 4954, 6152, 6531, 8689).
 *
 * A step is taken, answered, and judged: the first answer that is no yes ends what was begun, and stands in c->said
 * with the step that it was for in c->step.  Nothing of a message has been taken by the other server unless
 * client_send() returns CLIENT_YES; c->critical says that it may have been, though no answer came.
 * What goes out has CRLF line ends only; addresses that could begin another command do not go out at all.
 * A password is sent under TLS only.  A message of up to 64 KiB goes in one piece with its envelope where BDAT and
 * pipelining are offered: that saves a round trip.  An 8-bit message is made 7-bit for who takes no other, where it
 * can be (mail/downgrade.h).
 *
 *	client_begin()          greeting, EHLO or HELO, STARTTLS, AUTH
 *	client_send()           MAIL, RCPT, DATA, the message; may be repeated
 *	client_again()          RSET after a no: may another message be sent?
 *	client_end()            QUIT, without waiting for the answer
 */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include "wire/said.h"

enum client_tls { CLIENT_TLS_MAY, CLIENT_TLS_MUST, CLIENT_TLS_NEVER };

struct client_set {
	struct str helo;
	enum client_tls tls;
	struct tls *context; /* of tls_open_client() */
	struct tls_peer peer;
	struct str user, password; /* empty: no login */
	bool implicit;             /* TLS before the greeting (RFC 8314) */
	int64_t reply, end;        /* ms: longest wait for an answer, and for the one to the message */
};

enum client_step {
	CLIENT_GREETING,
	CLIENT_HELLO,
	CLIENT_STARTTLS,
	CLIENT_AUTH,
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_MESSAGE
};

enum client_end {
	CLIENT_YES,
	CLIENT_NO,            /* c->said says it */
	CLIENT_DIED,          /* the connection ended, or said nothing for too long, or something that is no reply */
	CLIENT_NO_TLS,        /* it does not offer what is demanded; or it refused (c->said.code) */
	CLIENT_BAD_TLS,       /* the handshake failed: c->why */
	CLIENT_NO_AUTH,       /* it does not offer a way to log in that we know */
	CLIENT_NO_8BIT,       /* it takes no 8-bit message (8BITMIME), and this one cannot be made 7-bit: c->why */
	CLIENT_NO_UTF8,       /* it takes no such address (SMTPUTF8) */
	CLIENT_TOO_BIG,       /* the message is larger than it takes (SIZE): c->offers.most */
	CLIENT_NO_REQUIRETLS, /* the message wants REQUIRETLS (RFC 8689), which it does not offer */
	CLIENT_BAD_NAME,      /* an address that cannot be said */
	CLIENT_UNREADABLE     /* the message cannot be read: c->why */
};

struct client {
	const struct client_set *set;
	struct wire wire;
	struct said said;
	enum client_step step;
	bool critical;
	bool used;                 /* it has been asked to take a message before */
	int64_t handshake, waited; /* ms: of TLS; for the reply in `said` */
	struct err why;
	struct client_offers {
		bool pipelining, starttls, eightbit, size, utf8, plain, login, chunking, dsn, requiretls;
		uint64_t most; /* bytes of a message; 0: not said */
	} offers;
};

struct client_message {
	struct str sender, rcpt; /* without < > */
	int fd;
	uint64_t offset, size;
	/* for who offers it; as mail/envelope.h has them */
	struct str envid, orcpt;
	uint64_t ret, notify;
	bool requiretls;
};

/* Takes the connected socket (non-blocking).  In both cases client_clear() is due. */
enum client_end client_begin(struct client *c, int fd, const struct client_set *set);
enum client_end client_send(struct client *c, const struct client_message *m);
bool client_again(struct client *c);
void client_end(struct client *c);
void client_clear(struct client *c);

/* The next reply into c->said, and how long it took: 0, -1 as wire_said() (for client_send.c). */
int client_hear(struct client *c, int64_t deadline);

/* Is there a byte that is not ASCII in the message?  1, 0; -1 with *e. */
int client_is_8bit(const struct client_message *m, struct err *e);
/* Can the address stand between < and >? */
bool client_may_say(struct str address);

#endif
