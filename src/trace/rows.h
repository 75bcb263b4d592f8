/* trace/rows.h - every recipient as one row of fixed width: what statistics run over, and what the index keeps.
 *
 * One row for each recipient of a story, and one for a story without any
 * (to unknown).  Stories that another story tells of (tries refused for now,
 * the same mail on the next server: select_row()) have none, so whoever counts
 * stories counts every message once.  Texts stand once, in dictionaries; they
 * are borrowed from whoever made the rows.  A name knows its domain, an address
 * its network (`of`).
 */
#ifndef TRACE_ROWS_H
#define TRACE_ROWS_H

#include "base/dict.h"
#include "base/map.h"
#include "trace/question.h"
#include "trace/scope.h"

#define ROW_UNKNOWN(column) ((__typeof__(column))-1)

/* Dictionaries.  One `of` another: of each text there the id of what it belongs to here. */
#define ROW_DICTS(D) \
	D(domains) \
	D(nets) \
	D(names) \
	D(ips) \
	D(logins) \
	D(ports)

struct row_dict {
	struct str *text;
	uint32_t *of;         /* of names: domains (of one without: ""); of ips: nets */
	size_t n, cap, known; /* known: so many of them stand in `ids` by now */
	struct dict ids;
	struct arena *keep; /* takes a copy of each new text; NULL: they are borrowed */
};

/* What else a filter finds a story by, that is in none of its rows. */
enum row_also_kind {
	ALSO_TO,        /* names: an attempt of this recipient went there */
	ALSO_LOGIN,     /* logins: somebody logged in so, or tried to */
	ALSO_HOP_FROM,  /* names: on the next servers the sender was that, */
	ALSO_HOP_TO,    /* names: and a recipient that, */
	ALSO_HOP_LOGIN, /* logins: with that login, */
	ALSO_HOP_PORT,  /* ports: on that port */
	ROW_ALSO_KINDS
};
struct row_also {
	uint32_t row, text; /* but of ALSO_TO the story's first row */
	enum row_also_kind kind;
};

struct rows {
#define ROW(type, name, meaning) type *name;
#include "trace/rows.def"
#undef ROW
	size_t n, cap;
#define D(name) struct row_dict name;
	ROW_DICTS(D)
#undef D
	struct row_also *also; /* by row; only rows_of_tale() tells it */
	size_t nalso, also_cap;
	struct arena mem;   /* texts that stand in no log: networks */
	struct map numbers; /* of networks: by their bytes */
};

/* What is known of the client beside its address.  Neither bit of a pair: the logs do not say. */
enum row_client { CLIENT_TLS = 1, CLIENT_CLEAR = 2, CLIENT_NAMED = 4, CLIENT_NAMELESS = 8 };

void rows_clear(struct rows *r);
/* Room for one more row, all of it unknown but times (1); its index. */
size_t rows_new(struct rows *r);
/* Id of a text; the same text has the same id.  Of names and ips the domain or network too. */
uint32_t rows_name(struct rows *r, struct str address);
uint32_t rows_ip(struct rows *r, struct str ip);
uint32_t rows_text(struct row_dict *d, struct str text);
/* The same for who knows dict_hash() of it. */
uint32_t rows_name_of(struct rows *r, struct str address, uint64_t hash);
uint32_t rows_ip_of(struct rows *r, struct str ip, uint64_t hash);
uint32_t rows_text_of(struct row_dict *d, struct str text, uint64_t hash);
/* Of a name that is not there yet, and without its domain. */
uint32_t rows_new_name(struct rows *r, struct str address);
/* Inside of rows_pack.c: name i, ip i stand in the dictionary; give them their domain, their network.  That of the one
 * before is tried first. */
void rows_place_name(struct rows *r, size_t i);
void rows_place_ip(struct rows *r, size_t i);
/* All rows of `more` behind those of r, which keeps copies of the texts; their stories are counted from `stories`. */
void rows_append(struct rows *r, const struct rows *more, uint32_t stories);

/* Can rows of a whole tale tell who answers the question?  Then leave only those, and of each story those recipients,
 * that select_stories() and rows_add() would (rows_choose.c); their order stays. */
bool rows_can_answer(const struct question *q);
void rows_choose(struct rows *r, const struct question *q, struct span span);
/* Row i becomes what row at[i] was; those that are not named are forgotten.  Rows of one story stay together, and
 * stories are numbered anew. */
void rows_arrange(struct rows *r, const uint32_t *at, size_t n);
/* Number all texts as if the rows had just been made of their stories; what no row names is forgotten. */
void rows_settle(struct rows *r);
/* So many more rows, which the caller fills. */
void rows_grow(struct rows *r, size_t more);
/* So many rows have room: a hint. */
void rows_reserve(struct rows *r, size_t n);

