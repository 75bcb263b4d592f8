/* Any bytes as a question: understood or refused with a sentence, and what is understood can be asked again. */
#include "trace/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void resolve(const struct question *q, struct arena *a)
{
	struct zone_table z;
	struct day_frame f;
	struct span s;

	zone_init(&z, a);
	zone_settle(&z);
	day_frame_init(&f, &z, STR("UTC"), 1615378653, 1700000000);
	if (q->on_text.n > 0 && day_resolve(&q->on, &f, true, &s))
		MUST(s.from < s.to);
	if (q->after_text.n > 0 && day_resolve(&q->after, &f, false, &s))
		MUST(s.from < s.to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct err e = { 0 };
	struct question q;

	if (question_parse(&q, str_mem(data, size), &a, &e) < 0) {
		MUST(e.text[0] != '\0');
		return 0;
	}
	MUST(q.n <= QUESTION_MAX);
	MUST(q.n > 0 || q.on_text.n > 0 || q.after_text.n > 0 || q.before_text.n > 0);
	for (size_t i = 0; i < q.n; i++)
		MUST(q.filters[i].kind < FILTER_KINDS && q.filters[i].value.n > 0);
	resolve(&q, &a);
	return 0;
}
