/* Any bytes as the three logs (parted by 0xff): the three reports of `telltale stats` over all of it can be written,
 * and to an owner no address of others is shown. */
#include "report_forms.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* To mask again what an owner reads changes nothing. */
static void look_at_scope(const struct report *r)
{
	struct scope plain = { .domain = r->answer->scope.domain };

	for (const struct sheet *s = r->sheets; s != NULL; s = s->next)
		for (size_t i = 0; i < s->nrows * s->form->ncolumns; i++) {
			BUF(again);

			scope_mask(&plain, &again, s->cells[i].text);
			MUST(str_eq(buf_str(&again), s->cells[i].text));
		}
}

static void ask(struct source *s, const char *domain, void (*make)(struct report *, const struct stats_ask *))
{
	struct trace_ask what = {
		.source = s, .domain = str_of(domain), .limit = SIZE_MAX, .everything = true, .now = 1700000000
	};
	ARENA(mem);
	struct report r = { .mem = &mem };
	struct answer answer;
	struct err e;

	MUST(trace_answer(&answer, &what, &e) == 0);
	answer.scope.mem = NULL; /* no (2) behind look-alikes */
	make(&r, &(struct stats_ask){ .answer = &answer, .top = 5 });
	look_at_forms(&r, 250);
	if (domain[0] != '\0')
		look_at_scope(&r);
	answer_clear(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "smtp-25.log", "spamdyke.log", "delivery.log" };
	struct str rest = str_mem(data, size), part;
	struct source s;

	source_init(&s);
	for (size_t i = 0; i < COUNT(names); i++) {
		str_cut(rest, STR("\xff"), &part, &rest);
		source_add_text(&s, names[i], part);
	}
	ask(&s, "", stats_report);
	ask(&s, "", stats_changed);
	ask(&s, "", stats_unusual);
	ask(&s, "example.com", stats_report);
	source_clear(&s);
	return 0;
}
