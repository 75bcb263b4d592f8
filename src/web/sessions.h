/* web/sessions.h - who has been let in, and the one-time links by which administrators come.
 *
 * A session is known by 256 random bits, which only its cookie has: the table
 * holds their SHA-256.  It ends when it was not used for a while, when it is too
 * old, or when it is ended (log out, `telltale web end`); that its account is
 * gone or has another password is for the caller to find out (lookup/who.h).
 *
 * The table is shared memory (the memfd "sessions", which telltaled keeps): a
 * reload, or the death of telltale-web, logs nobody out; the end of telltaled does.
 * It has room for SESSIONS_MAX; where that is not enough the one that was idle for
 * longest makes room, and an account has at most SESSIONS_EACH.  For any threads
 * and programs at once.  All times are wall time, ms.
 */
#ifndef WEB_SESSIONS_H
#define WEB_SESSIONS_H

#include "base/err.h"
#include "base/str.h"

enum {
	SESSIONS_MAX = 8192,
	SESSIONS_EACH = 20,
	SESSION_LINKS_MAX = 32,
	SESSION_ID = 64, /* characters of a session's id, of a link's token: hexadecimal */
	SESSION_TOKEN = 32,
	SESSION_ACCOUNT_MAX = 320,
	SESSION_IP_MAX = 46,
	SESSION_LINK_TIME = 10 * 60 * 1000,
};

struct session {
	uint64_t number;                       /* for people; never used twice */
	bool administrator;                    /* came by a link */
	char account[SESSION_ACCOUNT_MAX + 1]; /* user@domain, lower case; of an administrator: who made the link */
	char ip[SESSION_IP_MAX + 1];           /* where he logged in from */
	uint64_t stamp;                        /* of the account when he logged in (lookup/who.h) */
	int64_t since, used;
};

/* After how long one ends, ms: without use, and in any case. */
struct sessions_limits {
	struct {
		int64_t idle, most;
	} owner, administrator;
};

struct sessions;

/* fd: the shared memory, which becomes ours (it is grown), or -1 for one of our own. */
struct sessions *sessions_open(int fd, const struct sessions_limits *limits, struct err *e);
void sessions_close(struct sessions *s);

/* Let him in: number, since and used of *who are not looked at.  id is for the cookie, NUL behind it. */
void sessions_begin(struct sessions *s, const struct session *who, int64_t now, char id[SESSION_ID + 1]);
/* Whose id is it?  False: nobody's (any more).  It counts as used. */
bool sessions_find(struct sessions *s, struct str id, int64_t now, struct session *out);
/* Does it still live?  Asking is no use of it. */
bool sessions_look(struct sessions *s, uint64_t number, int64_t now, struct session *out);

bool sessions_end(struct sessions *s, uint64_t number);
/* All of an account; of everybody when it is empty.  How many. */
size_t sessions_end_all(struct sessions *s, struct str account);
/* Copies of those that live, the latest used first: how many of at most `most`. */
size_t sessions_list(struct sessions *s, int64_t now, struct session *out, size_t most);

/* A link that is good once, for SESSION_LINK_TIME.  by: who made it, for the list.  The oldest makes room. */
void sessions_link(struct sessions *s, struct str by, int64_t now, char token[SESSION_ID + 1]);
/* Take it: true, and it is good no more; *by gets who made it. */
bool sessions_take_link(struct sessions *s, struct str token, int64_t now, char by[SESSION_ACCOUNT_MAX + 1]);

/* What a request that changes something must bring beside the cookie: whoever knows the id can work it out, nobody
 * else.  NUL behind it. */
void session_token(struct str id, char token[SESSION_TOKEN + 1]);
/* Are they equal?  How far they are takes no different time. */
bool session_same(struct str a, struct str b);

#endif
