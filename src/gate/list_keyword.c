/* Keywords: words of a reverse name, found one behind the other.  A word is found where no letter or digit stands
 * directly before or behind it, and before the domain (the last two labels): nobody is refused for mail.dhcp.example.
 * One that begins with a dot is the end of the name. */
#include "base/err.h"
#include "gate/list_inside.h"

static bool is_keyword(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_isalnum(word.p[i]) && word.p[i] != '-' && word.p[i] != '_' && word.p[i] != '.')
			return false;
	return true;
}

int list_take_keyword(struct list *l, struct str entry, const char **why)
{
	struct str *form = arena_alloc(&l->mem, sizeof(*form)), rest, word;

	*form = arena_lower(&l->mem, str_trim(entry));
	rest = *form;
	if (rest.n == 0)
		return list_wrong(why, "no keyword");
	while ((word = str_word(&rest)).n > 0) {
		if (!is_keyword(word) || str_eqz(word, "."))
			return list_wrong(why,
					  "a keyword is of letters, digits, - and _, or a domain with a dot before it");
		if (word.p[0] == '.' && str_trim(rest).n > 0)
			return list_wrong(why, "a domain (.example.com) is the last word");
	}
	return list_keep_matched(l, form, LIST_KEYWORDS_MAX, why);
}

/* Where the domain begins: the last two labels; 0: there is nothing before them. */
static size_t domain_at(struct str name)
{
	ptrdiff_t last = str_rchr(name, '.');
	ptrdiff_t before = last > 0 ? str_rchr(str_take(name, (size_t)last), '.') : -1;

	return before < 0 ? 0 : (size_t)before + 1;
}

static bool stands_alone(struct str name, size_t at, struct str word)
{
	size_t end = at + word.n;
	bool before = at == 0 || !ascii_isalnum(word.p[0]) || !ascii_isalnum(name.p[at - 1]);
	bool behind = end == name.n || !ascii_isalnum(word.p[word.n - 1]) || !ascii_isalnum(name.p[end]);

	return before && behind;
}

/* Behind the word, found at `from` or later and begun before `most`; 0: it is not there. */
static size_t behind(struct str name, struct str word, size_t from, size_t most)
{
	for (;;) {
		ptrdiff_t at = str_find(str_skip(name, from), word);

		if (at < 0 || from + (size_t)at >= most)
			return 0;
		from += (size_t)at;
		if (stands_alone(name, from, word))
			return from + word.n;
		from++;
	}
}

static bool matches(struct str rest, struct str name)
{
	size_t domain = domain_at(name), at = 0;
	struct str word;

	while ((word = str_word(&rest)).n > 0) {
		if (word.p[0] == '.')
			return str_ends(name, word) && name.n - word.n >= at;
		at = behind(name, word, at, domain);
		if (at == 0)
			return false;
	}
	return true;
}

size_t list_find_keyword(const struct list *l, struct str value)
{
	for (size_t i = 0; i < l->n; i++)
		if (matches(*(const struct str *)l->matched[i], value))
			return i;
	return SIZE_MAX;
}
