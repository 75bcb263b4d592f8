/* wire/command.h - what a command line says (RFC 5321 4.1.1, 1870, 3461, 6152, 8689).
 *
 * Pure text: no state, no policy, no replies.  A command with a fault names
 * it; what was readable before the fault is filled in all the same (the verb,
 * arg), so that the log can show it.
 */
#ifndef WIRE_COMMAND_H
#define WIRE_COMMAND_H

#include "mail/addr.h"

#define VERB(name, takes) VERB_##name,
enum verb {
#include "wire/verbs.def"
	VERB_UNKNOWN
};
#undef VERB

enum command_fault {
	COMMAND_FINE,
	COMMAND_CONTROL,   /* a control character in the line */
	COMMAND_FOREIGN,   /* not SMTP at all: the peer speaks HTTP */
	COMMAND_UNKNOWN,   /* no verb of ours */
	COMMAND_ARGUMENT,  /* one is missing, or one too many */
	COMMAND_PATH,      /* the address cannot be read */
	COMMAND_UTF8,      /* the address is one beyond ASCII (RFC 6531) */
	COMMAND_PARAMETER, /* a parameter that we do not know */
	COMMAND_VALUE      /* a parameter's value is malformed, or it stands twice */
};

struct command {
	enum verb verb;
	enum command_fault fault;
	struct str arg;  /* all behind the verb (behind FROM: or TO:), as sent, trimmed */
	struct str sent; /* MAIL, RCPT: the path as it was sent, with its brackets; empty when it cannot be read */
	struct addr path;
	uint64_t size; /* SIZE=; one that exceeds 64 bits is UINT64_MAX */
	bool sized;
	bool eightbit; /* BODY=8BITMIME */
	bool requiretls;
	struct str envid; /* ENVID=, decoded */
	unsigned ret;     /* RET=: enum ret */
	unsigned notify;  /* NOTIFY=: bits of enum notify */
	struct str orcpt; /* ORCPT=: `type;address`, decoded */
	const char *why;  /* COMMAND_VALUE: what is wrong, in words */
	bool auth;        /* AUTH= stood there (RFC 4954, 5); whom it names is nobody's business here */
};

/* Can a command start with this byte?  Letters do; CR and LF too: an empty line is merely a bad command. */
bool command_starts(char c);

/* line: without its CRLF.  strs borrow from it; what was unquoted or decoded is in `a`. */
void command_parse(struct str line, struct arena *a, struct command *out);
struct str verb_name(enum verb v); /* "EHLO"; empty for VERB_UNKNOWN */

#endif
