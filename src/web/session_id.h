/* web/session_id.h - inside of the sessions: 256 random bits in hexadecimal, and what is kept of them. */
#ifndef WEB_SESSION_ID_H
#define WEB_SESSION_ID_H

#include "web/sessions.h"

enum { SESSION_HASH = 32 };

/* NUL behind it. */
void session_new_id(char id[SESSION_ID + 1]);
/* Has it the form of one? */
bool session_is_id(struct str id);
/* SHA-256; what: a word for which use, so that one is never taken for the other. */
void session_hash(const char *what, struct str id, unsigned char out[SESSION_HASH]);

#endif
