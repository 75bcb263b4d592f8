/* web/proto.h - the messages of run/web.ctl: `telltale web ...` and telltale-web. */
#ifndef WEB_PROTO_H
#define WEB_PROTO_H

#include "base/ipc.h"

#define IPC_PROTO "web/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const web_messages[];

#endif
