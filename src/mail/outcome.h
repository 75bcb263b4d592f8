/* mail/outcome.h - how one delivery attempt ended, in qmail's three words. */
#ifndef MAIL_OUTCOME_H
#define MAIL_OUTCOME_H

#include "base/str.h"

enum outcome_kind { OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOME_DEFERRAL };

struct outcome {
	enum outcome_kind kind;
	struct str
	    report; /* plain text lines, '\n' between them: "did 1+0+0" or "Unable to chdir to maildir. (#4.2.1)" */
};

/* The final step of a success: where the message lies now. */
struct landing {
	struct str path;      /* "example.com/anna/Maildir/.Junk", below the mail folder; or whoever has it now */
	struct str rule;      /* what led there: "mailbox", "junk by gate", "subaddress folder work", "lmtp" ... */
	uint64_t used, limit; /* bytes in that mailbox, with this message, and its quota; limit 0: none, or not known */
};

struct str outcome_word(enum outcome_kind kind); /* "success", "failure", "deferral" */
bool outcome_of(struct str word, enum outcome_kind *out);

#endif
