/* What vouch/results.h writes and recognises, for test/story/test_results.py: lines on stdin, values in hex.
 *
 *	begin ID, method NAME RESULT, reason TEXT, property NAME VALUE    build a field
 *	end                                                              answered by the field
 *	claims NAME VALUE ID                                             answered by 0..3 (enum results_claim)
 */
#include <stdio.h>
#include "hex.h"
#include "vouch/results.h"

enum { LINE = 1 << 17 };

static void obey(struct results *r, struct str rest, struct arena *a)
{
	struct str verb = str_word(&rest), x = hex_take(&rest, a), y = hex_take(&rest, a), z = hex_take(&rest, a);

	if (str_eqz(verb, "begin")) {
		*r = results_begin(r->b, x);
	} else if (str_eqz(verb, "method")) {
		results_method(r, arena_z(a, x), arena_z(a, y));
	} else if (str_eqz(verb, "reason")) {
		results_reason(r, x);
	} else if (str_eqz(verb, "property")) {
		results_property(r, arena_z(a, x), y);
	} else if (str_eqz(verb, "claims")) {
		printf("%d\n", results_claims(x, y, z));
	} else {
		results_end(r);
		hex_say(buf_str(r->b));
		printf("\n");
		buf_reset(r->b);
	}
	fflush(stdout);
}

int main(void)
{
	static char line[LINE];
	BUF(b);
	struct results r = { .b = &b };
	ARENA(a);

	while (fgets(line, sizeof(line), stdin) != NULL) {
		obey(&r, str_trim(str_of(line)), &a);
		arena_reset(&a);
	}
	return 0;
}
