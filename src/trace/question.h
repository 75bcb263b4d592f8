/* trace/question.h - what was asked: filters, free words, or both.
 *
 *	from:a@b to:*@c on:tuesday		filters; several intersect
 *	what happened to the mail from X to Y on DAY	words in the fixed pattern
 * Question words around the pattern are passed over; a word that means nothing
 * here is an error that names it: a wrong answer is worse than a question back.
 */
#ifndef TRACE_QUESTION_H
#define TRACE_QUESTION_H

#include "base/err.h"
#include "trace/day.h"
#include "trace/story.h"

#define QUESTION_FILTERS(F) \
	F(FROM, "from") \
	F(TO, "to") \
	F(ANY, "any") \
	F(IP, "ip") \
	F(ID, "id") \
	F(VERDICT, "verdict") \
	F(REASON, "reason") \
	F(LOGIN, "login") \
	F(PORT, "port") \
	F(TEXT, "text")

#define F(id, word) FILTER_##id,
enum filter_kind { QUESTION_FILTERS(F) FILTER_KINDS };
#undef F

extern const char *const filter_words[FILTER_KINDS];

enum { QUESTION_MAX = 16, QUESTION_WORDS = 128, QUESTION_BYTES = 4096 };

struct ip_net {
	unsigned char bytes[16];
	int family, bits; /* AF_INET, AF_INET6 */
};

/* Each kind of number counts by itself: message 5 and connection 5 are two things. */
enum id_kind { ID_ANY, ID_QP, ID_CONNECTION, ID_DELIVERY };

struct filter {
	enum filter_kind kind;
	struct str value;     /* as understood, lower case for addresses */
	struct str pattern;   /* the glob that is matched, where one is */
	struct ip_net net;    /* FILTER_IP */
	enum verdict verdict; /* FILTER_VERDICT */
	uint16_t reason;      /* FILTER_REASON: one of those that statistics count (rows.h); 0: a text of the lines */
	enum id_kind id;      /* FILTER_ID */
	uint64_t number;      /* FILTER_ID; 0: it is no number */
	bool me;              /* FILTER_FROM, FILTER_TO: of whoever asks */
	bool whole;           /* FILTER_ID; only the message that bears it, no mention of it */
	struct str word;      /* as asked, where it was left open whether it is an address or an id; else empty */
};

struct question {
	struct str text;
	struct filter filters[QUESTION_MAX];
	size_t n;
	struct day on, after, before;
	struct str on_text, after_text, before_text; /* as asked; empty: not asked */
};

/* Texts are copied into `a`.  -1: e says what was not understood. */
int question_parse(struct question *q, struct str text, struct arena *a, struct err *e);
/* Who `me` is: the mailbox whose mail is asked about.  -1: e; there is none, and the question says "me". */
int question_me(struct question *q, struct str mailbox, struct arena *a, struct err *e);
/* The filter of that kind, or NULL. */
const struct filter *question_filter(const struct question *q, enum filter_kind kind);
/* Does the value name one address, without wildcard? */
bool question_exact(const struct filter *f);
/* One message is expected: sender, recipient and day, or a number. */
bool question_names_one(const struct question *q);
/* Does its time depend on what it is counted from?  Not that of "2021-03-09". */
bool question_relative(const struct question *q);

/* Read f->value by f->kind; -1: e says why it is none. */
int filter_understand(struct filter *f, struct arena *a, struct err *e);
enum id_kind id_kind_of(struct str word);

/* What a free word does in a question (question_words.c). */
enum word_role { WORD_UNKNOWN, WORD_FROM, WORD_TO, WORD_SENT, WORD_ARTICLE, WORD_FILLER };
enum word_role question_role(struct str w);
/* The verdict that the i-th of n words asks for ("mails refused on Tuesday", "all rejected messages"); NULL: none. */
const char *question_outcome(const struct str *w, size_t n, size_t i);
/* What it says of the reason ("over quota"), as reason: looks for it; NULL: nothing. */
const char *question_reason(struct str w);
/* "mails not delivered": not one verdict but several. */
bool question_denies(const struct str *w, size_t n, size_t i);
/* Of a reply: "552 over quota", "550 5.1.1 user unknown", "4.7.0". */
bool question_reply(struct str w, struct arena *a, struct str *value);
struct str question_bare(struct str w); /* a free word without the punctuation of a sentence around it */
bool question_duration(const struct str *w, size_t n, size_t i); /* "15 minutes", at the i-th of n words */
bool question_id(struct str w);                                  /* has it the form of an id? */
bool question_counts(struct str w);                              /* does it ask for numbers over many messages? */
bool question_listed(struct str w, const char *const *list, size_t n);

bool ip_net_parse(struct str s, struct ip_net *out);
bool ip_net_has(const struct ip_net *net, struct str ip);

#endif
