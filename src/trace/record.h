/* trace/record.h - what the logs hold, before anything is joined.
 *
 * Reading (group.h) makes four kinds of record out of lines: a visit (one SMTP
 * transaction, or a connection that never got that far), a gate line, a
 * delivery attempt, a bounce.  Completing (complete.h) joins them to stories.
 * All of it lives in the arena of one book; texts borrow from the files.
 * Addresses are names: one struct per distinct spelling, so that two names are
 * equal when their pointers are.
 */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include "base/dict.h"
#include "base/map.h"
#include "logs/foreign.h"
#include "mail/outcome.h"
#include "trace/source.h"
#include "trace/zone.h"

/* `mark` is scratch memory of whoever walks the names; all else is fixed once the name exists. */
struct name {
	struct str text; /* lower case, no brackets, no BATV tag; empty: the null sender */
	uint32_t id;
	uint32_t mark; /* scratch of verdict.c */
};

/* There is one for nearly every line that is read: 32 bytes.  Its text stays in the file: line_raw(). */
struct line {
	struct line *next;    /* of the same record */
	uint32_t at;          /* where it begins in its file's text (SOURCE_FILE_MAX) */
	uint32_t number;      /* from 1, of the lines that were read: people are shown line_number() */
	int64_t local : 42;   /* its stamp as seconds, zone not applied */
	uint64_t file : 12;   /* index in the source (SOURCE_FILES_MAX) */
	uint64_t kind : 8;    /* enum log_kind */
	uint64_t pass : 2;    /* of the repeated hour of autumn: 1 or 2; 0: the line alone does not say */
	uint64_t length : 17; /* of its text (SOURCE_LINE_MAX) */
	uint64_t times : 30;  /* syslog counted so many instead of writing them; 0: the line stands for itself */
};

struct lines {
	struct line *first, *last;
};

/* A line that came out of the index: its text was read by itself. */
struct kept_line {
	struct line line;
	const char *text;
};

enum grade { GRADE_GUESS, GRADE_STRONG, GRADE_EXACT };

/* A fact that was joined to another, and why we believe that they belong together. */
struct join {
	enum grade grade;
	const char *key;          /* "epoch and qp", in words for people */
	const struct line *rival; /* of a guess: what fits as well; NULL: nothing is known that does */
};

/* Syslog left out lines that were like the one before, and wrote how many. */
struct repeat {
	uint64_t times;
	struct line *line; /* the last that says so; NULL: the gate's own line does */
};

/* What another server's log says of a visit beyond what ours do. */
struct foreign {
	enum foreign_server server;
	uint32_t entry;        /* of its id in the book's list */
	uint64_t place;        /* the host: visits of one host have the same */
	struct str host;       /* its name; empty: the log has none */
	struct str id;         /* queue id, of this message from its first line until it is removed; empty: none */
	struct str message_id; /* without its brackets */
	struct str parent_id;  /* of the message, on that host, that it came out of */
	struct line *bounce;   /* says that the sender is told */
	struct str bounce_id;  /* of the message that tells him */
	struct lines refusals; /* lines of refused recipients; at the end of the visit's lines when all is read */
	struct line *begins;   /* the first line that tells of it */
	struct line *talk;     /* the first line of its connection; NULL: there was none */
	bool shared;           /* another visit is of that connection too */
	uint64_t count;        /* of recipients, where they are not named */
	struct visit *same_id, *same_message_id; /* join_foreign.c: others of that id, read before */
	struct visit *same_number;               /* join_number.c: the same, of that qp and hour */
	int64_t last;                            /* UTC seconds: when its latest attempt began; 0: there was none */
	bool queued, removed, deleted, expired;
	bool absorbed; /* its parties went over to the message of the same transaction: no visit any more */
};

enum went { WENT_UNSAID, WENT_HERE, WENT_AWAY, WENT_FORWARDED, WENT_DISCARDED };

struct gate {
	struct line *line;
	const struct name *from;
	struct name *to;
	struct str code, ip, rdns, user, encryption, reason;
	uint64_t connection;
	uint64_t epoch, qp;    /* of an accepted message's reply; 0: none */
	bool allowed;          /* by its code */
	struct repeat *repeat; /* NULL: it stands for itself alone */
	struct join join;
	struct gate *next; /* of the same recipient or story */
};

/* An init line of the delivery log.  On old logs a try may be of any init that stands shortly before it. */
struct init {
	struct line *line;
	const struct name *from;
	struct init *before, *later;
	int64_t at;          /* complete.c, as are these: the moment by the clock of the SMTP log */
	struct visit *visit; /* the accepted message that it begins to deliver */
	struct story *story; /* of tries that no visit explains */
};

/* What a `remote` line says of the other server.  Texts as in the log. */
struct peer {
	struct str host, ip, port, tls, policy, source; /* tls "none": in the clear */
	uint64_t connect, handshake, reply;             /* ms */
};

