/* What spf_check() says, for test/story/test_spf.py: lines on stdin, all values in hex ("-" is empty).
 *
 *	row NAME TYPE WIRE            a record ("FAIL": what the name does not have cannot be asked)
 *	clear                         forget all rows
 *	check IP HELO SENDER HOST     answered by: RESULT DOMAIN TERM VIA EXPLANATION WHY LOOKUPS VOIDS
 */
#include <stdio.h>
#include "base/clock.h"
#include "hex.h"
#include "vouch/spf.h"
#include "zone.h"

enum { ROWS_MAX = 4096, LINE = 1 << 17 };

static void check(struct zone *z, struct str rest, struct arena *a)
{
	struct vouch_ask ask = zone_ask(z);
	struct spf_question q = { .deadline = deadline_in(20000) };
	struct spf spf;

	q.ip = hex_take(&rest, a);
	q.helo = hex_take(&rest, a);
	q.sender = hex_take(&rest, a);
	q.host = hex_take(&rest, a);
	spf_check(&ask, &q, a, &spf);
	printf("%s", spf_word(spf.result));
	hex_say(spf.domain);
	hex_say(spf.term);
	hex_say(spf.via);
	hex_say(spf.explanation);
	hex_say(spf.why);
	printf(" %u %u\n", spf.lookups, spf.voids);
	fflush(stdout);
}

int main(void)
{
	static struct zone_row rows[ROWS_MAX];
	static char line[LINE];
	struct zone z = { .rows = rows };
	ARENA(a);

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct str rest = str_trim(str_of(line)), verb = str_word(&rest);

		if (str_eqz(verb, "clear")) {
			z.n = 0;
			arena_clear(&a);
		} else if (str_eqz(verb, "check")) {
			check(&z, rest, &a);
		} else if (z.n < ROWS_MAX) {
			rows[z.n].name = arena_z(&a, hex_take(&rest, &a));
			rows[z.n].type = arena_z(&a, hex_take(&rest, &a));
			rows[z.n++].wire = hex_take(&rest, &a);
		}
	}
	return 0;
}
