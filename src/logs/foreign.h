/* logs/foreign.h - lines of other mail servers, read only.
 *
 * Postfix (syslog), qmail-send, Exim (mainlog), spamdyke and chkuser wherever they write to.  A line is a frame
 * (frame.h) and, by its program or by its words, one of the kinds of foreign.def with its fields; the rows of
 * postfix.def, qmail.def and exim.def say how.  What a mail server writes and no row knows is FOREIGN_UNKNOWN;
 * lines of other programs in the same file (dovecot, sshd, cron) are FOREIGN_STRANGER and concern nobody here.
 */
#ifndef LOGS_FOREIGN_H
#define LOGS_FOREIGN_H

#include "logs/frame.h"
#include "logs/logs.h"

enum foreign_server {
	FOREIGN_NOBODY,
	FOREIGN_POSTFIX,
	FOREIGN_QMAIL,
	FOREIGN_EXIM,
	FOREIGN_SPAMDYKE,
	FOREIGN_CHKUSER,
	FOREIGN_SERVERS
};
extern const char *const foreign_servers[FOREIGN_SERVERS]; /* "Postfix" ... for people */

#define FOREIGN_KIND(id, ...) FOREIGN_##id,
enum foreign_kind {
	FOREIGN_UNKNOWN,  /* no row fits, or no stamp stands in front */
	FOREIGN_STRANGER, /* of a program that is no mail server */
#include "logs/foreign.def"
	FOREIGN_KINDS
};
#undef FOREIGN_KIND

#define FOREIGN_FIELD(name) FF_##name,
enum foreign_field {
#include "logs/foreign.def"
	FOREIGN_FIELDS
};
#undef FOREIGN_FIELD

struct foreign_line {
	enum foreign_kind kind;
	enum foreign_server server;
	struct frame frame;
	struct str field[FOREIGN_FIELDS]; /* p == NULL: not there */
};

/* False: the line is FOREIGN_UNKNOWN.  text is one line without its newline; strs borrow from it. */
bool foreign_read(struct str text, struct foreign_line *out);
/* The same for a line behind the one that *l was read from, whose text is still there (frame_next()). */
bool foreign_read_next(struct str text, struct foreign_line *l);

/* A queue id of Postfix: 5 hexadecimal digits of the microsecond and the inode, or the long form in base 52. */
bool foreign_is_postfix_id(struct str s);
/* XXXXXX-YYYYYY-ZZ, or XXXXXX-YYYYYYYYYYY-ZZZZ since 4.97. */
bool foreign_is_exim_id(struct str s);
/* Of "a@b c@d" (field rcpts): the next address, and *rest moves behind it; false: there is none, or no address. */
bool foreign_next_rcpt(struct str *rest, struct str *rcpt);
/* The number and the words of the answer that a line quotes.  0: it quotes none.  Where it has the words alone and yet
 * says whether they are final, the number is one that no server uses: FOREIGN_NO or FOREIGN_NOT_NOW. */
enum { FOREIGN_NOT_NOW = 499, FOREIGN_NO = 599 };
int foreign_reply(const struct foreign_line *l, struct str *text);
/* Is that number one of those two?  Then it is not to be shown. */
static inline bool foreign_unsaid(int code)
{
	return code == FOREIGN_NO || code == FOREIGN_NOT_NOW;
}
/* "550 ...", "250-..." */
bool foreign_is_reply(struct str s);
/* The answer of a server inside the words of the one that asked it: "host x said: 550 no (in reply to RCPT TO
 * command)" gives "550 no".  Empty: there is none. */
struct str foreign_answer(struct str text);
/* What log_parse() gives of such a line: its stamp, host, and where it has them a reply's code and text, the words of
 * a recipient check, client and user.  Its kind is LOG_OTHERS when it is understood. */
void foreign_as_line(struct str text, struct log_line *out);
/* The id under which another server says that it took a message: "queued as X", "OK id=X".  Empty: none. */
struct str foreign_queued_as(struct str reply);
/* The two numbers of qmail's "ok EPOCH qp QP". */
bool foreign_queued_qp(struct str reply, uint64_t *epoch, uint64_t *qp);

#endif