/* What a `mailbox` line says: where it lies, by which rule, how full the mailbox was.  Texts as in the log. */
struct filed {
	struct str box, rule, quota;
};

struct attempt {
	struct line *init;       /* NULL: the logs begin after it */
	struct init *latest;     /* the last init line before its try, whosever; NULL: none */
	struct lines lines;      /* info, alias, try, result, done, next, gave-up */
	const struct name *from; /* by init */
	struct name *to;
	struct name *original;  /* the alias; else equal to `to` */
	uint64_t number, qp;    /* qp 0: not told */
	int64_t moment;         /* of info, UTC ms; 0: none */
	int64_t started, ended; /* moments by the clock of the SMTP log (complete.c); ended 0: no result */
	bool remote, resulted, gave_up, restarted;
	bool claims; /* complete.c: by it its init is known to be its story's */
	bool opens;  /* the first try after its init: the sender is most likely that one's */
	bool plain;  /* the report is in plain words, not qmail's */
	uint8_t did; /* what it counts: did_flags() of story.h; 0: not looked at yet */
	enum outcome_kind outcome;
	enum went went;           /* where a success went; UNSAID: the report tells */
	int beyond;               /* what became of it at `onward`: enum verdict, plus 1; 0: not known */
	struct peer *peer;        /* NULL: the log does not say */
	struct filed *filed;      /* NULL: the log does not say */
	struct str relay;         /* who took it, as another server's log names him */
	struct str dsn;           /* "5.1.1"; empty: not told */
	struct str next_id;       /* the id that he gave it */
	struct story *onward;     /* join_foreign.c: the same message in that server's own log */
	struct str report, retry; /* as in the log; retry: of `next` */
	struct join join;
	struct attempt *next;  /* of the same recipient */
	struct attempt *later; /* in the order of reading */
};

/* One recipient of a story. */
struct party {
	struct name *name;
	int code; /* reply to RCPT; 0: none */
	struct line *to, *check, *resp;
	struct line *gate_line;         /* our own `gate, refused` about this recipient */
	struct gate *gates, *last_gate; /* what the gate said of it, by reading order */
	struct attempt *attempts, *last_attempt;
	struct party *next;
	struct visit *visit; /* NULL: known from the gate or the delivery log only */
	struct story *story;
	const struct attempt *deferral;       /* complete.c: a later attempt than this is to come */
	bool contested;                       /* complete.c: its attempt may be another's */
	bool repeated;                        /* complete.c: the client named this address more than once */
	uint64_t again;                       /* so many times more it was refused, counted by syslog */
	struct party *first_try;              /* the same message, refused for now before (join_retry.c) */
	struct party *seen_again;             /* the opposite: where that was accepted, or refused for the last time */
	struct party *gate_queue, *try_queue; /* complete.c: others with the same key */
};

struct parties {
	struct party *first, *last, *cursor; /* cursor: where the last look-up ended */
	size_t n;
};

struct visit {
	struct lines lines;
	uint64_t connection; /* 0: the log does not say (then it is not ours) */
	int64_t moment;      /* of session, UTC ms; 0: none */
	struct str ip, rdns, helo, encryption, user;
	const struct name *from; /* NULL: no MAIL */
	struct line *mail;       /* the from line */
	int from_code;           /* the reply to MAIL, or the refusal in place of a greeting; 0: none */
	int size_code;           /* the reply to the whole message; 0: none */
	uint64_t again;          /* so many times more came the refusal in `final`, counted by syslog */
	uint64_t size, epoch, qp;
	bool sized;
	bool follows;              /* another one of its connection came before it */
	struct line *final;        /* the reply to the whole message */
	struct str ended;          /* reason of `end` */
	struct line *gate_refusal; /* our own `gate, refused` without a recipient of its own */
	struct parties parties;
	struct foreign *foreign;       /* NULL: of our formats */
	struct story *story;           /* complete.c */
	struct visit *same_reply;      /* complete.c: another with the same epoch and qp */
	struct visit *init_queue;      /* complete.c: others that await their init */
	struct line *init;             /* complete.c: the init of an old log that begins to deliver it; NULL: none */
	struct visit *same_connection; /* the one before it */
	struct visit *later;
};

/* How often more the party was refused than the lines stand there. */
static inline uint64_t party_again(const struct party *p)
{
	return p->code >= 400 || p->visit == NULL ? p->again : p->visit->again;
}

/* The sender is told something: the message failed, is late, was delivered; or a mailbox answers by itself. */
enum told_of { TOLD_FAILED, TOLD_LATE, TOLD_ARRIVED, TOLD_ANSWER };

struct bounce {
	enum told_of of;
	struct line *line;
	uint64_t parent, qp;
	struct bounce *later;
	struct bounce *beside; /* of the same message, no bounce either */
};

/* The postmaster's hand on a message. */
struct order {
	struct line *line;
	uint64_t qp, rcpt;
	struct str action, by, words;
	struct order *later; /* of all, and of a story: the next one */
};

