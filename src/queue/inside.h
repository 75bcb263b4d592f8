/* queue/inside.h - struct depot, for the files that make it up; nobody else includes this. */
#ifndef QUEUE_INSIDE_H
#define QUEUE_INSIDE_H

#include "queue/depot.h"
#include "queue/index.h"
#include "queue/maker.h"
#include "queue/numbers.h"
#include "queue/record.h"

/* IDs in a row, oldest first. */
struct ids {
	uint64_t *at;
	size_t n, cap;
};

void ids_add(struct ids *s, uint64_t id);
bool ids_remove(struct ids *s, uint64_t id); /* false: it was not there */

/* A question that waits for the maker thread. */
struct want {
	struct depot_client *client;
	uint64_t question;
	uint64_t size; /* of the segment; 0: a big file */
	struct want *next;
};

struct depot_client {
	struct depot *depot;
	struct ipc_conn *conn;
	struct ids bigs; /* given, and not yet in a record that was taken */
	size_t segments, wants;
};

/* telltale-queue's own segment. */
struct own {
	struct seg *seg;
	int fd;      /* open for writing, or -1 */
	uint64_t at; /* where the next record goes */
	bool dirty;  /* written since the last sync */
};

/* A journal that is being made beside the one in use (checkpoint.c). */
struct fresh {
	struct journal journal;
	uint64_t next;  /* messages below this number are listed */
	uint64_t asked; /* bytes that the maker was asked to sync */
	bool on;        /* there is one: all entries go there too */
	bool listed;    /* all messages are */
	bool syncing;   /* the maker has it in his hands */
	bool synced;    /* all that was there when the list was complete */
};

enum { DEPOT_JOURNAL = 16 * 1024 * 1024, DEPOT_SLICE = 1000 };
enum { DEPOT_RUSH = 8 /* segments in a second: they are used up faster than zeros can be written ahead */ };

struct depot {
	struct depot_set set;
	int dir, segments, big, corrupt, lock;
	struct numbers numbers;
	struct journal journal;
	struct fresh fresh;
	uint64_t long_enough; /* bytes of a journal that may be shortened */
	uint32_t slice;       /* messages listed for it in a turn */
	struct index index;
	struct maker *maker;
	struct ids spares, big_spares; /* ready to be given */
	size_t making, making_big;     /* asked of the maker, not yet there */
	struct want *wants;
	int64_t given[DEPOT_RUSH]; /* when the last segments were given, clock_mono(); a ring */
	size_t ngiven;
	struct own own;
	struct {
		uint64_t id;
		int fd; /* or -1 */
	} reading;      /* the segment that was read last */
	struct item *news, **news_last, *finished;
	struct buf complaints; /* '\0' behind each */
	uint64_t checkpoint;   /* size of the journal after the last one */
	struct ids sealed;     /* to be drained by the next sync, if nothing in them is live */
	struct ids unread;     /* nobody writes there, and what they hold could not be read or synced yet, */
	int64_t reread_at;     /* and when to try again */
	struct map used;       /* big files of live messages; while recovering */
	int64_t compact_at;    /* when to look for mostly dead segments again */
	uint64_t emptying;     /* the one that is being emptied, or 0; */
	uint64_t emptied;      /* messages below this number were looked at for it */
	int64_t retry_at;      /* after the maker failed: when to ask it again */
	char trouble[512];     /* what could not be made last, and when that was said */
	int64_t trouble_said;
	bool urgent; /* the journal has entries that somebody waits for */
	bool broken, recovering, scanning;
};

void depot_complain(struct depot *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int depot_recover(struct depot *d, struct err *e);
/* An entry for the journal, and for the one that is being made beside it. */
void depot_note(struct depot *d, const struct ipc_type *t, const void *entry);
/* A fresh journal that begins with all that is known now; at once, however long that takes. */
int depot_checkpoint(struct depot *d, struct err *e);
/* One step towards it, when the journal is long.  -1: the disk's word is worth nothing any more. */
int depot_shorten(struct depot *d, struct err *e);
/* The maker has synced it. */
void depot_shortened(struct depot *d, const struct maker_job *j);
bool depot_listing(const struct depot *d); /* the next step waits for nobody */
/* What depot_sync() does first: all written is on disk, nothing is freed yet. */
int depot_flush(struct depot *d, struct err *e);

/* Look at [from, to) of the segment: every good record there that is not known
 * becomes news, bad ranges are quarantined.  whole: all of it must be records. */
struct span {
	uint64_t from, to;
	bool whole;
};
int depot_take(struct depot *d, struct seg *s, struct span span, struct err *e);
/* Nobody will write there again: sync it, look at the rest of it, seal it.  -1: that failed now, and was said; it
 * will be tried again, and until then no big file that it may name can go. */
int depot_seal_scanned(struct depot *d, struct seg *s);
/* Try again what failed before, now and then. */
void depot_reread(struct depot *d);
/* The same without looking: what is not covered was never acknowledged. */
void depot_seal(struct depot *d, struct seg *s);
/* The segment may have no live message any more: let it go if so.  The journal must be synced. */
void depot_drain(struct depot *d, struct seg *s);
/* Copy bytes that make no sense to corrupt/ and say so. */
void depot_quarantine(struct depot *d, struct seg *s, struct span span, const char *why);

/* A record's parts, before its place is known. */
struct parts {
	struct record r;
	struct str envelope, head, body;
};
/* Write it into our own segment: p->r says where; durable with the next flush. */
int depot_append(struct depot *d, struct parts *p, struct err *e);
/* The domains of its recipients are noted. */
void depot_note_domains(struct depot *d, struct item *it, const struct envelope *v);
/* The recipients of its parent that this child settles. */
void depot_settle_parent(struct depot *d, const struct envelope *v);
/* The item's record, checked; unload it after use.  -1: it cannot be read, or it is damaged and held now. */
int item_load(struct depot *d, struct item *it, struct scan_hit *hit, struct err *e);
void item_unload(const struct scan_hit *hit);
/* Now and then: empty a segment that is mostly dead, when such ones use up the disk. */
void depot_compact(struct depot *d);

/* A descriptor of the segment for reading; *mine says whether the caller closes it. */
int seg_open(struct depot *d, struct seg *s, bool *mine, struct err *e);
int big_open(struct depot *d, uint64_t id, int flags, struct err *e);
void big_remove(struct depot *d, uint64_t id);
/* Ask the maker for what is missing; answer questions that can be answered. */
void depot_stock(struct depot *d);
bool depot_has_space(struct depot *d, uint64_t size, struct err *e);
void depot_forget_wants(struct depot *d, const struct depot_client *c);
/* A spare segment that has room for `size` bytes, or NULL. */
struct seg *depot_spare(struct depot *d, uint64_t size);
/* All of its recipients are final: the next sync frees it. */
void depot_finish(struct depot *d, struct item *it);

#endif
