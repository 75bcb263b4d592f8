/* lookup/settings.h - what domains and mailboxes have set for the gate, as lines "option=value\n".
 *
 *	struct str rest = answer.settings, option, value;
 *
 *	while (settings_next(&rest, &option, &value))
 *		conf_put(&c, "gate", option, value, &e);
 */
#ifndef LOOKUP_SETTINGS_H
#define LOOKUP_SETTINGS_H

#include "base/str.h"

/* May a domain or a mailbox have an option of that name of its own (settable.def)? */
bool settings_settable(struct str option);
/* ... and may that be a list? */
bool settings_many(struct str option);
/* Take the first line of *rest; false at the end. */
bool settings_next(struct str *rest, struct str *option, struct str *value);
/* Is it nothing but such lines, of options that may be set, within the limits? */
bool settings_fit(struct str lines);

enum {
	SETTINGS_VALUE_MAX = 512, /* bytes of a value, as in the configuration */
	SETTINGS_MAX = 300,       /* of one domain or mailbox */
	SETTINGS_BYTES_MAX = 48 * 1024,
	ALLOW_MAX = 100 /* senders that `telltale allow` and the page add to a mailbox or a domain */
};

#endif
