#include "index/asked.h"

#include <sys/stat.h>

#include "logs/erased.h"

/* The folder that logs lie in knows what was erased from it. */
static bool erased_there(const char *path, struct str address, char day[11])
{
	struct str s = str_of(path);
	ptrdiff_t slash = str_rchr(s, '/');
	struct stat st;
	ARENA(a);

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		s = slash < 0 ? STR(".") : str_take(s, slash > 0 ? (size_t)slash : 1);
	return erased_find(arena_z(&a, s), address, day);
}

bool asked_erased(void *with, struct str address, char day[11])
{
	const struct asked *k = with;

	for (size_t i = 0; i < k->paths.n; i++)
		if (erased_there(k->paths.at[i], address, day))
			return true;
	return false;
}

/* False: there is no index that stands for these logs, or it is damaged. */
static bool by_index(const struct asked *k, struct trace_ask t, const struct asked_make *m, struct buf *out, int *rc)
{
	struct source source;
	struct index *x = NULL;
	bool sound;

	if (k->index != NULL && !t.unreadable)
		x = index_open(k->index, &k->paths, NULL);
	if (x == NULL)
		return false;
	source_init(&source);
	index_attach(x, &source, &t);
	*rc = m->make(m->with, &t, out);
	sound = index_sound(x);
	source_clear(&source);
	index_close(x);
	return sound;
}

static int by_reading(const struct asked *k, struct trace_ask t, const struct asked_make *m, struct buf *out,
		      struct err *e)
{
	struct source source;
	int rc = 0;

	source_init(&source);
	source.most = k->paths.unpack;
	t.source = &source;
	if (k->reading != NULL)
		k->reading(&source);
	for (size_t i = 0; i < k->paths.n && rc == 0; i++)
		rc = source_add(&source, k->paths.at[i], e) < 0 ? -1 : 0;
	if (rc == 0)
		rc = m->make(m->with, &t, out);
	if (k->reading != NULL)
		k->reading(NULL);
	source_clear(&source);
	return rc;
}

int asked_answer(const struct asked *k, const struct trace_ask *t, const struct asked_make *m, struct buf *out,
		 struct err *e)
{
	size_t before = out->n;
	int rc;

	if (by_index(k, *t, m, out, &rc))
		return rc;
	buf_trunc(out, before);
	return by_reading(k, *t, m, out, e);
}
