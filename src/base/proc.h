/* base/proc.h - being one of our programs: what was inherited, how to end, what is forbidden.
 *
 * telltaled starts each program with named descriptors.  Their numbers stand
 * in the environment: TELLTALE_FDS="conf=3,log=4,listen.25=5,listen.25=6".
 *	conf      memfd with the configuration's bytes (the same for all of a generation)
 *	log       server.log, append
 *	service   the Unix socket this program listens on (run/dns.sock, run/lookup.sock, run/queue.sock,
 *		  run/signer.sock, run/policy.sock, run/search.sock)
 *	control   its control socket (run/lookup.ctl, run/queue.ctl, run/policy.ctl, run/web.ctl)
 *	live      run/live.sock (telltale-search)
 *	listen.L  a listening TCP socket of listener L (telltale-smtpd); "web" is the page's (telltale-web)
 *	gate-rules  memfd with the gate's rules (telltale-smtpd)
 *	census    memfd of the shared session counts (telltale-smtpd; telltale-web, to look at)
 *	sessions  memfd of who has come in to the page (telltale-web)
 *	tls-certificate, tls-key  sealed memfds with the bytes of both PEM files (telltale-smtpd, when a
 *		  listener has TLS; telltale-web, when web { } names them)
 *	why-key   sealed memfd with the key of references to refusals (telltale-smtpd, telltale-web)
 *	ready     pipe on which the program says that it can work now (proc_ready)
 * Everything else is closed before exec.  TELLTALE_PARENT is telltaled's process id: who begins when it is gone, ends.
 *
 * When the programs run as users of their own, TELLTALE_PEERS="smtpd=101,dns=102,..." says which (proc_peer_is).
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <sys/types.h>
#include "base/conf.h"
#include "base/err.h"

/* The fd of that name (the nth one), or -1. */
int proc_fd(const char *name, int nth);

/* The common start of every program: reads TELLTALE_FDS, parses the
 * configuration, opens the voice (say.h), blocks SIGTERM/SIGHUP for all threads
 * to come, ignores SIGPIPE and SIGINT (telltaled ends us), sets no_new_privs, allows as many open
 * files as the hard limit does and dies with its parent.  On failure it says why
 * on stderr and exits with 78 (EX_CONFIG). */
void proc_begin(const char *program, struct conf *c);

/* No more memory than web { search-memory } from here on: a question, or logs, that need more end this program, not the
 * machine.  Not under AddressSanitizer, which maps more than any limit. */
void proc_search_memory(const struct conf *c);

/* Tell telltaled, once, that this program can do its work now. */
void proc_ready(void);
/* The same of a program that takes clients: while the descriptor that it gets (to be closed; -1: nobody asks) is open,
 * it may take one more, and a reload is not over. */
int proc_ready_to_take(void);

/* A signalfd for SIGTERM and SIGHUP (the only way signals reach us). */
int proc_signals(void);
/* The next one that has come, or 0. */
int proc_signal(int signals);

/* Path of a socket of the data folder: data-dir/run/NAME, in c's arena. */
const char *proc_socket(struct conf *c, const char *name);

/* Is the program at the other end of this Unix socket the one of that role ("smtpd", "dns", "lookup", "queue",
 * "local", "remote", "signer", "policy", "pipe", "web", "search")?  Its user must be that role's; where no users are set
 * apart, our own.  Root is whoever
 * it says.  telltale-pipe is besides in our session: the programs that it starts have its user, but never that. */
bool proc_peer_is(int fd, const char *role);
/* Is it any program of ours?  Nobody else is let in: a stranger would only keep a place from one of them. */
bool proc_peer_is_ours(int fd);
/* May it give commands on a control socket?  Root may, and our own user, whoever the other programs are. */
bool proc_peer_may_command(int fd);
/* The same, decided (role NULL: any of them): what TELLTALE_PEERS says, the peer's uid, our own. */
bool proc_peer_allows(struct str peers, const char *role, uid_t uid, uid_t ours);
/* Is uid the user of this role, and neither root nor the user of another? */
bool proc_peer_apart(struct str peers, const char *role, uid_t uid);

/* A thread with a small stack (KiB); detached; -1 when the system refuses. */
int proc_thread(void *(*run)(void *), void *arg, size_t stack_kib, struct err *e);

/* Start a program found beside our own executable, with these descriptors (and no others but 0..2), names as in
 * TELLTALE_FDS; as `user` when that is given: its uid and gid, and as groups besides those of `extra` that are
 * not 0. */
struct proc_pass {
	const char *name;
	int fd;
};
struct proc_user {
	uid_t uid;
	gid_t gid, extra[2];
};
struct proc_plan {
	const char *program;
	const char *const *argv; /* NULL-ended */
	const struct proc_pass *pass;
	size_t npass;
	const struct proc_user *user; /* NULL: as we are */
};
pid_t proc_start(const struct proc_plan *plan, struct err *e);

#endif
