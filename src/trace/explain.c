#include "trace/explain_parts.h"

#include <stdarg.h>

const char *who_word(enum who who)
{
	static const char *const words[] = {
		[WHO_NOBODY] = "nobody",
		[WHO_SENDER] = "sender",
		[WHO_RECIPIENT] = "recipient",
		[WHO_POSTMASTER] = "postmaster",
	};

	return words[who];
}

void explain_word(struct explaining *x, const struct word *w)
{
	x->out->final = w->final;
	x->out->who = w->who;
	x->out->meaning = str_of(w->meaning);
	x->out->advice = str_of(w->advice);
	x->out->passes = str_of(w->passes);
}

void explain_field(struct explaining *x, const char *name, struct str value)
{
	if (x->out->nfields < EXPLAIN_FIELDS)
		x->out->fields[x->out->nfields++] = (struct explained){ name, value, false };
}

void explain_number(struct explaining *x, const char *name, struct str value)
{
	uint64_t n;
	bool number = str_u64(value, (UINT64_C(1) << 53) - 1, &n) && (value.n == 1 || value.p[0] != '0');

	if (x->out->nfields < EXPLAIN_FIELDS)
		x->out->fields[x->out->nfields++] = (struct explained){ name, value, number };
}

void explain_add(struct explaining *x, const char *fmt, ...)
{
	BUF(b);
	va_list ap;

	buf_addstr(&b, x->out->meaning);
	if (b.n > 0)
		buf_addc(&b, ' ');
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	x->out->meaning = arena_str(x->mem, buf_str(&b));
}

void explain_soften(struct explaining *x)
{
	struct str advice = x->out->advice;

	if (x->out->who == WHO_NOBODY && advice.n > 0)
		return;
	x->out->who = WHO_NOBODY;
	x->out->advice = arena_fmt(x->mem, "Nothing at first: it is tried again by itself.%s%.*s",
				   advice.n > 0 ? " If it goes on for hours: " : "", STR_ARG(advice));
}

struct str explain_spaces(struct arena *a, struct str text)
{
	char *out;

	if (str_chr(text, ' ') >= 0 || str_chr(text, '_') < 0)
		return text;
	out = arena_alloc(a, text.n);
	for (size_t i = 0; i < text.n; i++)
		out[i] = text.p[i] == '_' ? ' ' : text.p[i];
	return str_mem(out, text.n);
}

bool explain_report_alone(struct explaining *x, struct str text)
{
	return explain_report(x, text, STR(""));
}

bool explain_text(struct str text, struct arena *a, struct explanation *out)
{
	static bool (*const forms[])(struct explaining *, struct str) = {
#define EXPLAIN_FORM(function, help) function,
#include "trace/explain_forms.def"
#undef EXPLAIN_FORM
	};
	struct explaining x = { .mem = a, .out = out };

	text = str_take(str_trim(text), EXPLAIN_TEXT_MAX);
	for (size_t i = 0; i < COUNT(forms) && text.n > 0; i++) {
		*out = (struct explanation){ .final = FINAL_UNKNOWN };
		if (!forms[i](&x, text))
			continue;
		if (out->advice.n == 0)
			out->advice = STR("Nothing.");
		return true;
	}
	return false;
}
