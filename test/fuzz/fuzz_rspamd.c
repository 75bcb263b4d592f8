/* Whatever comes as rspamd's answer: all that is told of it is printable, finite, within its limits, and its edits are
 * allowed ones. */
#include <math.h>

#include "base/err.h"
#include "handoff/rspamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s, size_t most)
{
	MUST(s.n <= most);
	for (size_t i = 0; i < s.n; i++)
		MUST(ascii_isprint(s.p[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rspamd_answer x;
	struct err e;
	ARENA(a);

	if (rspamd_read(str_mem(data, size), &a, &x, &e) < 0) {
		check_text(str_of(e.text), sizeof(e.text));
		return 0;
	}
	check_text(x.action_text, RSPAMD_TEXT_MAX);
	check_text(x.message, RSPAMD_TEXT_MAX);
	MUST(isfinite(x.score) && isfinite(x.required));
	MUST(x.ntop <= RSPAMD_SYMBOLS_MAX && x.ntop <= x.nsymbols);
	for (size_t i = 0; i < x.ntop; i++) {
		check_text(x.top[i].name, RSPAMD_TEXT_MAX);
		MUST(isfinite(x.top[i].score) && (i == 0 || fabs(x.top[i - 1].score) >= fabs(x.top[i].score)));
	}
	MUST(x.nedits <= EDITS_MAX);
	for (size_t i = 0; i < x.nedits; i++)
		MUST(edit_ok(&x.edits[i]) == NULL);
	return 0;
}
