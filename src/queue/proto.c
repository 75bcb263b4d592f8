#include "queue/spool.h"

#define IPC_PROTO "queue/proto.def"
#define IPC_ALL queue_messages
#include "base/ipc_define.h"
