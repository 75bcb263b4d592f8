/* What an owner looks for is compared with what he is shown. */
#include "trace/scope.h"

/* j***n(2)@x.example, as an answer showed it: the number tells look-alikes apart within that answer only. */
static void without_marks(struct buf *out, struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		size_t end = i + 1;

		while (pattern.p[i] == '(' && end < pattern.n && ascii_isdigit(pattern.p[end]))
			end++;
		if (end > i + 1 && str_starts(str_skip(pattern, end), STR(")@")))
			i = end;
		else
			buf_addc(out, pattern.p[i]);
	}
}

/* Both sides of the comparison are what the reader sees or said: nothing can be found out by guessing. */
static bool shown_fits(struct scope *plain, struct str pattern, struct str shown)
{
	BUF(asked);
	BUF(bare);

	if (str_glob(pattern, shown))
		return true;
	if (!plain->masked)
		return false;
	without_marks(&bare, pattern);
	scope_mask(plain, &asked, buf_str(&bare));
	return str_glob(buf_str(&asked), shown);
}

bool scope_glob(const struct scope *sc, struct str pattern, struct str text)
{
	struct scope plain = { .domain = sc->domain, .mailbox = sc->mailbox };
	BUF(shown);

	if (scope_all(sc))
		return str_glob(pattern, text);
	scope_mask(&plain, &shown, text);
	return shown_fits(&plain, pattern, buf_str(&shown));
}

bool scope_glob_line(const struct scope *sc, const struct book *b, struct str pattern, const struct line *x)
{
	struct scope plain = { .domain = sc->domain, .mailbox = sc->mailbox };
	BUF(shown);

	if (scope_all(sc))
		return str_glob(pattern, line_raw(b, x));
	scope_mask_line(&plain, b, &shown, x);
	return shown_fits(&plain, pattern, buf_str(&shown));
}
