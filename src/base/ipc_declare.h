/* base/ipc_declare.h - the structs of the messages in IPC_PROTO (see ipc.h); included many times on purpose. */
#define IPC_MESSAGE(m, num) struct m {
#define IPC_STR(m, f) struct str f;
#define IPC_U64(m, f) uint64_t f;
/* clang-format off */
#define IPC_END(m) };
/* clang-format on */
#include IPC_PROTO
#undef IPC_MESSAGE
#undef IPC_STR
#undef IPC_U64
#undef IPC_END
#define IPC_MESSAGE(m, num) extern const struct ipc_type m##_type;
#define IPC_STR(m, f)
#define IPC_U64(m, f)
#define IPC_END(m)
#include IPC_PROTO
#undef IPC_MESSAGE
#undef IPC_STR
#undef IPC_U64
#undef IPC_END
/* The numbers, for switch: NAME_number. */
#define IPC_MESSAGE(m, num) enum { m##_number = (num) };
#define IPC_STR(m, f)
#define IPC_U64(m, f)
#define IPC_END(m)
#include IPC_PROTO
#undef IPC_MESSAGE
#undef IPC_STR
#undef IPC_U64
#undef IPC_END
#undef IPC_PROTO
