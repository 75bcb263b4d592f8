/* How long statistics take once the rows are there: bench-rows [ROWS]
 *
 * Rows as a provider's log makes them: a few senders and recipients have most of the mail, most names occur once.
 * Prints the CPU time of each of five runs over all tables of `telltale stats`, and of making their text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#include "trace/stats.h"

static uint64_t state = 88172645463325252u;

/* CPU time of this process: the machine may have other work. */
static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

static uint32_t chance(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

/* One of n names: half of all uses fall on a hundredth of them. */
static uint32_t skewed(uint32_t n)
{
	return chance(2) == 0 ? chance(n / 100 + 1) : chance(n);
}

static struct str named(struct arena *mem, const char *what, uint32_t n, uint32_t domains)
{
	return arena_fmt(mem, "%s%u@d%u.example", what, n, n % domains);
}

static void add_row(struct rows *r, struct arena *mem, uint32_t story, uint32_t rows)
{
	size_t i = rows_new(r);
	bool same = i > 0 && chance(10) == 0;
	uint32_t ip = skewed(60000);

	r->story[i] = same ? r->story[i - 1] : story;
	r->time[i] = 1700000000 + (uint32_t)((uint64_t)i * 7 * 86400 / rows);
	r->from[i] = same ? r->from[i - 1] : rows_name(r, named(mem, "s", skewed(rows / 3), 9000));
	r->to[i] = chance(30) == 0 ? UINT32_MAX : rows_name(r, named(mem, "r", skewed(rows / 3), 300));
	r->ip[i] = same ? r->ip[i - 1] : rows_ip(r, arena_fmt(mem, "10.%u.%u.%u", ip >> 12, ip >> 4 & 255, ip & 15));
	r->login[i] = chance(4) == 0 ? rows_text(&r->logins, named(mem, "l", skewed(2000), 300)) : UINT32_MAX;
	r->port[i] = (uint8_t)rows_text(&r->ports, chance(4) == 0 ? STR("587") : STR("25"));
	r->verdict[i] = (uint8_t)(chance(3) > 0 ? VERDICT_DELIVERED : VERDICT_REFUSED);
	r->reason[i] = r->verdict[i] == VERDICT_REFUSED ? row_reason(REASON_OF_GATE, 1 + chance(30)) : 0;
	r->bytes[i] = chance(200000);
	r->gate[i] = row_length(chance(3) * 1000);
	r->accept[i] = row_length(chance(5) * 1000);
	r->queue[i] = row_length(chance(100));
	r->delivery[i] = row_length(chance(4000));
	r->whole[i] = row_length(chance(100000));
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 700000;
	struct answer *answer = calloc(1, sizeof(*answer));
	struct source source;
	ARENA(mem);
	struct stats s = { .answer = answer, .top = 10 };

	source_init(&source);
	book_init(&answer->book, &source);
	zone_settle(&answer->book.zone);
	day_frame_init(&answer->frame, &answer->book.zone, STR("UTC"), 0, 1700000000);
	for (uint32_t i = 0; i < n; i++)
		add_row(&s.rows, &mem, i, n);
	for (int run = 0; run < 5; run++) {
		ARENA(tables);
		struct report r = { .mem = &tables, .answer = answer, .title = "bench" };
		double begin = cpu_ms(), counted;
		BUF(text);

		s.report = &r;
		stats_tables(&s);
		counted = cpu_ms();
		report_put_text(&text, &r, &(struct sheet_look){ .width = 100 });
		printf("%zu rows: tables %.1f ms, text %.1f ms of CPU\n", s.rows.n, counted - begin,
		       cpu_ms() - counted);
	}
	stats_end(&s);
	book_clear(&answer->book);
	source_clear(&source);
	free(answer);
	return 0;
}
