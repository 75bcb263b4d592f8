/* bench/trace_logs.h - the made-up world behind bench-trace-logs.
 *
 * A day of a busy host is played in the order of time: what happens is an event
 * at a moment, and lines are written when their moment has come, as real
 * programs write them.  Nothing but the seed is random, and nothing is floating
 * point: the same seed gives the same bytes on every machine.  Addresses are
 * names of RFC 2606 only, and a few of them write or get most of the mail.
 */
#ifndef BENCH_TRACE_LOGS_H
#define BENCH_TRACE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND 1000 /* moments are milliseconds since 1970 */
#define MINUTE (60 * SECOND)

/* Chance. */
uint64_t chance_of(uint64_t n); /* 0 .. n-1, all alike */
bool chance(unsigned permille);
unsigned chance_rank(unsigned n); /* 0 .. n-1; rank r as likely as 1/(r+1) */

/* People: who writes and who is written to. */
enum who_kind { WHO_NONE, WHO_MAILBOX, WHO_PERSON, WHO_STRANGER, WHO_MISSING };
struct who {
	enum who_kind kind;
	unsigned n;
};
struct name {
	char text[96];
};
struct who who_any(enum who_kind kind);
struct name who_name(struct who w);   /* the address */
struct name who_ip(struct who w);     /* that it sends from */
struct name who_host(struct who w);   /* the name of that; "": it has none */
struct name who_domain(struct who w); /* what stands behind the @ */
struct name who_server(struct who w); /* address of the server for that domain */

/* Text that grows. */
struct text {
	char *p;
	size_t n, cap;
};
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Logs. */
enum stamp { STAMP_COMMA, STAMP_SYSLOG, STAMP_EXIM };
struct log;
struct log *log_open(const char *name, enum stamp stamp);
uint64_t logs_written(void); /* bytes of all */
void logs_close(void);
/* A line of that log in t: the stamp of the moment, then the text. */
void log_line(struct log *l, struct text *t, int64_t at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What stands in t is written when that moment comes; t is empty afterwards. */
void log_text(struct log *l, int64_t at, struct text *t);
/* One line, of its own. */
void log_say(struct log *l, int64_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Events. */
void event_at(int64_t at, void (*act)(int64_t at, void *with), void *with);

/* Local time is two hours ahead. */
void civil_text(int64_t at, char *out, size_t size); /* YYYY-MM-DD HH:MM:SS */

/* The worlds: open the logs; then something comes at a moment. */
struct world {
	const char *name;
	int pause; /* mean ms between arrivals at the busy hours */
	void (*open)(int64_t at);
	void (*arrive)(int64_t at);
};
extern const struct world world_provider, world_ours, world_postfix, world_exim;

#endif
