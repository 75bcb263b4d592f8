/* trace/follow_parts.h - inside of follow*.c: the files that are followed, and what is kept of them. */
#ifndef TRACE_FOLLOW_PARTS_H
#define TRACE_FOLLOW_PARTS_H

#include "trace/follow.h"

enum {
	FOLLOW_HEAD = 4096,         /* bytes that tell a file from another one that took its place */
	FOLLOW_FILES = 64,          /* followed at a time */
	FOLLOW_CHUNK = 1 << 20,     /* read at a time */
	FOLLOW_BATCH = 2 << 20,     /* bytes that are read between two joins */
	FOLLOW_KEPT = 4 << 20,      /* bytes of lines that are kept */
	FOLLOW_PAST = 16 << 20,     /* bytes of what stood there before, in all files */
	FOLLOW_PAST_FILE = 4 << 20, /* and in one */
	FOLLOW_TICK = 100           /* ms: the unit of source_place.arrived */
};

/* One log as long as it is the same file.  Truncated, it is another one from then on. */
struct follow_file {
	struct source_kept kept;
	struct buf text; /* of the kept lines */
	char *path;
	uint64_t key[2]; /* device and inode; 0: no file of the disk any more */
	int fd;          /* -1: nothing is expected of it */
	enum log_family family;
	bool known;     /* its family is: an empty file may become anything */
	bool stands;    /* its inode was seen in its folder */
	bool skipping;  /* in mid-line, of one that is too long */
	bool stuck;     /* follow_read.c, as is the next: nothing more to be had of it in this batch */
	int64_t front;  /* how far in time it was read */
	uint64_t at;    /* behind the last whole line that was read */
	uint32_t lines; /* until there */
	size_t joined;  /* kept lines that the stories of the moment are made of */
	int64_t grown;  /* clock_mono() */
	struct buf head;
};

struct follow_folder {
	char *path, *only; /* only: one file of it that is followed; NULL: all logs */
	int watch;
	uint64_t key[2];
	bool there, changed;
	bool links; /* some of its logs lie elsewhere, where nobody watches */
};

/* A file that is not followed: what is packed, no log, a copy.  It is looked at again when it was small and grew. */
struct follow_passed {
	uint64_t key[2], size;
};

/* A story that was told. */
struct follow_state {
	uint32_t id;
	enum verdict verdict;
	uint64_t digest;               /* of its recipients' verdicts, */
	uint16_t count[VERDICT_COUNT]; /* and how many have which */
	uint64_t seen;                 /* in this batch */
};

struct follow_item {
	const struct story *story;
	uint32_t id; /* 0: it is new */
};

struct follow_notice {
	struct follow_notice *next;
	char text[512];
};

struct follow {
	struct arena mem;
	struct follow_file **files;
	size_t n, cap;
	struct follow_folder *folders;
	size_t nfolders;
	struct follow_passed *passed;
	size_t npassed, passed_cap;
	int inotify;
	size_t room;  /* bytes that may still be read before the next join */
	bool more;    /* and there are more than that */
	bool started; /* the past is read */
	size_t past;  /* bytes of it that may still be read */
	unsigned next_order;
	int64_t opened; /* clock_mono() */
	int64_t listed; /* wall seconds of the last look at the folders */
	int64_t looks;  /* clock_mono() of the next one */
	struct follow_notice *said, *last_said, *saying;
	struct follow_counts counts;
	struct buf scratch;

	/* What is asked. */
	struct question question;
	struct str tz;
	struct scope scope; /* its numbers for masked names are those of all batches */
	struct arena scope_mem;
	int64_t since, lifetime;

	/* The batch of the moment. */
	struct source source;
	struct answer answer;
	bool joined;        /* answer holds stories */
	bool half;          /* half a group was left out of it */
	bool came;          /* lines that are not joined yet */
	int64_t due;        /* when they may be */
	int64_t rests;      /* not before */
	uint64_t batch;     /* its number */
	uint32_t look_from; /* stories whose lines came before are known */
	int64_t held;       /* a story that says nothing yet is told then; 0: none */
	int64_t said_forgotten;
	size_t kept_before; /* bytes that the last sweep left */
	int64_t zone_epoch; /* measured by lines that are forgotten; 0: not */
	int zone_offset;
	struct follow_item *queue;
	size_t nqueue, at_queue;
	struct follow_state *states; /* by id */
	size_t nstates, states_cap;
	uint32_t next_id;
	struct arena event_mem;
	struct told told;
};

void follow_say(struct follow *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t follow_tick(const struct follow *f);

/* follow_file.c */
struct follow_file *follow_file_of(const struct follow *f, const uint64_t key[2]);
/* Begin to follow what is open as fd, which is taken over; past: only its end, for what went before.  NULL: it is no
 * log, and fd stays the caller's. */
struct follow_file *follow_file_open(struct follow *f, const char *path, int fd, bool past);
/* Up to n bytes of the file into f->scratch; how many. */
size_t follow_file_fetch(struct follow *f, int fd, uint64_t at, size_t n);
/* The whole lines of what stands at x->at are kept, past: as such that were there before; how many bytes that were. */
size_t follow_file_lines(struct follow *f, struct follow_file *x, struct str s, bool past);
void follow_file_line(struct follow *f, struct follow_file *x, struct str line, bool past);
/* follow_past.c: the end of what stands there already. */
void follow_file_past(struct follow *f, struct follow_file *x);
/* Read what came, about `most` bytes of it; how much there is. */
void follow_file_read(struct follow *f, struct follow_file *x, size_t most);
uint64_t follow_file_left(const struct follow_file *x);
/* Is it a copy of a log that is followed: the same beginning?  grows: its name is that of a log, not of a rotated
 * one. */
bool follow_file_copy(const struct follow *f, int fd, struct str path, bool grows);
/* Did it take the place of a log that is gone, with all that was read of that one?  Then that goes on in it, and fd is
 * taken over. */
bool follow_file_replaced(struct follow *f, int fd, const char *path);
/* Close what has a successor, or is gone, and no longer grows. */
void follow_files_close(struct follow *f);
/* Those that are gone and of which nothing is kept; no story may stand on them. */
void follow_files_forget(struct follow *f);
void follow_file_free(struct follow_file *x);

/* follow_read.c: of all files what came, as far as there is room for it before the next join; else f->more is set. */
void follow_read(struct follow *f);

/* follow_folder.c */
int follow_folder_add(struct follow *f, const char *path, struct err *e);
/* Look at the folders that changed; all: at each of them. */
void follow_folders_look(struct follow *f, bool all);
/* Take what inotify has to say: has any file of a folder changed? */
bool follow_folders_hear(struct follow *f);
bool follow_folders_watched(const struct follow *f);
/* A file of the same folder that begins like x and is at least as long as what was read of x: open, or -1. */
int follow_folder_copy(struct follow *f, const struct follow_file *x, char **path, uint64_t key[2]);

/* follow_scan.c: put into the queue what is new in the stories of this batch. */
void follow_scan(struct follow *f);

/* follow_keep.c: forget the lines of what is over, by the stories of the moment. */
void follow_keep(struct follow *f);
bool follow_is_zone(struct str line);                          /* "2021-03-09 12:43:51, zone, " */
struct str follow_line(const struct follow_file *x, size_t i); /* a kept line, with its newline */
struct source_place *follow_place(const struct follow *f, const struct line *x);
/* All lines of a story, of its first tries and of its hops on other servers. */
void follow_each_line(const struct follow *f, const struct story *s, void (*see)(void *, const struct line *),
		      void *with);

#endif
