/* gate/settings.h - a policy over another: what a file of config-dir, a domain or a mailbox says differently.
 *
 * A text of settings is spamdyke's: a line for each, OPTION=VALUE; nothing is quoted; empty lines and
 * those that begin with # are passed over.  OPTION alone turns a switch on.  Of several
 * values of a single option the last one stands, lists add up to what is beneath: OPTION=!VALUE takes
 * one value out again, OPTION=!!! all of them (and gives a single option its default).
 * greylist-... is graylist-...; options that count for a whole visit or message are refused
 * (settings.def), and whatever else the configuration would refuse.
 */
#ifndef GATE_SETTINGS_H
#define GATE_SETTINGS_H

#include "gate/config_dir.h"
#include "gate/policy.h"

struct settings {
	struct str text;
	const char *name;   /* "NAME:LINE: ..." in errors */
	bool names_files;   /* may it name list files? */
	bool opens_relay;   /* may it say relay-level=allow-all? */
	bool may_lack_line; /* its last line needs no newline: it cannot have been cut */
	bool recipients;    /* they are the recipient's own */
};

struct settings settings_of_file(const struct config_file *f);
/* What the accounts hold for the recipient's domain and mailbox. */
struct settings settings_of_accounts(struct str text);

/* What n texts, one after the other, make of `under`, which must outlive *out, as must files and a.
 * On -1 *e is "NAME:LINE: text", and nothing of *out is to be used. */
int policy_over(const struct policy *under, const struct settings *texts, size_t n, struct list_files *files,
		struct arena *a, struct policy *out, struct err *e);
/* under: as policy_over() had it. */
void policy_clear(struct policy *p, const struct policy *under);

#endif
