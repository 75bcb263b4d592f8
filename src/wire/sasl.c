#include "wire/sasl.h"

#include <string.h>
#include "base/base64.h"

static const char *const names[] = { [SASL_PLAIN] = "PLAIN", [SASL_LOGIN] = "LOGIN" };

enum sasl_mechanism sasl_mechanism(struct str word)
{
	size_t i = 0;

	while (i < COUNT(names) && !str_ieq(word, str_of(names[i])))
		i++;
	return (enum sasl_mechanism)i;
}

const char *sasl_name(enum sasl_mechanism m)
{
	return m < SASL_UNKNOWN ? names[m] : "";
}

void sasl_begin(struct sasl *x, enum sasl_mechanism m)
{
	*x = (struct sasl){ .mechanism = m, .wants = m == SASL_LOGIN ? SASL_WANTS_USER : SASL_WANTS_BOTH };
}

void sasl_clear(struct sasl *x)
{
	for (size_t i = 0; i < COUNT(x->text); i++) {
		if (x->text[i].p != NULL)
			explicit_bzero(x->text[i].p, x->text[i].cap);
		buf_clear(&x->text[i]);
	}
	*x = (struct sasl){ 0 };
}

static bool fits(struct str s, size_t most)
{
	return s.n > 0 && s.n <= most && str_chr(s, '\0') < 0;
}

/* message = [authzid] NUL authcid NUL passwd     (RFC 4616, 2) */
static enum sasl_step take_both(struct sasl *x, struct str message)
{
	struct str as, rest;

	if (!str_cut(message, STR("\0"), &as, &rest) || !str_cut(rest, STR("\0"), &x->user, &x->password))
		return SASL_MALFORMED;
	if (as.n > SASL_USER_MAX || !fits(x->user, SASL_USER_MAX) || !fits(x->password, SASL_PASSWORD_MAX))
		return SASL_MALFORMED;
	x->other = as.n > 0 && !str_ieq(as, x->user);
	return SASL_DONE;
}

static enum sasl_step take_text(struct sasl *x, struct str text)
{
	switch (x->wants) {
	case SASL_WANTS_USER:
		x->user = text;
		x->wants = SASL_WANTS_PASSWORD;
		return fits(text, SASL_USER_MAX) ? SASL_MORE : SASL_MALFORMED;
	case SASL_WANTS_PASSWORD:
		x->password = text;
		return fits(text, SASL_PASSWORD_MAX) ? SASL_DONE : SASL_MALFORMED;
	default:
		return take_both(x, text);
	}
}

enum sasl_step sasl_take(struct sasl *x, struct str line)
{
	struct buf *b = &x->text[x->wants == SASL_WANTS_PASSWORD];

	if (str_eqz(line, "*"))
		return SASL_CANCELED;
	return base64_decode(line, b) ? take_text(x, buf_str(b)) : SASL_MALFORMED;
}

enum sasl_step sasl_initial(struct sasl *x, struct str line)
{
	return sasl_take(x, str_eqz(line, "=") ? STR("") : line);
}
