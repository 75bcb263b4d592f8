/* Any bytes as the packed rows of an index (behind the number of the vocabulary, which is put right): what is taken
 * for rows can be counted, written as text, page and JSON, and packed again to the same bytes. */
#include "report_forms.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_report(struct report *r)
{
	look_at_forms(r, 80);
	for (const struct sheet *s = r->sheets; s != NULL; s = s->next) {
		BUF(csv);

		sheet_csv(&csv, r, s);
		MUST(csv.n > 0);
	}
}

static void count(struct rows *rows)
{
	static struct answer answer;
	struct source source;
	ARENA(mem);
	struct report r = { .mem = &mem, .answer = &answer, .title = "fuzz" };
	struct stats s = { .report = &r, .answer = &answer, .rows = *rows, .top = 5 };

	source_init(&source);
	memset(&answer, 0, sizeof(answer));
	book_init(&answer.book, &source);
	zone_settle(&answer.book.zone);
	day_frame_init(&answer.frame, &answer.book.zone, STR("UTC"), 0, 1700000000);
	stats_tables(&s);
	look_at_report(&r);
	*rows = s.rows;
	book_clear(&answer.book);
	source_clear(&source);
}

/* Who keeps the rows keeps these. */
static const struct str names[] = { STR_INIT(""), STR_INIT("bare"), STR_INIT("a@b.example"), STR_INIT("c@b.example"),
				    STR_INIT("d@e.example") };
static const struct str ips[] = { STR_INIT("192.0.2.1"), STR_INIT("192.0.2.2"), STR_INIT("2001:db8::1"),
				  STR_INIT("odd") };
static const struct rows_texts texts = { names, ips, COUNT(names), COUNT(ips), false };
static const uint32_t same[] = { 0, 1, 2, 3, 4 };
static const struct rows_places places = { same, same };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t vocabulary = row_vocabulary();
	struct rows rows, more = { 0 };
	BUF(packed);
	BUF(again);

	buf_add(&packed, &vocabulary, sizeof(vocabulary));
	buf_add(&packed, data, size);
	if (!rows_unpack(&rows, buf_str(&packed), &texts))
		return 0;
	rows_append(&more, &rows, 7);
	MUST(more.n == rows.n);
	rows_clear(&more);
	count(&rows);
	rows_pack(&again, &rows, &places);
	MUST(rows_unpack(&more, buf_str(&again), &texts));
	buf_reset(&packed);
	rows_pack(&packed, &more, &places);
	MUST(str_eq(buf_str(&packed), buf_str(&again)));
	rows_clear(&more);
	rows_clear(&rows);
	return 0;
}
