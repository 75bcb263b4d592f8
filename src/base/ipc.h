/* base/ipc.h - typed, length-prefixed messages between our programs over Unix sockets.
 *
 * Frame: u32 length of what follows, u16 type, u16 descriptors (0 or 1), u64 id, body.  The
 * body is the message's fields in table order: a str as u32 length + bytes, a
 * number as u64, all little-endian.  A message is declared once, as rows of a
 * proto.def, and gets its struct, its field table and its test from them:
 *
 *	IPC_MESSAGE(lookup_ask, 1)
 *	IPC_STR(lookup_ask, address)
 *	IPC_U64(lookup_ask, flags)
 *	IPC_END(lookup_ask)
 *
 * See IPC_DECLARE and IPC_DEFINE below.  Anything malformed (unknown type,
 * short field, trailing bytes, over the limit) closes that channel only.
 * A reply carries the id of its question.  A message may carry one descriptor.
 */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include <sys/types.h>
#include "base/str.h"

#define IPC_LIMIT (1024 * 1024) /* largest frame */

enum ipc_kind { IPC_KIND_STR, IPC_KIND_U64 };

struct ipc_field {
	const char *name;
	enum ipc_kind kind;
	size_t offset;
};

struct ipc_type {
	const char *name;
	uint16_t number;
	size_t size; /* of the struct */
	const struct ipc_field *fields;
	size_t count;
};

/* One message as it came off the wire.  The strs of an unpacked struct borrow from body. */
struct ipc_frame {
	uint16_t type;
	uint64_t id;
	struct str body; /* borrowed from the connection's buffer until the next receive */
	int fd;          /* descriptor passed with it, or -1; the receiver owns it */
};

/* Append the frame of one message to out. */
void ipc_pack(struct buf *out, const struct ipc_type *t, uint64_t id, const void *message);
/* Fill a struct from a body; -1 when a field is short or bytes are left over. */
int ipc_unpack(struct str body, const struct ipc_type *t, void *message, struct err *e);
/* Copy the strs of an unpacked message into the arena, so that it outlives its frame. */
void ipc_keep(struct arena *a, const struct ipc_type *t, void *message);

/* A connection: a stream socket, what was read and not yet taken, what is to be written. */
struct ipc_out_fd;

struct ipc_conn {
	int fd;
	struct buf in, out;
	size_t taken; /* bytes of in already handed out */
	int fds[16];  /* descriptors received and not yet handed out */
	int nfds;
	struct ipc_out_fd *out_fds; /* descriptors waiting to go with the frame at their position of out */
	size_t nout, out_cap;
};

void ipc_conn_init(struct ipc_conn *c, int fd); /* takes the descriptor, makes it non-blocking */
void ipc_conn_clear(struct ipc_conn *c);
/* Queue a message for sending; fd (or -1) goes with it and is closed once sent. */
void ipc_queue(struct ipc_conn *c, const struct ipc_type *t, uint64_t id, const void *message, int fd);
/* Write what can be written now: 0 all written, 1 something left, -1 the channel is dead. */
int ipc_flush(struct ipc_conn *c, struct err *e);
/* Read what is there now: 1 something came, 0 nothing yet, -1 closed or dead. */
int ipc_fill(struct ipc_conn *c, struct err *e);
/* Take the next whole frame: 1 taken, 0 not yet complete, -1 malformed (close the channel). */
int ipc_next(struct ipc_conn *c, struct ipc_frame *f, struct err *e);
/* Blocking forms for simple callers, with a deadline. */
int ipc_send(struct ipc_conn *c, const struct ipc_type *t, uint64_t id, const void *message, int fd, int64_t deadline,
	     struct err *e);
int ipc_recv(struct ipc_conn *c, struct ipc_frame *f, int64_t deadline, struct err *e);

/* Sockets by path; a path of any length works (the directory is opened first). */
int ipc_listen(const char *path, mode_t mode, struct err *e);
int ipc_connect(const char *path, int64_t deadline, struct err *e);
/* Who is at the other end (SO_PEERCRED). */
int ipc_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid, struct err *e);

/* A shared client: any number of threads ask over one connection, each with its
 * own deadline.  It connects on first use and again after a break (at most one
 * try per 50 ms; questions meanwhile fail at once or wait for their deadline). */
struct ipc_client;
struct ipc_client *ipc_client_new(const char *path);
void ipc_client_free(struct ipc_client *c); /* no calls may be in flight */
/* A message that is sent first on every new connection. */
void ipc_client_greet(struct ipc_client *c, const struct ipc_type *t, const void *message);
/* Counts the connections: what was agreed in one is void in the next.  0: never connected. */
uint64_t ipc_client_epoch(struct ipc_client *c);
/* Is the connection of that epoch still the current one, as far as can be seen without asking?  An
 * idle client would notice a break only with its next message; this looks. */
bool ipc_client_alive(struct ipc_client *c, uint64_t epoch);
/* Say something that has no answer, on the connection of that epoch only. */
int ipc_tell(struct ipc_client *c, uint64_t epoch, const struct ipc_type *t, const void *message, int64_t deadline,
	     struct err *e);
/* One question of several that are asked together. */
struct ipc_ask {
	const struct ipc_type *type;
	const void *message;
	struct ipc_frame reply; /* its body is copied into the arena; the caller owns reply.fd */
	bool answered;
	uint64_t epoch; /* the connection it was asked on, and answered if it was */
};
/* Ask all at once and wait until all are answered or the deadline has passed.
 * Returns how many were answered; when some were not, *e says why. */
size_t ipc_call_all(struct ipc_client *c, struct ipc_ask *asks, size_t n, struct arena *a, int64_t deadline,
		    struct err *e);
/* One question: 0 and *reply, or -1 when no answer came in time or the channel broke. */
int ipc_call(struct ipc_client *c, const struct ipc_type *t, const void *message, struct arena *a,
	     struct ipc_frame *reply, int64_t deadline, struct err *e);

/* Declare the structs of a proto.def: in a header,
 *	#define IPC_PROTO "lookup/proto.def"
 *	#include "base/ipc_declare.h"
 * gives `struct NAME` and `extern const struct ipc_type NAME_type;` per message.
 * In one .c file,
 *	#define IPC_PROTO "lookup/proto.def"
 *	#define IPC_ALL lookup_messages
 *	#include "base/ipc_define.h"
 * gives the tables and `const struct ipc_type *const lookup_messages[]`, NULL-ended. */

#endif
