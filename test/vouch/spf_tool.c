/* What spf_check() says, for test/story/test_spf.py: lines on stdin, all values in hex ("-" is empty).
 *
 *	row NAME TYPE WIRE            a record ("FAIL": what the name does not have cannot be asked)
 *	clear                         forget all rows
 *	check IP HELO SENDER HOST     answered by: RESULT DOMAIN TERM VIA EXPLANATION WHY LOOKUPS VOIDS
 */
#include <stdio.h>
#include "base/clock.h"
#include "vouch/spf.h"
#include "zone.h"

enum { ROWS_MAX = 4096, LINE = 1 << 17 };

static int nibble(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static struct str value(struct str *rest, struct arena *a)
{
	struct str hex = str_word(rest);
	char *out = arena_alloc(a, hex.n / 2 + 1);

	if (str_eqz(hex, "-"))
		return STR("");
	for (size_t i = 0; i + 1 < hex.n; i += 2)
		out[i / 2] = (char)(nibble(hex.p[i]) << 4 | nibble(hex.p[i + 1]));
	return str_mem(out, hex.n / 2);
}

static void say(struct str s)
{
	printf("%s", s.n == 0 ? " -" : " ");
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", (unsigned char)s.p[i]);
}

static void check(struct zone *z, struct str rest, struct arena *a)
{
	struct vouch_ask ask = zone_ask(z);
	struct spf_question q = { .deadline = deadline_in(20000) };
	struct spf spf;

	q.ip = value(&rest, a);
	q.helo = value(&rest, a);
	q.sender = value(&rest, a);
	q.host = value(&rest, a);
	spf_check(&ask, &q, a, &spf);
	printf("%s", spf_word(spf.result));
	say(spf.domain);
	say(spf.term);
	say(spf.via);
	say(spf.explanation);
	say(spf.why);
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
			rows[z.n].name = arena_z(&a, value(&rest, &a));
			rows[z.n].type = arena_z(&a, value(&rest, &a));
			rows[z.n++].wire = value(&rest, &a);
		}
	}
	return 0;
}
