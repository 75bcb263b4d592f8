#include <string.h>
#include "vouch/spf_record.h"

enum { KEEP_MAX = 1000 }; /* more parts than any value has */

/* macro-literal = %x21-24 / %x26-7E */
static bool is_literal(char c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static bool is_literal_or_space(char c)
{
	return c == ' ' || is_literal(c);
}

static bool is_delimiter(char c)
{
	return c != '\0' && strchr(".-+,/_=", c) != NULL;
}

/* *DIGIT, not zero (7.1) */
static unsigned take_keep(struct cur *c)
{
	struct str digits = cur_span(c, ascii_isdigit, NULL);
	unsigned n = 0;

	for (size_t i = 0; i < digits.n; i++)
		n = n < KEEP_MAX ? n * 10 + (unsigned)(digits.p[i] - '0') : KEEP_MAX;
	if (digits.n > 0 && n == 0)
		cur_fail(c, "a macro keeps zero parts");
	return n;
}

/* macro-letter transformers *delimiter "}" */
static void take_macro(struct cur *c, struct spf_piece *p)
{
	int letter = cur_next(c);

	p->letter = ascii_lower((char)letter);
	if (letter <= 0 || strchr("slodiphcrtv", p->letter) == NULL)
		cur_fail(c, "unknown macro");
	p->escape = (char)letter != p->letter;
	p->keep = take_keep(c);
	p->reverse = cur_itryz(c, "r");
	p->delimiters = cur_span(c, is_delimiter, NULL);
	cur_want(c, '}', "malformed macro");
}

bool spf_piece_next(struct cur *c, bool spaces, struct spf_piece *p)
{
	*p = (struct spf_piece){ .expand = cur_try(c, '%') };
	if (cur_end(c) && !p->expand)
		return false;
	if (!p->expand)
		p->literal = cur_span(c, spaces ? is_literal_or_space : is_literal, "a character that is not allowed");
	else if (cur_try(c, '%'))
		p->literal = STR("%");
	else if (cur_try(c, '_'))
		p->literal = STR(" ");
	else if (cur_try(c, '-'))
		p->literal = STR("%20");
	else if (cur_try(c, '{'))
		take_macro(c, p);
	else
		cur_fail(c, "a % that begins no macro");
	return cur_ok(c);
}

bool spf_macros_ok(struct str s, bool spaces)
{
	struct cur c = cur_of(s);
	struct spf_piece p;

	while (spf_piece_next(&c, spaces, &p))
		;
	return cur_ok(&c);
}
