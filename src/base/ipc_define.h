/* base/ipc_define.h - the field tables of the messages in IPC_PROTO, and the list IPC_ALL (see ipc.h). */
#define IPC_MESSAGE(m, num) static const struct ipc_field m##_fields[] = {
#define IPC_STR(m, f) { #f, IPC_KIND_STR, offsetof(struct m, f) },
#define IPC_U64(m, f) { #f, IPC_KIND_U64, offsetof(struct m, f) },
/* clang-format off */
#define IPC_END(m) };
/* clang-format on */
#include IPC_PROTO
#undef IPC_MESSAGE
#undef IPC_STR
#undef IPC_U64
#undef IPC_END
#define IPC_MESSAGE(m, num) \
	const struct ipc_type m##_type = { #m, (num), sizeof(struct m), m##_fields, COUNT(m##_fields) };
#define IPC_STR(m, f)
#define IPC_U64(m, f)
#define IPC_END(m)
#include IPC_PROTO
#undef IPC_MESSAGE
#define IPC_MESSAGE(m, num) &m##_type,
const struct ipc_type *const IPC_ALL[] = {
#include IPC_PROTO
	NULL
};
#undef IPC_MESSAGE
#undef IPC_STR
#undef IPC_U64
#undef IPC_END
#undef IPC_PROTO
#undef IPC_ALL
