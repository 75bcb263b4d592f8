/* web/packed.h - a request as bytes, for telltale-search; and how long bytes go in pieces. */
#ifndef WEB_PACKED_H
#define WEB_PACKED_H

#include "base/ipc.h"
#include "web/request.h"

#define IPC_PROTO "web/search.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const search_messages[];

enum { PACKED_MAX = 2 * WEB_BODY_MAX, PIECE_MAX = 256 * 1024 };
enum { LIVE_FEEDS_MAX = 32 /* questions that are followed at one time */ };

/* All of it but what only the way to the client needs (cookie, origin, tokens). */
void request_pack(struct buf *out, const struct web_request *q);
/* Texts borrow from bytes.  -1: it is none. */
int request_unpack(struct str bytes, struct web_request *q, struct err *e);

/* Queue the bytes before the message that they belong to. */
void pieces_queue(struct ipc_conn *c, struct str bytes);
/* Gather pieces, at most `most` bytes, until another frame comes, which is *f: 0, or -1. */
int pieces_gather(struct ipc_conn *c, struct buf *out, size_t most, struct ipc_frame *f, int64_t deadline,
		  struct err *e);

#endif
