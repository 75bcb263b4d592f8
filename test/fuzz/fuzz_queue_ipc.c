/* Any bytes as the body of every message of the queue: refused, or packed again to the same bytes. */
#include <stdlib.h>

#include "queue/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_mem(data, size);

	for (size_t i = 0; queue_messages[i] != NULL; i++) {
		void *m = mem_alloc(queue_messages[i]->size);
		BUF(again);

		if (size <= IPC_LIMIT / 2 && ipc_unpack(body, queue_messages[i], m, NULL) == 0) {
			ipc_pack(&again, queue_messages[i], 1, m);
			MUST(str_eq(str_skip(buf_str(&again), 16), body));
		}
		free(m);
	}
	return 0;
}
