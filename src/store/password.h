/* store/password.h - what is kept of a password, and whether one fits.
 *
 * Hashes that libxcrypt knows ("$y$", "$6$", "$2b$" ...) and argon2id
 * ("$argon2id$").  Every copy of a plain password made here is wiped.
 */
#ifndef STORE_PASSWORD_H
#define STORE_PASSWORD_H

#include "base/buf.h"
#include "base/err.h"

enum { PASSWORD_MAX = 511, HASH_MAX = 383, ARGON_MEMORY_MAX_KIB = 256 * 1024 };

/* The first line of input, without its end, as a fresh yescrypt hash ("$y$...") appended to out.
 * -1 with a sentence for people when it is empty, too long, or more than one line. */
int password_hash(struct str input, struct buf *out, struct err *e);

/* The first line of input, a hash made elsewhere, appended to out.
 * -1 with a sentence for people when no password could ever be checked against it. */
int password_take_hash(struct str input, struct buf *out, struct err *e);

/* Can passwords be checked against it?  By its form only: no hash is made. */
bool password_checkable(struct str hash);

enum password { PASSWORD_FITS, PASSWORD_WRONG, PASSWORD_UNKNOWN /* it could not be checked now */ };

/* Makes one hash, whatever the password is: one that cannot be anybody's costs the same and is wrong. */
enum password password_check(struct str hash, struct str password);

/* How many hashes password_check() has made, in all threads. */
extern _Atomic uint64_t password_checks;

#endif
