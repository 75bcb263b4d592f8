/* Sums of a maildirsize and sizes in file names: bounded, and the same for the same text. */
#include "base/err.h"
#include "deliver/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size);
	uint64_t bytes = 0, name = 0;

	if (usage_read_notes(in, &bytes)) {
		MUST(in.n < USAGE_NOTES_MAX && str_ends(in, STR("\n")));
		MUST(bytes <= USAGE_BYTES_MAX);
	}
	if (usage_read_name(in, &name)) {
		MUST(name <= USAGE_BYTES_MAX);
		MUST(str_find(in, STR(",S=")) >= 0);
	}
	return 0;
}
