/* trace/scope.h - who may see what: a domain's or a mailbox's owner sees his own rows.
 *
 * A story is in scope when a party of it is.  Recipients of others, their lines
 * and attempts stay hidden unless the sender is in scope; so do logins of
 * others' accounts.  Every address that is not in scope is shown masked
 * (j***n@example.org), in raw lines too: masking is the last step before bytes
 * go out, so no text can go around it.  A question is masked like the answer
 * (scope_glob), so that asking tells no more than reading.
 */
#ifndef TRACE_SCOPE_H
#define TRACE_SCOPE_H

#include "trace/story.h"

struct scope {
	struct str domain, mailbox; /* lower case; both empty: everything is seen */
	bool masked;                /* set when something was hidden */
	/* Addresses that look the same under their masks are told apart by a number: j***n(2)@example.org.  It is
	 * counted from the first one that the answer shows.  mem NULL: no numbers. */
	struct arena *mem;
	struct map marks, looks;
};

void scope_clear(struct scope *sc);
bool scope_all(const struct scope *sc);
bool scope_has(const struct scope *sc, struct str address);
bool scope_story(const struct scope *sc, const struct book *b, const struct story *s);
bool scope_party(const struct scope *sc, const struct story *s, const struct party *p);
/* The party as its owner may see it: without the other targets of an alias.  p itself when that is all of it. */
const struct party *scope_view(const struct scope *sc, const struct story *s, const struct party *p, struct arena *mem);
/* The common verdict of those parties that may be seen. */
enum verdict scope_verdict(const struct scope *sc, const struct book *b, const struct story *s, struct arena *mem);
/* Does the bounce of the message tell of a recipient that may be seen? */
bool scope_bounce(const struct scope *sc, const struct book *b, const struct story *s);
/* May this line of the visit be seen?  p: the recipient it stands behind, or NULL. */
bool scope_line(const struct scope *sc, const struct book *b, const struct story *s, const struct party *p,
		const struct line *x);
/* Every line of the story that may be seen: the gate's, the visit's, the attempts', the bounce's. */
void scope_each_line(const struct scope *sc, const struct book *b, const struct story *s,
		     void (*see)(void *, const struct line *), void *with);

/* mask.c: is this address shown as it is?  Not one of ours that carries another's (list-john=other.example@ours). */
bool scope_shows(const struct scope *sc, struct str address);
/* Append text, every address out of scope masked. */
void scope_mask(struct scope *sc, struct buf *out, struct str text);
/* A raw line: beside addresses, the login names of others are masked. */
void scope_mask_line(struct scope *sc, const struct book *b, struct buf *out, const struct line *x);
/* A login name, which may have no domain. */
void scope_mask_login(struct scope *sc, struct buf *out, struct str user);
/* Does the pattern fit what the scope shows of the text? */
bool scope_glob(const struct scope *sc, struct str pattern, struct str text);
bool scope_glob_line(const struct scope *sc, const struct book *b, struct str pattern, const struct line *x);

#endif
