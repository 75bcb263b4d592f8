/* trace/tell_parts.h - inside of tell_party.c: one recipient's outcomes, one file each kind. */
#ifndef TRACE_TELL_PARTS_H
#define TRACE_TELL_PARTS_H

#include "trace/tell.h"

void tell_advise(struct told *t, struct told_party *out, enum who who, struct str what);
/* The meaning and the advice of a row of words/; NULL is none. */
void tell_use(struct told *t, struct told_party *out, const struct word *w);
/* "the client 192.0.2.12 (mx.b.example)" */
struct str tell_client_words(struct told *t);
/* A reply that neither gate nor check accounts for: its own words, else its class. */
void tell_by_reply(struct told *t, struct told_party *out, const struct line *resp, const char *when);

/* The latest attempt that succeeded; NULL: none.  The attempt that decided: of an alias's targets the one in
 * trouble. */
const struct attempt *tell_succeeded(const struct party *p);
const struct attempt *tell_troubled(const struct party *p);
void tell_success(struct told *t, struct told_party *out, const struct party *p);
void tell_trouble(struct told *t, struct told_party *out, const struct party *p);
/* "it lies in PATH (rule: mailbox), and the mailbox was 43 % full then"; empty: the log does not say. */
struct str tell_landing(struct told *t, const struct attempt *a);
/* Adds what became of the copy that a forward made. */
void tell_copy(struct told *t, struct told_party *out, const struct attempt *a);
/* Words about the server that sent, which was ours: *ours says that they speak of it.  for_now: it is tried again. */
struct str tell_as_ours(struct arena *a, struct str text, bool for_now, bool *ours);
/* Adds to the explanation of a full mailbox since when; needs the tale. */
void tell_quota(struct told *t, struct told_party *out);
void tell_open(struct told *t, struct told_party *out, const struct party *p);

/* The gate's ledger (tell_gate.c): a summary of a stage; the checks without words that stand together, told with the
 * first of them (else NULL; *told is kept from line to line); one check in full, or nothing. */
struct tell_checks *tell_gate_stage(struct told *t, const struct log_line *l, struct str *what);
struct tell_checks *tell_quiet(struct told *t, const struct party *p, const struct line *first, bool *told,
			       struct str *what);
struct str tell_check(struct told *t, const struct log_line *l);

/* What another server answered to a delivery of ours (tell_remote.c). */
struct remote {
	struct str host;       /* its address, as the report names it; empty: nobody answered */
	struct str said;       /* its reply, on one line */
	struct str id;         /* the number under which it keeps the message */
	struct str encryption; /* "TLSv1.3"; empty: none, or the log does not say */
	bool clear;            /* it says that there was none */
	const char *stage;     /* what it would not take, as the rest of a sentence: ": it refused ... ." or ". " */
};
void tell_read_remote(struct told *t, const struct attempt *a, struct remote *out);
/* " over TLSv1.3"; " in the clear"; empty where the log does not say. */
struct str tell_way(struct told *t, const struct remote *r);
/* A `remote` line: whom the attempt reached, and how long that took. */
struct str tell_peer(struct told *t, const struct attempt *a);
/* The meaning and advice of another server's reply: of what is tried again, nobody must do anything at first. */
void tell_use_reply(struct told *t, struct told_party *out, struct str said);
/* The report in the words of explain. */
void tell_use_report(struct told *t, struct told_party *out, struct str report, enum outcome_kind outcome);

#endif
