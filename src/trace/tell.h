/* trace/tell.h - a story in words: what happened, why, and who must do what.
 *
 * Every meaning and advice comes from the rows of words/ by code, check or
 * report; the sentences here only place them.  Nothing is masked or escaped
 * here: that is the last step, where bytes go out (answer.h).
 */
#ifndef TRACE_TELL_H
#define TRACE_TELL_H

#include "trace/day.h"
#include "trace/ledger.h"
#include "trace/scope.h"

struct advice {
	enum who who;
	struct str what;
	struct advice *next;
};

struct told_party {
	const struct party *party;
	struct str address;
	enum verdict verdict;
	struct str summary; /* one sentence, without its full stop */
	struct str brief;   /* the same in a few words, for a table */
	struct str explanation;
	struct advice *advice;         /* at least one */
	struct str passes;             /* refused by the gate: what would have let it through */
	const struct word *word;       /* the row that explanation and advice begin with; NULL: of no row */
	const struct reason_row *gate; /* refused by the gate: its reason; NULL: it was not the gate */
};

/* The checks of one step. */
struct tell_checks {
	struct str stage; /* "connect"; empty: not told */
	struct ledger_check *at;
	size_t n;
};

struct event {
	int64_t time;              /* UTC seconds */
	int rank;                  /* order within the second */
	const char *station;       /* "gate" "smtp" "delivery" */
	const struct party *party; /* NULL: the whole story */
	struct str what;
	const struct line *line;
	enum grade grade;
	const struct tell_checks *checks; /* NULL: it is no step of the gate's ledger */
	bool elsewhere;                   /* on another server, as `what` says */
};

struct told {
	const struct story *story;
	const struct tale *tale; /* given for one message in full: other stories are looked at too; else NULL */
	const struct book *book;
	const struct scope *scope;
	struct arena *mem;
	const struct day_frame *frame; /* in which zone times inside sentences are shown */
	struct told_party *parties;    /* only those in scope */
	size_t nparties;
	enum verdict verdict; /* the common one of those */
	struct event *events; /* by time */
	size_t nevents, events_cap;
	struct told_party lost; /* without any recipient: what is to be said of the whole */
	struct note *notes;     /* warnings */
	size_t nnotes;
	struct str ip, rdns, user, encryption;
};

void tell(struct told *out, const struct book *b, const struct story *s, const struct scope *sc);

/* The pieces, one file each. */
void tell_hops(struct told *t); /* the events of the same message on the next servers */
void tell_add(struct told *t, struct event e);
void tell_party(struct told *t, struct told_party *out, const struct party *p);
/* " (ALIAS stands for TARGET)" when the attempt was for another address than the one asked for, else empty. */
struct str tell_target(struct told *t, const struct party *p, const struct attempt *a);
/* "; TARGET: VERDICT" for each target of the party that `told`'s was not; empty when there is but one. */
struct str tell_other_targets(struct told *t, const struct party *p, const struct attempt *told);
/* Who the client was: t->ip, rdns, user, encryption. */
void tell_client(struct told *t);
/* A visit without a recipient. */
void tell_lost(struct told *t, struct told_party *out);
void tell_events(struct told *t, const struct scope *sc);
void tell_notes(struct told *t);

/* How often this recipient's message was tried, of tries that were all refused for now; 0: not more than once. */
unsigned tell_tries(const struct told *t, const struct party *p);

void tell_note(struct told *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The moment of a line of this story: by its own epoch where it has one, else by its stamp. */
int64_t tell_time(const struct told *t, const struct line *x);
/* "2021-03-09 12:43:51 +02:00" */
struct str tell_moment(struct told *t, int64_t utc);
/* A stamp inside a line ("2021-03-09 12:43:51", the log's zone) as people want it: with its zone. */
struct str tell_stamp(struct told *t, struct str stamp);
/* A delivery's report as one readable line. */
struct str tell_report(struct told *t, struct str report);
/* "23,533" */
struct str tell_count(struct arena *a, uint64_t n);
/* How an explanation begins whose words are another server's. */
#define TELL_NOT_OURS "It was the recipient's mail server"

/* A resp line's code and text, without quotes around it: "554 Refused. ..."; the text alone where the code is not in
 * the log (foreign_unsaid). */
struct str tell_reply(struct told *t, const struct line *resp, int *code, struct str *text);
/* The gate's reason behind a refused party: by its own line, else by the reply's text; NULL: not the gate. */
const struct reason_row *tell_gate_reason(struct told *t, const struct party *p);
const struct gate *tell_denial(const struct party *p);

#endif
