/* trace/group_foreign.h - visits, parties and attempts out of other servers' logs.
 *
 * What belongs together says the log itself: a queue id, on one host, from the message's first line until it is
 * removed (short ids are used again), a process number from connect to disconnect.  So every join here is exact.
 * group_foreign.c walks the files, group_mail.c keeps what the servers have in common, and each server's file turns
 * its lines into those records.
 */
#ifndef TRACE_GROUP_FOREIGN_H
#define TRACE_GROUP_FOREIGN_H

#include "trace/group.h"

/* A message under its queue id. */
struct mail {
	struct visit *visit;
	uint64_t serial;       /* no two have the same */
	bool indexed;          /* its recipients are in the reader's map: they are many */
	struct visit *refused; /* of the same connection, before it: the same transaction if the sender is the same */
	bool named;            /* a client or local user was seen handing it in */
	bool closed;           /* removed: its id may be another's by now */
	bool stale;            /* group_kept.c: what has its id by now is not read again */
	bool asked;            /* of Exim: by which connection it came; foreign->talk NULL: by none that is known */
};

/* A connection: what no message claims of it becomes a visit without one. */
struct talk {
	struct lines lines;
	struct str ip, rdns, helo, user, encryption, ended;
	struct visit *refused; /* refusals before any message */
	struct mail *mail;     /* the latest message */
	int64_t seen;          /* stamp of its latest line */
	bool busy;             /* a message or a refusal came of it */
	bool found;            /* postscreen found something */
	char *key;             /* in its map, and how long a key has room there */
	size_t room;
	struct talk *unused; /* of those that are over: the next one */
	struct line begins;  /* its first line */
	struct visit *visit; /* the first one that came of it */
	unsigned nlines;     /* among `lines` */
	bool stale;          /* group_kept.c: it is over, though nothing of what is read says so */
};

/* What a line became, so that it is known what syslog's count of the same line means. */
struct made {
	struct line *line;   /* NULL: nothing that is told of */
	struct lines *lines; /* where it stands, the last one */
	struct visit *visit; /* whose line it is; NULL: a connection's */
	struct party *party; /* the recipient whom it refused */
	bool gate, stranger;
	struct str rest, program, pid;
};

/* A host, or the folder of logs that name none. */
struct place {
	uint64_t number;    /* the hash of its name, under a key of this reading */
	struct made latest; /* its latest line */
};

/* A log may name a new host on every line.  The latest line of each is kept for the hosts seen last: when there are
 * PLACES_MAX in `now`, they become those before. */
enum { PLACES_MAX = 4096 };
struct places {
	struct map now, before;
	struct arena mem_now, mem_before;
};

struct foreign_reader {
	struct book *b;
	const struct line *line; /* being read */
	const struct foreign_line *l;
	struct foreign_line read; /* that line */
	struct place *at;         /* of the line; `place` is its number, `host` its name */
	uint64_t place;
	const struct source_file *place_file; /* where it was found last */
	struct str host;
	struct made made; /* by this line, so far */
	struct repeat_reader gates;
	struct places places;
	struct map mails, talks, parties, deliveries;
	struct talk *unused; /* talks that are over */
	struct line *spare;  /* their lines, of which the visits have copies */
	uint64_t nmails;
	bool going_on; /* lines were read again, and what is new has not begun */
	bool alone;    /* group_kept.c: no connection is known at this line */
	int64_t ended; /* group_kept.c: the latest stamp before what is new; 0: none */
};

enum { CALENDAR_YEARS = 64 };

/* What the lines of one file say of its calendar (group_year.c). */
struct calendar {
	int month, passed;         /* of the line before; years since the file's first line */
	struct civil first;        /* the stamp of the first line */
	int votes[CALENDAR_YEARS]; /* of lines that show it */
	int last_passed;           /* of the last line without a year */
	struct civil last;         /* that line's stamp */
	bool yearless;             /* there is such a line */
	struct civil read;         /* while the records are made, a line's stamp, */
	int read_passed;           /* the years before it, */
	int64_t local;             /* and its moment, which the next lines have too */
};
void calendar_turn(struct calendar *c, struct civil stamp); /* the next line's */
void calendar_vote(struct calendar *c, int year);           /* in which it was written */
void calendar_yearless(struct calendar *c, struct civil stamp);
/* The file's year, when all is seen.  others: the latest stamp of lines with a year, 0: none. */
void calendar_settle(struct book *b, struct source_file *f, struct calendar *c, int64_t others, int64_t now);
/* The year of the line that turned it last. */
int calendar_year(const struct source_file *f, const struct calendar *c);

