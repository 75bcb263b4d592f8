/* test/unit/protocol.h - every message of a proto.def goes through a frame and comes back equal;
 * every cut is refused. */
#ifndef TEST_PROTOCOL_H
#define TEST_PROTOCOL_H

#include <stdlib.h>
#include <string.h>

#include "base/ipc.h"

static void protocol_fill(const struct ipc_type *t, char *message)
{
	static const struct str texts[] = { STR_INIT("x\0\n"), STR_INIT(""), STR_INIT("name@example.com") };

	for (size_t i = 0; i < t->count; i++) {
		uint64_t n = UINT64_MAX - i;

		if (t->fields[i].kind == IPC_KIND_STR)
			memcpy(message + t->fields[i].offset, &texts[i % COUNT(texts)], sizeof(struct str));
		else
			memcpy(message + t->fields[i].offset, &n, sizeof(n));
	}
}

static void protocol_same(const struct ipc_type *t, const char *a, const char *b)
{
	for (size_t i = 0; i < t->count; i++) {
		struct str x, y;

		if (t->fields[i].kind == IPC_KIND_U64) {
			assert_memory_equal(a + t->fields[i].offset, b + t->fields[i].offset, 8);
			continue;
		}
		memcpy(&x, a + t->fields[i].offset, sizeof(x));
		memcpy(&y, b + t->fields[i].offset, sizeof(y));
		assert_true(str_eq(x, y));
	}
}

static void protocol_round_trip(const struct ipc_type *const *all)
{
	for (; *all != NULL; all++) {
		char *sent = mem_alloc((*all)->size), *got = mem_alloc((*all)->size);
		struct str body;
		struct err e;
		BUF(frame);

		protocol_fill(*all, sent);
		ipc_pack(&frame, *all, 1, sent);
		body = str_skip(buf_str(&frame), 16);
		assert_int_equal(ipc_unpack(body, *all, got, &e), 0);
		protocol_same(*all, sent, got);
		for (size_t n = 0; n < body.n; n++)
			assert_int_equal(ipc_unpack(str_take(body, n), *all, got, &e), -1);
		buf_addc(&frame, 'x');
		assert_int_equal(ipc_unpack(str_skip(buf_str(&frame), 16), *all, got, &e), -1);
		free(sent);
		free(got);
	}
}

#endif
