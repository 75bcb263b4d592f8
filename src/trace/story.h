/* trace/story.h - one message, refused transaction or lost session, as far as the logs know it.
 *
 * complete.h makes stories out of records; tell.h puts them into words.
 * A story's confidence is its weakest join; a party's verdict is one of the
 * words of INTERFACE.md 4, and a story's is its parties' common one.
 */
#ifndef TRACE_STORY_H
#define TRACE_STORY_H

#include "trace/record.h"
#include "words/words.h"

#define VERDICTS(V) \
	V(DELIVERED, "delivered") \
	V(FORWARDED, "forwarded") \
	V(RELAYED, "relayed") \
	V(WAITING, "waiting") \
	V(REFUSED, "refused") \
	V(REFUSED_TEMPORARILY, "refused-temporarily") \
	V(RETURNED, "returned") \
	V(DISCARDED, "discarded") \
	V(ABANDONED, "abandoned") \
	V(UNKNOWN, "unknown") \
	V(MIXED, "mixed")

#define V(id, word) VERDICT_##id,
enum verdict { VERDICTS(V) VERDICT_COUNT };
#undef V

extern const char *const verdict_words[VERDICT_COUNT];
extern const char *const grade_words[3]; /* "guess" "strong" "exact" */

struct note {
	struct str text;
	struct note *next;
};

/* What ties a story to others, and what was done about it: few have any of it. */
struct ties {
	struct bounce *bounce;  /* a bounce of this message was sent, says this line */
	struct bounce *notices; /* its sender was told that it is late, or arrived, say these lines */
	struct order *orders;   /* what the postmaster did to it, the first one first */
	struct story *parent;   /* forwarded or bounced from; never in a circle */
	struct join hop;        /* the same message on the next host: why we think so; key NULL: no hop */
	struct story *child, *last_child, *sibling; /* what came out of it */
	struct join parent_join;
	const struct line *parent_line;       /* which says so */
	struct story *first_tries, *last_try; /* refused for now, then sent again: its beginning (join_retry.c) */
	struct story *next_try, *part_of;     /* of such a beginning: the next one; the story it is told in */
	struct join again;                    /* and why */
};
extern const struct ties no_ties;

struct story {
	struct visit *visit;     /* NULL: the SMTP log says nothing of it */
	const struct name *from; /* NULL: never said */
	struct parties parties;
	struct ties *ties;    /* NULL: it has none; read by ties_of() */
	uint64_t qp;          /* 0: not known */
	int64_t time;         /* when it began, UTC seconds */
	int64_t began, ended; /* the first and last moment of its lines, by the clock of the SMTP log */
	enum verdict verdict;
	enum grade confidence;
	bool joined;    /* at least one join was needed */
	bool lone;      /* join_child.c: nothing else can have made it, nor did that make anything else */
	bool onward;    /* an attempt of it goes on in another server's log */
	bool settled;   /* verdict_beyond() was here */
	bool over;      /* join_known.c: its tries are handed over */
	uint32_t order; /* of reading: what came later within one second */
	struct story *later;
};

/* To read them; to write them (complete.c). */
static inline const struct ties *ties_of(const struct story *s)
{
	return s->ties != NULL ? s->ties : &no_ties;
}
struct ties *ties_need(struct book *b, struct story *s);

struct tale_store;

struct tale {
	struct book *book;
	struct story *stories, *last;
	size_t n;
	struct tale_store *store; /* NULL: every story is there; else wish.h */
};

/* Join the records of the book to stories, oldest reading first. */
void complete(struct tale *t, struct book *b);
/* Each party's verdict and the story's (verdict.c). */
void verdict_settle(const struct book *b, struct story *s);
enum verdict verdict_of_attempt(const struct book *b, const struct story *s, const struct attempt *a);
/* Nothing says how the visit ended, and its log goes no further (so far). */
bool verdict_unsettled(const struct book *b, const struct visit *v);
/* What became of its attempts on the next servers; before any verdict is asked for. */
void verdict_beyond(const struct book *b, struct story *s);
enum verdict verdict_of_party(const struct book *b, const struct story *s, const struct party *p);

/* The line by which the recipient of a visit was named, as first tries are told apart by; NULL: none says when. */
const struct line *party_called(const struct party *p);
/* The recipient of that name; NULL: none. */
const struct party *story_party(struct story *s, const struct name *name);

/* The same mail on the next servers (hop.c): the first of them or the one after `before`, NULL at the end; and all of
 * them, however far on, each before those that come after it. */
const struct story *story_next_hop(const struct story *s, const struct story *before);
void story_each_hop(const struct story *s, void (*see)(void *, const struct story *), void *with);

/* Weaken the story's confidence by a join. */
void story_join(struct story *s, struct join j);

/* What a local delivery counted: "did_A+B+C/[qp_N/]" anywhere in the report. */
struct did {
	uint64_t files, forwards, programs, qp;
	bool authenticated;
	bool junk;         /* our gate had it put into the Junk folder */
	struct str folder; /* the one that the address named; empty: none */
	bool lmtp;         /* an LMTP server took it */
};
bool did_of(struct str report, struct did *out);
/* The same in short, for walks over all attempts. */
enum { DID_LOOKED = 1, DID = 2, DID_FILES = 4, DID_FORWARDS = 8, DID_PROGRAMS = 16, DID_QP = 32 };
uint8_t did_flags(struct str report);
static inline unsigned attempt_did(const struct attempt *a)
{
	return a->did != 0 ? a->did : did_flags(a->report);
}
/* Did our postmaster take it out of the queue? */
bool attempt_deleted(const struct attempt *a);
bool attempt_unwanted(const struct attempt *a);

#endif
