/* mail/recipient.h - the recipient check's answer about one address. */
#ifndef MAIL_RECIPIENT_H
#define MAIL_RECIPIENT_H

#include "base/str.h"

enum resolved {
	RESOLVED_MAILBOX,    /* a mailbox of ours, or a (subaddress of a) name that ends there */
	RESOLVED_ALIAS,      /* expanded: targets */
	RESOLVED_CATCHALL,   /* expanded by the domain's catch-all: targets */
	RESOLVED_NO_MAILBOX, /* the domain is ours, the name is not */
	RESOLVED_NOT_OURS,   /* the domain is not ours */
	RESOLVED_LOOP,       /* aliases that end in themselves, or deeper than the limit */
	RESOLVED_OVER_QUOTA,
	RESOLVED_TEMPORARY /* the accounts could not be asked */
};

#endif
