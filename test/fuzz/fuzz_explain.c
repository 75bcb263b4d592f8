/* Whatever is pasted: the answer is whole, and neither its JSON nor what a terminal is shown has a harmful byte. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	BUF(json);
	BUF(shown);
	struct json j = json_to(&json);
	struct explanation x;

	if (!explain_text(str_mem(data, size), &a, &x))
		return 0;
	MUST(x.kind != NULL && x.what.n > 0 && x.meaning.n > 0 && x.advice.n > 0);
	MUST(x.nfields <= EXPLAIN_FIELDS && x.who <= WHO_POSTMASTER);
	explain_json(&j, &x);
	must_be_tame(buf_str(&json));
	MUST(json.p[0] == '{' && json.p[json.n - 1] == '}');
	for (size_t i = 0; i < x.nfields; i++)
		utf8_show(&shown, x.fields[i].value);
	utf8_show(&shown, x.meaning);
	utf8_show(&shown, x.advice);
	must_be_tame(buf_str(&shown));
	return 0;
}
