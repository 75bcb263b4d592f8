#include "supervise/proto.h"

#define IPC_PROTO "supervise/proto.def"
#define IPC_ALL control_messages
#include "base/ipc_define.h"