struct marks {
	struct mark *at;
	size_t n, cap;
};

#define HOP_OURS UINT64_MAX

/* How far the clock of a host is ahead of another's, as the messages show that went from one to the other. */
struct hop_skew {
	uint64_t from, to; /* places; HOP_OURS: this server */
	struct str from_host, to_host;
	int64_t *seconds; /* one per message: taken over there, minus handed over here */
	size_t n, cap;
	int64_t median;
	struct hop_skew *next;
};

struct names {
	struct name_ref *refs; /* by hash, open addressing */
	struct name **at;      /* by id; as many as the book's nnames */
	size_t cap;
};
void names_clear(struct names *t);

/* A message of another server's log under its id. */
struct foreign_id {
	struct visit *visit;
	uint32_t hash;
	bool linked; /* join_foreign.c: a line of it names another one that was read */
};

/* An id that a line of a message names, of another one: by its hash, and which message; FOREIGN_ANY: not told. */
#define FOREIGN_ANY UINT32_MAX
struct foreign_named {
	uint32_t hash, entry;
};

/* By reading order: what join_foreign.c looks at first, so that it need not look at every visit. */
struct foreign_ids {
	struct foreign_id *at;
	size_t n, cap;
	struct foreign_named *named;
	size_t nnamed, named_cap;
	bool several;    /* hosts were read */
	struct str host; /* the first of them, or the folder of its logs */
};

/* What the end of a log leaves open (group_kept.c): a line of a connection, or a visit that may go on. */
struct open_end {
	struct line line;
	bool begins;         /* the line does, the connection, or qmail's message */
	bool under_way;      /* of qmail: so is the delivery that begins there */
	struct visit *visit; /* in place of the line */
	struct open_end *next;
};

/* What texts of replies and reports were taken for (rows_reason.c): each is costly to read and occurs often. */
struct taken_for {
	struct dict by_shape;
	struct arena mem;
};

/* Records of one kind stand side by side: who walks over them waits for memory less. */
struct book_pools {
	struct arena lines, visits, parties, attempts, gates, stories;
};

struct book {
	struct arena mem;
	struct book_pools pools; /* what reading and joining make */
	struct source *source;
	struct zone_table zone;
	struct names names;
	size_t nnames;
	struct visit *visits, *last_visit;
	struct gate *gates, *last_gate; /* linked by next until they are joined */
	struct attempt *attempts, *last_attempt;
	struct init *inits, *last_init;
	struct bounce *bounces;
	struct order *orders;
	struct foreign_ids ids;
	struct marks *marks; /* of each file (moment.h) */
	size_t nmarks;
	int64_t *skew; /* of each file: seconds its clock is ahead of the SMTP log's; NULL: not looked for */
	struct hop_skew *hop_skews; /* join_foreign.c */
	size_t nhop_skews;
	struct taken_for *taken_for;
	int64_t oldest, newest;         /* local stamps of all lines read; 0: none */
	int64_t lifetime;               /* seconds that messages may wait in our own queue; 0: not known */
	bool year_proven, year_guessed; /* of the gate log's stamps */
	bool year_lost;                 /* index: they say another year than they said before */
	const char *unsteady;           /* index: why it cannot go on with another server's logs; NULL: it can */
	struct open_end *ends;          /* index */
	const struct known *known;      /* index (known.h); NULL: all is joined anew */
	struct relied *relied;          /* known.h */
	bool one_clock;                 /* index: the clocks of the logs are known to agree */
	bool kept;                      /* out of the index: every line is a kept_line */
};

void book_init(struct book *b, struct source *s);
void book_clear(struct book *b);
/* The name of an address as it stands in any log. */
struct name *book_name(struct book *b, struct str address);
/* Soon somebody asks for it: what that will look at is fetched in two steps, the first of which gives what the second
 * one needs. */
uint64_t book_name_soon(const struct book *b, struct str address);
void book_name_sooner(const struct book *b, uint64_t soon);
/* The name that is spelt exactly so. */
struct name *book_spelling(struct book *b, struct str text);
struct str name_bare(struct str address); /* without brackets, parameters and BATV tag; case as it stands */

struct line *line_new(struct book *b, const struct line *like);
void lines_add(struct lines *l, struct line *x);
void parties_add(struct parties *ps, struct party *p); /* at the end: in the order of reading */
/* Parse a line again; it was readable once. */
void line_fields(const struct book *b, const struct line *x, struct log_line *out);
/* Where it stands in its file: from 1 on, and in bytes. */
uint32_t line_number(const struct book *b, const struct line *x);
uint64_t line_offset(const struct book *b, const struct line *x);
/* As it stands in the file, without its end. */
struct str line_raw(const struct book *b, const struct line *x);
/* The attempt's `try` line, its `result` line; NULL: none. */
const struct line *attempt_try(const struct attempt *a);
const struct line *attempt_result(const struct attempt *a);

#endif
