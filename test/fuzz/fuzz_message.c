/* Whatever message is pasted: all that is told of it is whole and bounded, and its JSON has no harmful byte. */
#include <stdlib.h>
#include "base/err.h"
#include "base/utf8.h"
#include "trace/explain.h"

static void must_be_tame(struct str s)
{
	uint32_t code;

	while (s.n > 0) {
		size_t n = utf8_at(s, &code);

		MUST(n > 0);
		MUST(code >= 0x20 && code != 0x7f);
		s = str_skip(s, n);
	}
}

static void check(const struct explanation *x)
{
	BUF(json);
	struct json j = json_to(&json);

	MUST(x->kind != NULL && x->what.n > 0 && x->meaning.n > 0 && x->advice.n > 0);
	MUST(x->nfields <= EXPLAIN_FIELDS && x->nrcpts <= 100 && x->nhops <= 100 && x->nodd <= 20);
	for (size_t i = 0; i < x->nrcpts; i++)
		MUST(x->rcpts[i].meaning.n > 0 && x->rcpts[i].advice.n > 0 && x->rcpts[i].reply.n <= 1000);
	explain_json(&j, x);
	must_be_tame(buf_str(&json));
	MUST(json.p[0] == '{' && json.p[json.n - 1] == '}');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_mem(data, size), message;
	size_t total = 0;

	explain_is_message(rest);
	while (explain_next_message(&rest, &message)) {
		ARENA(a);
		struct explanation x;

		explain_message(message, &a, &x);
		check(&x);
		total += message.n;
	}
	MUST(total == size); /* nothing is lost between two messages */
	return 0;
}
