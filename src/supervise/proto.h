/* supervise/proto.h - the messages of run/telltaled.ctl. */
#ifndef SUPERVISE_PROTO_H
#define SUPERVISE_PROTO_H

#include "base/ipc.h"

#define IPC_PROTO "supervise/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const control_messages[];

#endif
