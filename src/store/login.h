/* store/login.h - inside of the store: is this the account's password?
 *
 * Exactly one hash is made for every question, known user or not: for a name
 * that is nobody's, or whose hash cannot be checked, it is the hash of some
 * account, always the same one for the same name.  So the times that unknown
 * names take are those that known ones take, whatever schemes the accounts have.
 */
#ifndef STORE_LOGIN_H
#define STORE_LOGIN_H

#include "store/store.h"

struct store_login {
	enum login result;
	char account[320]; /* user@domain, lower case, if that account exists; else empty */
};

/* user: as sent, a whole address.  LOGIN_TEMPORARY with the reason in *e when the accounts cannot be asked. */
void store_login(struct store *s, struct str user, struct str password, struct store_login *out, struct err *e);

#endif
