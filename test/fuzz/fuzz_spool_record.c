/* Any bytes as a piece of a segment: the scan ends, stays inside, never hides a good record behind a bad one.
 *
 * Besides: a record planted behind the fuzzed bytes is always found, and found unharmed. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "queue/record.h"
#include "queue/sum.h"

#define NONCE 0x0101010101010101u
enum { SEGMENT = 7, BASE = 8192, QP = 99 };

static size_t plant(char *at, size_t offset)
{
	struct record r = { .segment = SEGMENT,
			    .offset = BASE + offset,
			    .qp = QP,
			    .envelope = 3,
			    .head = 2,
			    .body = 6,
			    .sum = sum_bytes(QP, str_of("envhebodies")) };

	record_header(&r, NONCE, at);
	memcpy(at + RECORD_HEADER, "envhebodies", 11);
	return (size_t)record_length(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = (size + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN, length;
	char *bytes = mem_alloc(at + 256);
	struct scan s = {
		.base = BASE, .segment = SEGMENT, .nonce = NONCE, .recycled = size % 2, .whole = size % 3 == 0
	};
	struct scan_hit hit;
	enum scan_found found;
	uint64_t last = BASE, seen = 0;

	if (size > 0)
		memcpy(bytes, data, size);
	length = plant(bytes + at, at);
	s.bytes = str_mem(bytes, at + length);
	while ((found = record_next(&s, &hit)) != SCAN_END) {
		MUST(hit.from >= last && hit.to > hit.from && hit.to <= BASE + s.bytes.n);
		last = hit.to;
		if (found == SCAN_RECORD) {
			MUST(hit.r.offset == hit.from && hit.to - hit.from == record_length(&hit.r));
			seen += hit.from == BASE + at && hit.r.qp == QP && str_eqz(hit.body, "bodies");
		}
	}
	/* Only a header that is right for its place, nonce included, may reach over it. */
	MUST(seen == 1 || last == BASE + s.bytes.n);
	free(bytes);
	return 0;
}
