/* Whose is this field?  And whatever values hold, what we write has as many results as we wrote, and is ours. */
#include "base/err.h"
#include "vouch/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The results in a field: `;` outside quotes.  Its lines are folded and not too long, its bytes printable. */
static size_t count_results(struct str field)
{
	size_t n = 0, line = 0;
	bool quoted = false;

	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		MUST(ascii_isprint(c) || c == '\t' || c == '\r' || c == '\n');
		line = c == '\n' ? 0 : line + 1;
		MUST(line <= 998 + 1);
		MUST(c != '\r' || field.p[i + 1] == '\n');
		MUST(c != '\n' || i + 1 == field.n || field.p[i + 1] == '\t');
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted)
			n += c == ';';
		MUST(quoted || (c != '(' && c != ')'));
	}
	MUST(!quoted && str_ends(field, STR("\r\n")));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str id = STR_INIT("mx.example.org");
	struct str in = str_mem(data, size), value, rest = in, name = STR("Authentication-Results");
	enum results_claim claim = results_claims(name, in, id);
	struct results r;
	size_t n = 0;
	BUF(b);

	MUST(claim != RESULTS_NOT);
	MUST(claim != RESULTS_OURS || in.n >= id.n);
	MUST(results_claims(STR("Subject"), in, id) == RESULTS_NOT);
	r = results_begin(&b, id);
	while (rest.n > 0 && n < 20) {
		str_cut(rest, STR("\n"), &value, &rest);
		results_method(&r, "spf", "pass");
		results_reason(&r, value);
		results_property(&r, "smtp.mailfrom", value);
		n++;
	}
	results_end(&r);
	MUST(count_results(buf_str(&b)) == (n > 0 ? n : 1));
	MUST(results_claims(name, str_skip(buf_str(&b), name.n + 1), id) == RESULTS_OURS);
	return 0;
}
