#include "index/windows.h"

#include "index/chapter.h"
#include "index/inside.h"

/* Bytes of text that are joined at a time: some eight times that is needed.  More where there would be more than
 * WINDOWS of them, but for the memory no more than WINDOW_MOST, unless there would be so many that no chapters are left
 * for what comes. */
enum { WINDOWS = 32, WINDOW_MOST = 256 << 20, WINDOWS_MOST = INDEX_CHAPTERS * 3 / 4 };

static uint64_t window_of(const struct growth *g, uint64_t least)
{
	uint64_t all = 0, window;

	for (size_t i = 0; i < g->n; i++)
		all += g->at[i].size;
	window = all / WINDOWS < WINDOW_MOST ? all / WINDOWS : WINDOW_MOST;
	window = window > least ? window : least;
	return all / WINDOWS_MOST > window ? all / WINDOWS_MOST : window;
}

/* What is new as a chapter behind those that there are (x NULL: all as the first one). */
static int write_tail(int dirfd, struct tail_ask *ask, struct err *e)
{
	struct chapter_out *out = chapter_create(dirfd, e);
	struct tail_made made;
	int rc = -1;
	BUF(root);

	if (out != NULL && tail_write(out, ask, &root, &made, e) == 0)
		rc = chapter_publish(out, buf_str(&root), ask->as, ask->keeps ? ask->x->c : NULL, e);
	if (rc == 0)
		pairs_name(ask->pairs, chapter_out_id(out));
	chapter_out_free(out);
	return rc;
}

/* A window as a part of all: when its writing begins half of it is done. */
struct stretch {
	const struct index_progress *say;
	uint64_t before, window, all;
};

static void tell_stretch(void *with, enum index_phase phase, uint64_t done, uint64_t all)
{
	const struct stretch *s = with;
	uint64_t half = s->window / 2;

	if (phase == INDEX_WRITING)
		s->say->tell(s->say->with, INDEX_WINDOWS, s->before + half + (all > 0 ? half * done / all : half),
			     s->all);
}

static struct stretch stretch_of(const struct growth *g, const struct index_progress *say)
{
	struct stretch s = { .say = say };

	for (size_t i = 0; i < g->n; i++) {
		s.before += g->at[i].from;
		s.window += g->at[i].to - g->at[i].from;
		s.all += g->at[i].size;
	}
	if (say != NULL)
		say->tell(say->with, INDEX_WINDOWS, s.before, s.all);
	return s;
}

static int write_window(int dirfd, const struct tail_ask *as, struct err *e)
{
	struct stretch stretch = stretch_of(as->g, as->say);
	struct index_progress say = { tell_stretch, &stretch };
	struct tail_ask ask = *as;

	ask.say = as->say != NULL ? &say : NULL;
	return write_tail(dirfd, &ask, e);
}

/* -1: that does not go, and nothing changed.  *more: not all that is new was taken. */
static int go_on(int dirfd, struct index *x, const struct tail_ask *as, bool *more, struct err *e)
{
	struct growth g = { .mem = ARENA_INIT };
	struct tail_ask ask = *as;
	int rc = -1;
	BUF(survey);

	*more = false;
	ask.x = x;
	ask.g = &g;
	if (survey_take(&survey, as->paths, e) < 0 || growth_look(&g, x, as->paths, e) < 0)
		rc = -1;
	else if (g.lingers)
		rc = err_set(e, "the next rotation removes some of what is in it");
	else {
		*more = growth_window(&g, window_of(&g, as->window));
		ask.survey = buf_str(&survey);
		ask.most = UINT64_MAX;
		rc = growth_trim(&g) ? write_window(dirfd, &ask, e) : err_set(e, "the logs cannot be read");
	}
	growth_clear(&g);
	return rc;
}

/* A latest chapter that is small is made anew with what is new, in place of one more; not one of this build's own
 * windows, or the next one would be the same again. */
static struct index *last_that_stays(const char *dir, struct tail_ask *ask, bool own)
{
	struct index *x = index_look_at(dir, ask->as, NULL), *before;
	uint64_t size = 0;

	ask->keeps = true;
	for (size_t i = 0; x != NULL && x->root.grows && i < x->nfiles; i++)
		size += x->own.files[i].text.n - x->files[i].growth.from;
	if (x == NULL || own || x->root.nbefore == 0 || size > ask->window / 2)
		return x;
	before = index_look_at(dir, x->root.before[0].id, NULL);
	if (before == NULL)
		return x;
	index_close(x);
	ask->keeps = false;
	return before;
}

int windows_write(const char *dir, int dirfd, const struct tail_ask *as, bool fresh, struct err *e)
{
	bool more = true;
	int rc = 0;

	for (int i = 0; i < INDEX_CHAPTERS && more && rc == 0; i++) {
		struct tail_ask ask = *as;
		bool first = fresh && i == 0;
		struct index *x = first ? NULL : last_that_stays(dir, &ask, i > 0);

		if (!first && (x == NULL || !x->root.grows || x->root.nbefore + 1 >= INDEX_CHAPTERS))
			rc = err_set(e, "there are too many chapters, or none to go on from");
		else
			rc = go_on(dirfd, x, &ask, &more, e);
		index_close(x);
	}
	return rc < 0 || more ? -1 : 0;
}