/* Before zone_settle(): what stamps and replies say of zone and year.  After it: the records. */
void foreign_scan(struct book *b, int64_t now);
void foreign_group(struct book *b);

/* group_place.c: the place of a line, for those behind it too. */
void places_find(struct foreign_reader *r, const struct source_file *f, struct str host);
void places_clear(struct places *p);

void postfix_take(struct foreign_reader *r);
void qmail_take(struct foreign_reader *r);
void exim_take(struct foreign_reader *r);
void chkuser_take(struct foreign_reader *r);

/* group_kept.c, where an index goes on with a log: before a line's stamp is understood, of what year those before it
 * were; before it is taken, which connections are over. */
void kept_begin(struct foreign_reader *r);
void kept_turn(const struct source_file *f, uint64_t number, struct calendar *c);
void kept_line(struct foreign_reader *r);
/* The delivery that began with that line was over when what is new begins. */
bool kept_over(const struct foreign_reader *r, const struct line *begins);
/* At the end: what is left open, in the book. */
void kept_end(struct foreign_reader *r);

/* group_talk.c: the connection of a line; one that began before the log did begins at its first line. */
enum {
	TALK_SILENCE =
	    600 /* seconds: an Exim that does not log the end of connections waits five minutes for a client */
};
bool talk_is_named(
    const struct foreign_reader *r); /* of Exim: does the line say more of it than the client's address? */
struct talk *talk_known(struct foreign_reader *r); /* NULL: it is not */
struct talk *talk_new(struct foreign_reader *r);
struct talk *talk_of(struct foreign_reader *r);
/* The visit is one of this connection. */
void talk_has(struct foreign_reader *r, struct talk *t, struct visit *v);
void talk_line(struct foreign_reader *r, struct talk *t);
void talk_client(struct foreign_reader *r, struct talk *t);
/* It negotiated TLS, as its next visits tell. */
void talk_secured(struct foreign_reader *r, struct talk *t);
/* The visit of a refusal before any message: one with those before it of the same transaction. */
struct visit *talk_refused(struct foreign_reader *r, struct talk *t);
/* A message begins in it. */
void talk_begins(struct foreign_reader *r, struct talk *t, struct mail *m);
/* It is over.  Nothing came of it: that is a story of its own. */
void talk_end(struct foreign_reader *r, struct talk *t, struct str how);

/* group_mail.c */
static inline struct str mail_field(const struct foreign_reader *r, enum foreign_field f)
{
	return r->l->field[f];
}
/* A visit that is not in the book yet; book_visit() puts it there. */
struct visit *mail_visit(struct foreign_reader *r);
void mail_book(struct foreign_reader *r, struct visit *v);
/* The message of that id; `opens`: this line begins a message, so that a removed one's id is a new one's.
 * NULL never: what is not known begins here. */
struct mail *mail_of(struct foreign_reader *r, struct str id, bool opens);
struct mail *mail_new(struct foreign_reader *r, struct str id);
/* The message if it is known. */
struct mail *mail_known(struct foreign_reader *r, struct str id);
struct line *mail_line(struct foreign_reader *r, struct visit *v);
/* The line says that its mail has left the queue. */
void mail_ends(struct foreign_reader *r);
/* The line says that its mail was returned, in the mail that its field `child` names. */
void mail_bounced(struct foreign_reader *r, enum foreign_field child);
struct party *mail_party(struct foreign_reader *r, struct mail *m, struct name *name);
/* A recipient that was refused by this line; it stands at the end of the visit's lines. */
struct party *mail_refuse(struct foreign_reader *r, struct visit *v, int code);
/* The line names another message, by its id.  m NULL: a message of qmail's, which is looked at anyhow. */
void mail_names(struct foreign_reader *r, const struct mail *m, struct str id);
struct attempt *mail_attempt(struct foreign_reader *r, struct mail *m, struct str to, struct str original);
/* The sender of the message, and with it whether the refusals before it were of the same transaction. */
void mail_from(struct foreign_reader *r, struct mail *m, struct str sender);
/* Client, login, helo of the line, where it has them. */
void mail_client(struct foreign_reader *r, struct visit *v);

#endif
