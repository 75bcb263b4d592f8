/* store/admin.h - inside of the store: an administrator's request, taken apart, and who answers it. */
#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include "base/json.h"
#include "store/db.h"

enum { ADMIN_WORDS_MAX = 128, USER_MAX = 64 };

enum admin_option {
#define OPTION(name, word, noun) OPTION_##name,
#include "store/option.def"
#undef OPTION
	OPTION_COUNT
};

struct admin {
	struct store *store;
	struct arena mem;
	struct str words[ADMIN_WORDS_MAX]; /* without the options */
	size_t n;
	struct str options[OPTION_COUNT]; /* empty: not given */
	struct str input;                 /* of --text-stdin */
	bool has_text;
	bool sure;                              /* --sure: what it would ask about is meant */
	bool has_quota, has_password, has_hash; /* the input is a password, or a hash made elsewhere */
	int64_t quota;                          /* bytes; 0: none */
	struct str hash;                        /* of the new password */
	struct store_done *done;
	struct err err;
};

/* A row: `telltale NOUN VERB ARGUMENTS`.  run() writes a->done and returns its
 * status; it is called inside a transaction that is undone unless that is 0. */
struct admin_command {
	const char *noun, *verb;
	size_t least, most; /* arguments behind the verb */
	enum {
		NEEDS_NOTHING,
		NEEDS_PASSWORD,
		NEEDS_CHANGE /* --quota, or a setting */,
		NEEDS_TEXT,
		MAY_HAVE_TEXT
	} needs;
	int (*run)(struct admin *a);
	const char *usage; /* the arguments, for people */
};

#define ADMIN(noun, verb, least, most, needs, usage) int admin_##noun##_##verb(struct admin *a);
#include "store/admin.def"
#undef ADMIN

/* Status 0, with a sentence; status 1: the answer is no; status 1: the file failed (a->err says how). */
int admin_yes(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int admin_no(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int admin_broken(struct admin *a);
/* Status 3: it is not done, but would be with --sure. */
int admin_asks(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An address of the command line, checked, lower case; its domain found.  The
 * status is 0 or a "no".  An empty local part (the catch-all) only where allowed. */
struct admin_name {
	struct str local, domain;
	int64_t domain_id;
};
int admin_address(struct admin *a, struct str word, bool catchall, struct admin_name *out);
/* Where mail can be sent on to, as it is kept: the local part as written, the domain in lower case. */
int admin_target(struct admin *a, struct str word, struct str *out);
/* A domain of the command line; *id is 0 when it is not here. */
int admin_domain(struct admin *a, struct str word, struct str *name, int64_t *id);
/* The mailbox of words[2], which must be here. */
int admin_mailbox(struct admin *a, struct str *address);

/* "KEY": "2026-11-28T23:59:00+01:00", of ms since 1970; null for 0. */
void admin_put_time(struct json *j, const char *key, int64_t ms);

/* ---- admin_setting.c ---- */

/* Words "OPTION=VALUE" from that one on are set for a domain ("@example.com") or a mailbox; *n: how many. */
int admin_set(struct admin *a, struct str scope, size_t from, size_t *n);
/* "settings": {"option": "value", "list-option": ["value", ...]} where there are any. */
int admin_show_settings(struct admin *a, struct json *j, struct str scope);
int admin_forget_settings(struct admin *a, struct str scope);
/* After a change: is it still so little that every answer can carry it?  The status. */
int admin_settings_fit(struct admin *a, struct str scope);

/* ---- admin_owner.c ---- */

/* "owners": ["user@domain", ...] of that domain, where there are any. */
int admin_show_owners(struct admin *a, struct json *j, struct str domain);

/* ---- admin_autoreply.c ---- */

/* It answers nobody any more: 1, 0 when it did not anyway, -1. */
int admin_forget_autoreply(struct admin *a, struct str address);

/* And what it was told of refusals: -1 (admin_digest.c). */
int admin_forget_digest(struct admin *a, struct str address);

/* Its list of addresses that it does not send to is empty: how many were there, or -1 (admin_suppress.c). */
int admin_forget_suppressed(struct admin *a, struct str address);

/* Names become folders DOMAIN/USER: no '/', no leading dot, no control bytes, no quoting, 1..64 bytes. */
bool admin_user_ok(struct str local);

#endif
