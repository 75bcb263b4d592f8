/* Any bytes as the three logs (parted by 0xff) under a question that fits all of it: both forms of the answer are
 * written, the JSON is JSON, no control byte reaches the text, and a scope lets no foreign address through. */
#include <jansson.h>
#include <string.h>

#include "trace/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_text(struct answer *r)
{
	BUF(text);

	answer_text(&text, r, false, 0);
	MUST(text.n > 0);
	for (size_t i = 0; i < text.n; i++)
		MUST(text.p[i] == '\n' || ((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f));
}

/* What an owner reads holds no address of others: to mask it again changes nothing. */
static void look_at_scope(struct answer *r)
{
	struct scope plain = { .domain = r->scope.domain };
	BUF(text);
	BUF(again);

	r->scope.mem = NULL;   /* no (2) behind look-alikes */
	r->unreadable = false; /* their beginnings are cut, and half an address of ours looks like one of others */
	answer_text(&text, r, false, 0);
	scope_mask(&plain, &again, buf_str(&text));
	MUST(str_eq(buf_str(&text), buf_str(&again)));
}

static void look_at_json(struct answer *r)
{
	BUF(json);
	json_error_t e;
	json_t *root;

	answer_json(&json, r);
	root = json_loadb(json.p, json.n, 0, &e);
	MUST(root != NULL);
	MUST(json_integer_value(json_object_get(root, "found")) == (json_int_t)r->chosen.n);
	json_decref(root);
}

static void ask(struct source *s, const char *question, const char *domain)
{
	struct trace_ask what = { .question = str_of(question),
				  .source = s,
				  .domain = str_of(domain),
				  .limit = 20,
				  .unreadable = true,
				  .now = 1700000000 };
	struct answer r;
	struct err e;

	MUST(trace_answer(&r, &what, &e) == 0);
	look_at_text(&r);
	look_at_json(&r);
	if (r.chosen.n > 0) { /* one message in full: no cell of it is cut */
		r.chosen.n = 1;
		look_at_text(&r);
		look_at_scope(&r);
	}
	answer_clear(&r);
}

static void open_logs(struct source *s, struct str text)
{
	static const char *const names[] = { "smtp-25.log", "spamdyke.log", "delivery.log" };
	struct str part;

	source_init(s);
	for (size_t i = 0; i < COUNT(names); i++) {
		str_cut(text, STR("\xff"), &part, &text);
		source_add_text(s, names[i], part);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const questions[] = { "any:*", "on:2021-03-09", "id:5 port:25" };

	for (size_t i = 0; i < COUNT(questions); i++) {
		struct source s;

		open_logs(&s, str_mem(data, size));
		ask(&s, questions[i], i == 1 ? "example.com" : "");
		source_clear(&s);
	}
	return 0;
}
