/* store/server.h - inside of telltale-lookup: the loop's own things, shared by serve.c, visitors.c and those who
 * take its visitors' messages: answer.c, address.c, graylist_take.c. */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include <sys/queue.h>

#include "base/ipc.h"
#include "base/map.h"
#include "store/graylist.h"
#include "store/serve.h"
#include "store/throttle.h"
#include "store/usage.h"
#include "store/workers.h"

enum { VISITORS_MAX = 512, ADMIN_VISITORS_MAX = 32 };

/* What an epoll event is about. */
enum source_kind { SERVICE, CONTROL, SIGNALS, DONE, VISITOR };

struct source {
	enum source_kind kind;
	int fd;
	bool deaf;        /* of a listening one: it is not watched now */
	int64_t deaf_for; /* until then */
};

struct visitor {
	struct source source;                  /* first: an epoll event leads here */
	uint64_t number;                       /* never used twice: a late answer finds nobody */
	bool admin;                            /* came over the control socket */
	bool smtpd, local, queue, web, search; /* may ask what these may ask */
	bool wants_write;
	bool dirty; /* has answers that another's message brought: they are sent at the end of this turn */
	struct ipc_conn conn;
	TAILQ_ENTRY(visitor) entry;
};

struct server {
	const struct conf *conf;
	const char *path;
	int epoll;
	struct source service, control, signals, done;
	struct store *store;
	int64_t looked; /* when the file was looked at last */
	bool sick;      /* the trouble was said */
	bool opened;    /* it could be asked at least once */
	bool none;      /* it was said that there are none yet */
	struct workers *workers;
	struct throttle *throttle;
	struct usage *usage;
	struct graylist *graylist;
	struct visitor *usage_server; /* telltale-local, or NULL */
	int64_t usage_due;            /* when it has to have answered */
	TAILQ_HEAD(, visitor) visitors;
	struct map by_number;
	size_t n, admins; /* visitors in all; those of the control socket */
	bool dirty;       /* some visitor is */
	uint64_t next_number;
	bool stop;
	bool dismiss;        /* telltale-local is to go elsewhere */
	struct early *early; /* questions that wait for the first secret */
	size_t nearly;
	bool renewing; /* the workers make a new secret for forwards' senders */
	bool no_via;   /* it was said that forward { srs-domain } is none of ours */
	int64_t drain; /* no new visitors any more, and the end of patience with those who are there; 0: not yet */
};

/* ---- answer.c ---- */

/* One message of a visitor; -1: none that is taken from him. */
int server_hear(struct server *s, struct visitor *v, struct ipc_frame *f);
/* Tell those whose jobs the workers have done. */
void server_tell_done(struct server *s);
/* Open the accounts anew when they had failed or moved (once a second at most). */
void server_look_at_file(struct server *s);
/* They could not answer; they did. */
void server_sick(struct server *s, const struct err *e);
void server_well(struct server *s);

/* An administrator's job for the workers: he is told at once when they cannot take it. */
void server_give_admin(struct server *s, struct visitor *v, struct job *j);

/* ---- graylist_take.c ---- */

int server_take_gray(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_gray_note(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_gray_import(struct server *s, struct visitor *v, const struct ipc_frame *f);
/* A worker has written to its file. */
void server_end_gray(struct server *s, const struct job *j);
/* Hand over what is to be written now. */
void server_write_gray(struct server *s);

/* ---- address.c ---- */

int server_take_resolve(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_quota(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_usage_server(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_usage(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_reply(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_list(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_post(struct server *s, struct visitor *v, const struct ipc_frame *f);
void server_end_reply(struct visitor *v, const struct job *j);
/* Answer the questions that telltale-local's answers have settled. */
void server_tell_resolved(struct server *s);
/* telltale-local is not to be asked over this channel any more. */
void server_forget_usage_server(struct server *s);

/* ---- suppress_take.c ---- */

int server_take_suppress(struct server *s, struct visitor *v, const struct ipc_frame *f);
int server_take_suppressed(struct server *s, struct visitor *v, const struct ipc_frame *f);
void server_end_suppress(const struct job *j);

/* ---- owner.c ---- */

int server_take_who(struct server *s, struct visitor *v, const struct ipc_frame *f);

/* ---- own_take.c ---- */

int server_take_own(struct server *s, struct visitor *v, const struct ipc_frame *f);

/* ---- leaves.c ---- */

int server_take_leaves(struct server *s, struct visitor *v, const struct ipc_frame *f);
/* Have a new secret for forwards' senders made if it is time for one. */
void server_renew(struct server *s);
/* A worker has looked at the secrets. */
void server_end_renewing(struct server *s, const struct job *j);
void server_forget_early(struct server *s);

/* ---- visitors.c ---- */

int server_watch(struct server *s, struct source *what, uint32_t events, int op);
void server_accept(struct server *s, struct source *from);
/* Watch a listening socket, or do not. */
void server_listen(struct server *s, struct source *at, bool on);
/* What came from him is taken, what is for him is sent; afterwards he may be gone. */
void visitor_serve(struct server *s, struct visitor *v);
/* Send what is queued; false when he is gone. */
bool visitor_flush(struct server *s, struct visitor *v);
/* Send it at the end of this turn: another's event must not free him. */
void visitor_soon(struct server *s, struct visitor *v);
void server_flush_all(struct server *s);
void visitor_free(struct server *s, struct visitor *v);

#endif
