#include "store/graylist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "store/db.h"

enum {
	LOOK_MS = 1000,
	LOCK_MS = 50 /* a question never waits longer for a lock */
};

struct graylist {
	char *path;
	struct store *store; /* NULL: there is no file, or it cannot be read */
	int64_t looked;      /* when the file was looked at last */
	struct err sick;     /* why it cannot be read; empty: it can, or there is none */
	struct gray_batch *pending, *writing;
	bool given;       /* writing is in a worker's hands */
	bool failing;     /* that it cannot be written was said */
	int64_t due;      /* of pending, or of the next try of writing */
	uint64_t dropped; /* notes that found no room since that was said */
};

/* ---- keys and rows ---- */

/* Letters, digits, '.', '-' and '@' count; spamdyke's folders may have '_' for any other byte. */
static char canonical(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || c == '@' ? ascii_lower(c) : '_';
}

static void id_add(struct gray_id *id, struct str part)
{
	part = str_take(part, GRAY_PART_MAX);
	for (size_t i = 0; i < part.n; i++)
		id->text[id->n++] = canonical(part.p[i]);
}

void gray_id(struct gray_id *out, enum gray_kind kind, const struct gray_key *key)
{
	out->text[0] = (char)kind;
	out->n = 1;
	id_add(out, key->rcpt);
	out->text[out->n++] = '\n';
	id_add(out, key->sender);
	out->text[out->n++] = '\n';
	id_add(out, key->network);
}

static struct str id_str(const struct gray_id *id)
{
	return str_mem(id->text, id->n);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void gray_merge(struct gray_row *row, const struct gray_row *more)
{
	bool over = row->first == 0 || more->anew || (more->passed == 0 && row->until < more->first);

	if (over) {
		bool anew = row->anew || more->anew;

		*row = *more;
		row->anew = anew;
		return;
	}
	if (more->first > 0 && more->first < row->first)
		row->first = more->first;
	row->passed = later(row->passed, more->passed);
	row->until = later(row->until, more->until);
}

struct gray_batch *gray_batch_new(void)
{
	struct gray_batch *b = mem_alloc(sizeof(*b));

	b->last = &b->first;
	return b;
}

void gray_batch_free(struct gray_batch *b)
{
	struct gray_change *x;

	if (b == NULL)
		return;
	while ((x = b->first) != NULL) {
		b->first = x->next;
		free(x);
	}
	map_clear(&b->by_id);
	free(b);
}

void gray_batch_add(struct gray_batch *b, const struct gray_id *id, const struct gray_row *row)
{
	struct gray_change *x = map_get(&b->by_id, id_str(id));
	char *text;

	if (x == NULL) {
		x = mem_alloc(sizeof(*x) + id->n);
		text = (char *)(x + 1);
		memcpy(text, id->text, id->n);
		x->id = str_mem(text, id->n);
		*b->last = x;
		b->last = &x->next;
		b->n++;
		map_put(&b->by_id, x->id, x);
	}
	gray_merge(&x->row, row);
}

/* ---- questions ---- */

struct graylist *graylist_new(const char *path)
{
	struct graylist *g = mem_alloc(sizeof(*g));

	g->path = mem_dupz(path);
	g->looked = INT64_MIN / 2;
	g->due = INT64_MAX;
	g->pending = gray_batch_new();
	return g;
}

const char *graylist_path(const struct graylist *g)
{
	return g->path;
}

static void fall_sick(struct graylist *g, const struct err *e)
{
	if (g->sick.text[0] == '\0')
		say(SAY_ERROR, "the graylist cannot be asked, it puts nobody off: %s", e->text);
	g->sick = *e;
	store_close(g->store);
	g->store = NULL;
}

/* Once a second at most: was it made, removed, replaced? */
static void look_at_file(struct graylist *g)
{
	struct err e = { 0 };

	if (clock_mono() - g->looked < LOOK_MS)
		return;
	g->looked = clock_mono();
	if (g->store != NULL && store_moved(g->store)) {
		store_close(g->store);
		g->store = NULL;
	}
	if (g->store == NULL)
		g->store = gray_open(g->path, LOCK_MS, &e);
	if (g->store == NULL && e.code != ENOENT) {
		fall_sick(g, &e);
		return;
	}
	if (g->sick.text[0] != '\0')
		say(SAY_INFO, "the graylist answers again");
	g->sick = (struct err){ 0 };
}

/* Whoever opens a file first, or closes it last, locks it for a while: it shall be us, who ask, and never a worker. */
void graylist_prepare(struct graylist *g)
{
	struct err e;

	if (g->store == NULL && db_make_file(g->path, &e) == 0) {
		g->looked = INT64_MIN / 2;
		look_at_file(g);
	}
}

static void add_from(const struct gray_batch *b, const struct gray_id *id, struct gray_row *row)
{
	const struct gray_change *x = b != NULL ? map_get(&b->by_id, id_str(id)) : NULL;

	if (x != NULL)
		gray_merge(row, &x->row);
}

static int look_up(struct graylist *g, enum gray_kind kind, const struct gray_key *key, struct gray_row *row,
		   struct err *e)
{
	struct gray_id id;

