/* What telltale-lookup is asked to do for owners (lookup/own.h): no more than the rows below. */
#include "store/server.h"

enum { WORDS_MAX = 2048 };

static const struct row {
	const char *noun, *verb; /* verb NULL: all */
	bool web, digest;        /* telltale-web may; telltale-digest, which is telltale-search's user */
} rows[] = {
	{ "allow", NULL, true, false },    { "digest", "on", true, false },   { "digest", "off", true, false },
	{ "digest", "show", true, false }, { "digest", "list", false, true }, { "digest", "note", false, true },
};

/* The first two words, as they stand: options stand behind them. */
static bool may(const struct visitor *v, struct str words)
{
	struct str noun, verb, rest;

	if (words.n > WORDS_MAX || !str_cut(words, STR("\0"), &noun, &rest))
		return false;
	(void)str_cut(rest, STR("\0"), &verb, &rest);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(noun, rows[i].noun) && (rows[i].verb == NULL || str_eqz(verb, rows[i].verb)))
			return (v->web && rows[i].web) || (v->search && rows[i].digest);
	return false;
}

int server_take_own(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_own m;
	struct job *j;

	if (ipc_unpack(f->body, &lookup_own_type, &m, NULL) < 0 || !may(v, m.words))
		return -1;
	j = mem_alloc(sizeof(*j));
	*j = (struct job){ .kind = JOB_ADMIN, .visitor = v->number, .id = f->id, .own = true };
	buf_addstr(&j->words, m.words);
	server_give_admin(s, v, j);
	return 0;
}