/* All of it as bytes for an index, and back (rows_pack.c).  Names and ips are not among them: whoever keeps the rows
 * keeps those himself, the names of each domain together, and says where each id of the rows stands there. */
struct rows_places {
	const uint32_t *names, *ips;
};
void rows_pack(struct buf *out, const struct rows *r, const struct rows_places *p);
/* The bytes and the texts must outlive the rows, which borrow from them.  False: they are not what was packed, by this
 * vocabulary.  Whatever they hold, no id leads beyond its dictionary. */
struct rows_texts {
	const struct str *names, *ips;
	size_t nnames, nips;
	bool bare; /* for rows_append(): no name learns its domain, no ip its network */
};
bool rows_unpack(struct rows *r, struct str packed, const struct rows_texts *t);

/* Makes rows of stories (rows_make.c). */
struct rows_maker {
	struct rows *to;
	struct book *book;
	const struct scope *scope; /* recipients out of it have no rows */
	const struct question
	    *question;                 /* NULL: all; else only the recipients that fit it; the story is known to fit */
	uint32_t *names;               /* of each name of the book: its id plus 1 */
	uint8_t *ports;                /* of each file: the id of its port plus 1 */
	const struct attempt *delayed; /* the last one whose delays were looked for */
	int64_t delays[4];
	bool delays_known;
	bool also; /* what else is known is told too; of questions and scopes nothing else may be asked then */
	bool bare; /* no domains and no networks; nobody else puts names there */
	struct arena scratch;
};
void rows_maker_init(struct rows_maker *m, struct rows *to, struct book *b, const struct scope *sc);
void rows_maker_clear(struct rows_maker *m);
/* The story's rows, under this number.  It is for the caller to leave out what select_row() leaves out. */
void rows_add(struct rows_maker *m, const struct story *s, uint32_t number);
/* All stories of a tale as one sees them who sees all, newest first, as answers have them: a story's number is its
 * place.  Statistics over these rows are those over the stories. */
void rows_of_tale(struct rows *r, const struct tale *t);
/* The same for rows_pack(), which keeps no domains and networks.  told: a bit for each story of the tale, by its order,
 * set where rows were made of it.  Of each name of the book its id in the rows plus 1 (0: none); the caller frees. */
uint32_t *rows_to_pack(struct rows *r, const struct tale *t, uint64_t *told);

/* A length of time in 16 bits: ms, exact below 4 s, else to 0.05 %.  A longer time has a greater length, so that
 * a count by length is a sorted one. */
#define ROW_LENGTH_UNKNOWN UINT16_MAX
uint16_t row_length(int64_t ms); /* less than nothing (clocks differ): nothing */
uint64_t row_ms(uint16_t length);

/* Reasons (rows_reason.c): rows of words/, of any table, numbered one after the other.  A number is good for one
 * vocabulary: who stores rows stores row_vocabulary() with them and makes them anew when it is another. */
enum row_kind {
	REASON_OF_NOTHING,
	REASON_OF_GATE,
	REASON_OF_CHECK,
	REASON_OF_REPLY,
	REASON_OF_REPORT,
	REASON_OF_CAUSE,
	REASON_OF_END,
	ROW_KINDS
};
uint16_t row_reason(enum row_kind kind, size_t i);
enum row_kind row_reason_kind(uint16_t reason, size_t *i);
struct str row_reason_words(struct arena *a, uint16_t reason); /* "gate: DENIED_RDNS_MISSING"; "" of 0 */
const struct word *row_reason_word(uint16_t reason);           /* NULL of 0 and of what is unknown */
/* The reason of these words, spelt as row_reason_words() does ("cause: mailbox-full"; a cause's name of several words
 * alone, too), or cut with "..." where only one begins so; 0: they name none.  (rows_named.c) */
uint16_t row_reason_named(struct str words);
uint64_t row_vocabulary(void);

/* Inside of rows_make.c: the id of a name (NULL: UINT32_MAX). */
uint32_t rows_maker_name(struct rows_maker *m, const struct name *x);
/* Inside of rows_make.c: what else is known of the story whose rows begin there (rows_also.c). */
void rows_add_also(struct rows_maker *m, const struct story *s, size_t row);
/* And why this became of the recipient (NULL: of the visit without one).  Of `of` only story, book, scope and mem
 * count. */
struct told;
uint16_t rows_why(const struct told *of, const struct party *p, enum verdict v);

#endif
