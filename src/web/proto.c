#include "web/proto.h"

#define IPC_PROTO "web/proto.def"
#define IPC_ALL web_messages
#include "base/ipc_define.h"
