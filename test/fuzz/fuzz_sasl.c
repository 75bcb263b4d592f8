/* Whatever a client says to AUTH: in the end there is a user and a password within their limits, or nothing. */
#include "base/err.h"
#include "wire/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sasl *x, enum sasl_step step)
{
	if (step != SASL_DONE)
		return;
	MUST(x->user.n > 0 && x->user.n <= SASL_USER_MAX && str_chr(x->user, '\0') < 0);
	MUST(x->password.n > 0 && x->password.n <= SASL_PASSWORD_MAX && str_chr(x->password, '\0') < 0);
	MUST(!x->other || x->mechanism == SASL_PLAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), line;
	enum sasl_step step = SASL_MORE;
	struct sasl x;
	int asked = 0;

	str_cut(in, STR("\n"), &line, &in);
	sasl_begin(&x, sasl_mechanism(str_word(&line)) == SASL_LOGIN ? SASL_LOGIN : SASL_PLAIN);
	if (line.n > 0)
		step = sasl_initial(&x, str_skip(line, 1));
	while (step == SASL_MORE) {
		MUST(++asked <= 2);
		str_cut(in, STR("\n"), &line, &in);
		step = sasl_take(&x, line);
	}
	check(&x, step);
	sasl_clear(&x);
	return 0;
}
