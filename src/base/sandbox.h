/* base/sandbox.h - what a program may still do when it begins to read what others wrote.
 *
 * Each main calls sandbox_enter() once, after proc_begin() and before any thread
 * (Landlock does not reach a thread that already runs).  From then on, for good:
 *
 *	files     only the paths that are stated, with only the rights that are stated (Landlock)
 *	network   no TCP connect or bind but to the ports stated (Landlock); no socket() of another family (seccomp)
 *	others    no signal and no abstract socket to anybody outside (Landlock), no exec, no fork, no ptrace (seccomp)
 *	kernel    only the system calls of sandbox.def: BASE, the groups that the rights imply, and `calls`
 *
 * A call that is not in the list gets EPERM: a library that asks for something harmless and new goes on
 * without it, and so does a service.  A call that only somebody else's code would make (rows KILL, a fork,
 * a socket of a foreign family) ends the program with SIGSYS: there is nothing to go on with, and telltaled starts
 * it anew and says so.  Memory never becomes executable.  What a kernel does not have (Landlock before 5.13; TCP before
 * 6.7) is said once in server.log, and the program goes on with what there is.
 *
 *	program           paths                              network                      calls on top
 *	telltale-smtpd    log-dir: create, append            Unix sockets; accepted TCP   -
 *	telltale-dns      zone file, root.key: read          UDP; TCP to port 53          -
 *	                                                     and the servers' ports
 *	telltale-lookup   folder of the accounts: all*       accepted Unix sockets        fchown
 *	telltale-queue    spool-dir: all; log-dir: append    Unix sockets                 memfd_create
 *	telltale-local    mail-dir: all                      Unix sockets; TCP and UDP    syncfs
 *	                                                     when local { lmtp } names a
 *	                                                     port: TCP to that one
 *	telltale-remote   none                               Unix sockets; UDP; TCP to    -
 *	                                                     the ports of relay { } and of
 *	                                                     the routes; bind to port 0
 *	                                                     where a source is named
 *	telltale-signer   dkim.dir: read                     accepted Unix sockets        -
 *	telltale-pipe     all but our own folders            whatever its programs use    exec: see sandbox_around
 *	telltale-policy   data-dir/tls-policy: all           Unix sockets; UDP; TCP to    socketpair
 *	                                                     port 443
 *	telltale-rotate   log-dir: all                       none                         fchown
 *	telltale-web      none                               Unix sockets; accepted TCP   -
 *	telltale-search   log-dir, data-dir/index: read      accepted Unix sockets        -
 *	telltale-digest   log-dir, data-dir/index: read      Unix sockets                 -
 *	telltale-index    log-dir: read; data-dir/index: all none                         -
 *	telltaled         none: it starts programs, reads keys and the configuration again; it parses
 *	telltale          nothing from the net, and neither does the command line.
 *
 * *) SQLite makes files beside the accounts, so it must be the folder, with all below it.  By default that is the data
 * folder: there only `users { }` keeps telltale-lookup out of the rest; accounts in a folder of their own do it too.
 * Connecting to run/x.sock needs no right of a path: Landlock does not see it.
 *
 * To find out what was refused, start the server with
 *	TELLTALE_SANDBOX=tell    refused calls, deadly ones too, get EPERM, and each is named once on stderr
 *	TELLTALE_SANDBOX=off     no sandbox; said as a warning.  For debuggers, and for knowing whether it is to blame
 *	TELLTALE_SANDBOX=probe   the program enters, tries what must fail, says so on stdout and ends, before it
 *	                         serves anybody (test/story/test_sandbox.py; may leave .sandbox-probe in log-dir)
 * (the environment belongs to whoever starts the server).  A file that Landlock refuses is EACCES, visible in strace.
 * Then add a row to sandbox.def, or the name to `calls` of the one program that needs it.
 *
 * Under AddressSanitizer the rows SANITIZER come on top (the leak checker starts a helper process and traces us), and
 * /proc and our own code may be read for its reports; everything else is as in a release.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdint.h>
#include "base/conf.h"

enum sandbox_right {
	SANDBOX_NOTHING,
	SANDBOX_READ,   /* a file, or all below a folder */
	SANDBOX_APPEND, /* below a folder: create, read and write files; no removing, renaming, truncating */
	SANDBOX_ALL,    /* below a folder: all that is done with files and folders; no device, socket, symbolic link */
};

/* Beyond descriptors that were handed over. */
enum {
	SANDBOX_UNIX = 1, /* make Unix sockets and connect them */
	SANDBOX_INET = 2, /* make UDP and TCP sockets; TCP may connect to tcp_out only */
};

enum { SANDBOX_PATHS = 8, SANDBOX_PORTS = 32 };

struct sandbox {
	struct {
		enum sandbox_right right;
		const char *path; /* NULL or "": none.  A folder to write in is made when it is not there */
	} paths[SANDBOX_PATHS];
	unsigned network;
	uint16_t tcp_out[SANDBOX_PORTS]; /* 0 ends the list */
	bool tcp_from;                   /* choose the address that TCP leaves from: bind to port 0 */
	const char *calls;               /* names of further system calls, a space between */
};

/* Enter for good; there is no way back and nothing to ask for success: a program whose paths cannot be reached at this
 * moment (EIO, no descriptor) says so and ends.  A second thread at this moment is a BUG.
 * With TELLTALE_SANDBOX=probe it does not return. */
void sandbox_enter(const struct sandbox *box, const struct conf *c);

/* For a program of somebody else's that we start: all files but those below the `closed` folders (absolute, n of them).
 * What comes later beside one of them, or beside a folder above one, is closed too.  Prepared once: a descriptor, -1
 * with errno when this kernel cannot.  Entered by the child, after fork and before exec: 0, or -1 with errno. */
int sandbox_around(const char *const *closed, size_t n);
int sandbox_around_enter(int around);
/* The same child: no socket by which a server of this machine is reached (AF_UNIX: EAFNOSUPPORT), nor io_uring, which
 * would make one unseen; programs of another architecture end.  A pair of sockets leads nowhere, and may be made. */
int sandbox_no_unix(void);

#endif
