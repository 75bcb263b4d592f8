/* base/conf.h - the configuration: typed, complete, or refused with FILE:LINE.
 *
 * options.def is the one list of options.  libconfuse reads the syntax; what it
 * is too kind about (a file cut in mid-section, a repeated list) is refused or
 * mended here: a repeated list or section adds up, of a repeated single value
 * the last one counts, an empty list is nobody.  There is no include and no
 * environment in a value.  Everything of a struct conf lives in its arena; it
 * is never changed after conf_parse().  Not for two threads at once.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define CONF_BYTES_MAX (1 << 20) /* of a file */

struct conf_list {
	const struct str *at;
	const int *line; /* of the file, of each value */
	size_t n;
};

/* So many in so many ms.  each 0: not said; count 0: no limit. */
struct conf_rate {
	int64_t count, each;
};

#define CONF_SECTION(s, help) \
	struct conf_##s { \
		int unused_##s;
#define CONF_TEXT(s, f, o, d, help) struct str f;
#define CONF_PATH(s, f, o, d, help) struct str f;
#define CONF_WORD(s, f, o, d, words, help) struct str f;
#define CONF_REPLY(s, f, o, reason, help) struct str f;
#define CONF_BINDS(s, f, o, help) struct conf_list f;
#define CONF_SERVERS(s, f, o, help) struct conf_list f;
#define CONF_TEXTS(s, f, o, help) struct conf_list f;
#define CONF_WORDS(s, f, o, words, help) struct conf_list f;
#define CONF_LINES(s, f, o, help) struct conf_list f;
#define CONF_PATHS(s, f, o, help) struct conf_list f;
#define CONF_ADDRESSES(s, f, o, help) struct conf_list f;
#define CONF_RATE(s, f, o, d, help) struct conf_rate f;
#define CONF_BOOL(s, f, o, d, help) bool f;
#define CONF_NUMBER(s, f, o, d, least, most, help) int64_t f;
#define CONF_DURATION(s, f, o, d, help) int64_t f;
#define CONF_EVERY(s, f, o, d, help) int64_t f;
#define CONF_SIZE(s, f, o, d, help) int64_t f;
#define CONF_END(s) \
	} \
	;
#include "base/options.def"

enum { CONF_WAYS_MOST = 62 }; /* a way's number has six bits, and the last one means programs (deliver/destination.h) */
enum { CONF_PROGRAMS_MOST = 100 };

enum conf_tls_mode { CONF_TLS_NONE, CONF_TLS_STARTTLS, CONF_TLS_IMPLICIT };

struct conf_port {
	struct str label; /* the title: "25" */
	struct conf_listener set;
	enum conf_tls_mode tls;
};

struct conf_way {
	struct str name; /* the title */
	struct conf_route set;
	int line; /* where it begins */
};

/* A program that takes mail. */
struct conf_runner {
	struct str name; /* the title */
	struct conf_program set;
	int line;
};

struct conf {
	struct conf_top top; /* paths are absolute; hostname and contact are filled in */
	struct conf_tls tls;
	struct conf_accounts accounts;
	struct conf_recipients recipients;
	struct conf_limits limits;
	struct conf_gate gate;
	struct conf_rspamd rspamd;
	struct conf_milter milter;
	struct conf_dkim dkim;
	struct conf_queue queue;
	struct conf_local local;
	struct conf_forward forward;
	struct conf_relay relay;
	struct conf_dns dns;
	struct conf_logs logs;
	struct conf_index index;
	struct conf_web web;
	struct conf_users users;
	struct conf_listener listener; /* what a listener has that says nothing */
	struct conf_port *ports;
	size_t nports;
	struct conf_route route; /* what a route has that says nothing */
	struct conf_way *ways;   /* in the order of the file */
	size_t nways;
	struct conf_program program; /* what a program has that says nothing */
	struct conf_runner *runners;
	size_t nrunners;
	struct arena mem;
	struct str file; /* its name, for messages */
	struct str text; /* its bytes, as read */
	int line;        /* while it is parsed: where */
};

/* Parse text as a whole configuration; `file` names it in errors ("FILE:LINE: text").
 * On -1 nothing of c is to be used. */
int conf_parse(struct conf *c, struct str text, const char *file, struct err *e);
/* The same from a file (at most 1 MiB). */
int conf_load(struct conf *c, const char *file, struct err *e);
void conf_clear(struct conf *c);

/* Set one option of a section in c as a line of its file would: -1 with what is wrong, in words that follow the
 * option's name ("is not an option of gate").  A list gets one more value; memory is c's, c->line is the value's. */
int conf_put(struct conf *c, const char *section, struct str option, struct str value, struct err *e);
/* The same by the option's row, for who has many lines: what it is called and what kind it is of. */
struct conf_row;
enum conf_sort { CONF_SWITCH, CONF_VALUE, CONF_CHOICE, CONF_VALUES, CONF_CHOICES };
const struct conf_row *conf_option(const char *section, struct str option); /* NULL: there is none */
enum conf_sort conf_sort(const struct conf_row *o);
const void *conf_value(const struct conf *c, const struct conf_row *o); /* its field */
int conf_set(struct conf *c, const struct conf_row *o, struct str value, struct err *e);
/* Its default again; of a list: nothing in it. */
void conf_unset(struct conf *c, const struct conf_row *o);
/* A list gets memory of its own in c, so that it may grow though it was copied from another struct conf. */
void conf_own(struct conf *c, const struct conf_row *o);
/* Take the value out again (of a list of its own); what is not in it, or is not its value, is no mistake. */
void conf_remove(struct conf *c, const struct conf_row *o, struct str value);
/* The program of that name, or NULL. */
const struct conf_runner *conf_runner(const struct conf *c, struct str name);
/* Is that word on the list? */
bool conf_has(const struct conf_list *l, const char *word);

/* Where the command and the programs look for it: `given`, else $TELLTALE_CONFIG,
 * else ./var/telltale.conf if it exists, else /etc/telltale/telltale.conf. */
const char *conf_find(const char *given);

/* "10s" "5m" "2h" "2d" (a bare number: seconds) in ms; "50M" in bytes; false when malformed, 0 or over 2^53. */
bool conf_duration(struct str s, int64_t *ms);
bool conf_size(struct str s, int64_t *bytes);
/* "30/m", at most 1000 a second; "off". */
bool conf_rate(struct str s, struct conf_rate *out);

/* The halves of "127.0.0.1:25" or "[::1]:25"; false when it is not an address and a port 1..65535. */
bool conf_bind(struct str s, struct str *address, uint16_t *port);
/* The same of a DNS server: "9.9.9.9", "::1", "127.0.0.1@5353" (no port: 53). */
bool conf_server(struct str s, struct str *address, uint16_t *port);

/* NUL-terminated view of a conf string (they are all copied with a NUL behind them). */
const char *conf_z(struct str s);

#endif
