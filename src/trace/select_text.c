/* Texts against a filter's pattern, and the texts of a story that no record holds as such. */
#include "trace/select.h"

#include "mail/srs.h"

/* Reports and the gate's reasons have `_` for spaces. */
static bool spaced_in(const struct filter *f, const struct scope *sc, struct str text)
{
	BUF(spaced);

	buf_addstr(&spaced, text);
	for (size_t i = 0; i < spaced.n; i++)
		if (spaced.p[i] == '_')
			spaced.p[i] = ' ';
	return scope_glob(sc, f->pattern, buf_str(&spaced));
}

bool select_text(const struct filter *f, const struct scope *sc, struct str text)
{
	if (text.n == 0)
		return false;
	return scope_glob(sc, f->pattern, text) ||
	       (str_chr(f->pattern, ' ') >= 0 && str_chr(text, '_') >= 0 && spaced_in(f, sc, text));
}

/* Does it stand for an address that fits (a forward's sender, SRS)?  Who sees only his own mail sees such an address
 * masked whole, so he is not told by asking. */
static bool origin_fits(const struct filter *f, const struct scope *sc, struct str text)
{
	struct addr origin;
	ARENA(a);

	return scope_all(sc) && srs_origin(text, &a, &origin) &&
	       str_glob(f->pattern, arena_lower(&a, addr_text(&a, &origin)));
}

/* Its first byte cannot be the pattern's: so it is with most addresses that are looked at. */
static bool begins_otherwise(struct str pattern, const struct scope *sc, struct str text)
{
	char first = pattern.n > 0 ? pattern.p[0] : '*';

	return first != '*' && first != ' ' && ascii_lower(first) != ascii_lower(text.p[0]) && scope_all(sc);
}

bool select_address(const struct filter *f, const struct scope *sc, struct str text)
{
	if (text.n == 0)
		return str_glob(f->pattern, text);
	if (!begins_otherwise(f->pattern, sc, text) && select_text(f, sc, text))
		return true;
	return (ascii_lower(text.p[0]) == 's' || text.p[0] == '"') && origin_fits(f, sc, text);
}

void select_each_login(const struct book *b, const struct story *s,
		       void (*see)(void *, const struct line *x, struct str user), void *with)
{
	const struct visit *v = s->visit;

	if (v != NULL && v->foreign != NULL)
		see(with, NULL, v->user);
	for (const struct line *x = v != NULL ? v->lines.first : NULL; x != NULL && x != v->mail; x = x->next) {
		struct log_line l;

		if (x->kind != LOG_SMTP_AUTH && x->kind != LOG_SMTP_AUTH_FAILED)
			continue;
		line_fields(b, x, &l);
		see(with, x, l.field[LOG_F_user]);
	}
}