	gray_id(&id, kind, key);
	*row = (struct gray_row){ 0 };
	if (g->store != NULL && gray_find(g->store, &id, row, e) < 0)
		return -1;
	add_from(g->writing, &id, row);
	add_from(g->pending, &id, row);
	return 0;
}

int graylist_ask(struct graylist *g, const struct gray_key *key, struct gray_known *out, struct err *e)
{
	struct gray_key domain = { .rcpt = str_skip(key->rcpt, (size_t)(str_rchr(key->rcpt, '@') + 1)) };
	struct gray_key pair = { .rcpt = key->rcpt, .sender = key->sender };
	struct gray_row seen, wrote, known;

	look_at_file(g);
	if (g->sick.text[0] != '\0')
		return err_set(e, "%s", g->sick.text);
	if ((g->store != NULL && store_read(g->store, e) < 0) || look_up(g, GRAY_PAIR, key, &seen, e) < 0 ||
	    look_up(g, GRAY_CORRESPONDENT, &pair, &wrote, e) < 0 || look_up(g, GRAY_DOMAIN, &domain, &known, e) < 0) {
		fall_sick(g, e);
		return -1;
	}
	*out = (struct gray_known){
		.domain = known.first > 0,
		.first = seen.first,
		.passed = seen.passed,
		.wrote = wrote.passed,
	};
	return 0;
}

void graylist_rest(struct graylist *g)
{
	struct err e = { 0 };

	if (g->store != NULL && store_rest(g->store, &e) < 0)
		fall_sick(g, &e);
}

/* ---- what is told ---- */

static void say_dropped(struct graylist *g)
{
	if (g->dropped > 0)
		say(SAY_WARNING, "the graylist could not keep %llu entries: too many at once",
		    (unsigned long long)g->dropped);
	g->dropped = 0;
}

void graylist_note(struct graylist *g, const struct gray_event *what, int64_t now)
{
	bool wrote = what->what == GRAY_WROTE;
	struct gray_row row = {
		.first = what->time,
		.passed = what->what >= GRAY_PASSED ? what->time : 0,
		.until = what->until > 0 ? what->until : INT64_MAX,
		.anew = what->what == GRAY_AGAIN,
	};
	struct gray_id id;

	if (g->pending->n >= GRAY_PENDING_MAX) {
		g->dropped++;
		return;
	}
	gray_id(&id, wrote ? GRAY_CORRESPONDENT : GRAY_PAIR, &what->key);
	gray_batch_add(g->pending, &id, &row);
	if (g->due == INT64_MAX && g->writing == NULL)
		g->due = now + GRAY_WAIT_MS;
}

int64_t graylist_due(const struct graylist *g)
{
	return g->given ? INT64_MAX : g->due;
}

const struct gray_batch *graylist_give(struct graylist *g, int64_t now)
{
	if (g->given || now < g->due)
		return NULL;
	if (g->writing == NULL) {
		g->writing = g->pending;
		g->pending = gray_batch_new();
	}
	graylist_prepare(g);
	g->given = true;
	g->due = INT64_MAX;
	say_dropped(g);
	return g->writing;
}

/* A batch that could not be written goes on counting, and is tried again. */
void graylist_written(struct graylist *g, const struct err *failed, int64_t now)
{
	g->given = false;
	if (failed != NULL) {
		if (!g->failing)
			say(SAY_ERROR, "the graylist cannot be written, it is kept in memory: %s", failed->text);
		g->failing = true;
		g->due = now + GRAY_WAIT_MS;
		return;
	}
	if (g->failing)
		say(SAY_INFO, "the graylist is written again");
	g->failing = false;
	gray_batch_free(g->writing);
	g->writing = NULL;
	g->due = g->pending->n > 0 ? now + GRAY_WAIT_MS : INT64_MAX;
}

/* One try more: then what is left is lost. */
static void write_last(struct graylist *g, const struct gray_batch *b)
{
	struct err e = { 0 };

	if (b != NULL && b->n > 0 && gray_write(g->path, b, GRAY_MOST, clock_wall(), &e) < 0)
		say(SAY_ERROR, "the graylist's last %zu entries cannot be written: %s", b->n, e.text);
}

void graylist_free(struct graylist *g)
{
	if (g == NULL)
		return;
	write_last(g, g->writing);
	write_last(g, g->pending);
	gray_batch_free(g->writing);
	gray_batch_free(g->pending);
	store_close(g->store);
	free(g->path);
	free(g);
}
