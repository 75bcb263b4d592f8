/* What answers need beside stories: the files, what was not read, the clock of the logs. */
#include "index/bytes.h"
#include "index/inside.h"

enum { STEPS_MAX = 256, FILES_MAX = SOURCE_FILES_MAX };

static void put_file(struct buf *b, const struct source_file *f)
{
	const struct source_id none = { 0 }, *id = f->seen != NULL ? &f->seen->id : &none;
	const struct unpacked *u = &f->packed;

	bytes_put_str(b, f->path);
	bytes_put_str(b, f->label);
	bytes_put(b, f->family);
	bytes_put(b, u->form);
	bytes_put(b, u->end);
	bytes_put(b, u->size);
	bytes_put(b, u->at);
	bytes_put_str(b, str_of(u->why));
	bytes_put(b, f->text.n);
	bytes_put_int(b, f->mtime);
	bytes_put(b, f->lines);
	bytes_put(b, f->unreadable);
	bytes_put(b, f->strangers);
	bytes_put_int(b, f->first_year);
	bytes_put(b, f->year_voted);
	bytes_put_int(b, f->opens);
	bytes_put_int(b, f->begins);
	bytes_put(b, f->servers);
	bytes_put_int(b, f->first);
	bytes_put_int(b, f->last);
	bytes_put_int(b, f->log_last);
	bytes_put(b, f->torn);
	bytes_put(b, id->key[0]);
	bytes_put(b, id->key[1]);
	bytes_put(b, id->size);
	bytes_put_int(b, id->mtime);
}

static struct str copied(struct arena *a, struct cur *c)
{
	return arena_str(a, bytes_take_str(c));
}

static void take_file(struct cur *c, struct arena *a, struct source_file *f, struct index_file *own)
{
	struct unpacked *u = &f->packed;
	uint64_t family, form, end;

	f->path = copied(a, c);
	f->label = copied(a, c);
	family = bytes_take(c);
	form = bytes_take(c);
	end = bytes_take(c);
	if (family >= LOG_FAMILIES || form > UNPACK_OTHER || end > UNPACK_SHRANK)
		cur_fail(c, "no such kind of file");
	f->family = (enum log_family)family;
	u->form = (enum unpack_form)form;
	u->end = (enum unpack_end)end;
	u->size = bytes_take(c);
	u->at = bytes_take(c);
	u->why = copied(a, c).p;
	f->text = (struct buf){ .n = bytes_take(c) };
	f->mtime = bytes_take_int(c);
	f->lines = bytes_take(c);
	f->unreadable = bytes_take(c);
	f->strangers = bytes_take(c);
	f->first_year = (int)bytes_take_int(c);
	f->year_voted = bytes_take(c) != 0;
	f->opens = bytes_take_int(c);
	f->begins = bytes_take_int(c);
	f->servers = (unsigned)bytes_take(c);
	f->first = bytes_take_int(c);
	f->last = bytes_take_int(c);
	f->log_last = bytes_take_int(c);
	f->torn = bytes_take(c) != 0;
	own->id.key[0] = bytes_take(c);
	own->id.key[1] = bytes_take(c);
	own->id.size = bytes_take(c);
	own->id.mtime = bytes_take_int(c);
}

static void put_skipped(struct buf *b, const struct source *s)
{
	size_t n = 0;

	for (const struct source_skip *k = s->skipped; k != NULL; k = k->next)
		n++;
	bytes_put(b, n);
	for (const struct source_skip *k = s->skipped; k != NULL; k = k->next) {
		bytes_put_str(b, k->path);
		bytes_put_str(b, k->why);
		bytes_put(b, k->lost);
	}
}

static void take_skipped(struct cur *c, struct source *s)
{
	struct source_skip **end = &s->skipped;

	for (size_t n = bytes_take_count(c); n > 0 && c->why == NULL; n--) {
		struct source_skip *k = arena_alloc(&s->mem, sizeof(*k));

		k->path = copied(&s->mem, c);
		k->why = copied(&s->mem, c);
		k->lost = bytes_take(c) != 0;
		*end = k;
		end = &k->next;
	}
}

static void put_zone(struct buf *b, const struct zone_table *z)
{
	bytes_put(b, z->source);
	bytes_put(b, z->outliers);
	bytes_put(b, z->nsteps);
	for (size_t i = 0; i < z->nsteps; i++) {
		bytes_put_int(b, z->steps[i].from);
		bytes_put_int(b, z->steps[i].offset);
	}
}

static void take_zone(struct cur *c, struct arena *a, struct zone_table *z)
{
	uint64_t source = bytes_take(c);

	if (source > ZONE_ASSUMED)
		cur_fail(c, "no such source of a zone");
	z->source = (enum zone_source)source;
	z->outliers = bytes_take(c);
	z->nsteps = bytes_take_count(c);
	if (z->nsteps > STEPS_MAX)
		cur_fail(c, "too many changes of the zone");
	if (c->why != NULL)
		return;
	z->steps = arena_alloc(a, (z->nsteps + 1) * sizeof(*z->steps));
	for (size_t i = 0; i < z->nsteps; i++) {
		z->steps[i].from = bytes_take_int(c);
		z->steps[i].offset = (int)bytes_take_int(c);
	}
}

static void put_hops(struct buf *b, const struct book *k)
{
	bytes_put(b, k->nhop_skews);
	for (const struct hop_skew *x = k->hop_skews; x != NULL; x = x->next) {
		bytes_put(b, x->from);
		bytes_put(b, x->to);
		bytes_put_str(b, x->from_host);
		bytes_put_str(b, x->to_host);
		bytes_put(b, x->n);
		bytes_put_int(b, x->median);
	}
}

static void take_hops(struct cur *c, struct arena *a, struct book *k)
{
	struct hop_skew **end = &k->hop_skews;

	k->nhop_skews = bytes_take_count(c);
	for (size_t n = k->nhop_skews; n > 0 && c->why == NULL; n--) {
		struct hop_skew *x = arena_alloc(a, sizeof(*x));

		x->from = bytes_take(c);
		x->to = bytes_take(c);
		x->from_host = copied(a, c);
		x->to_host = copied(a, c);
		x->n = bytes_take(c);
		x->median = bytes_take_int(c);
		*end = x;
		end = &x->next;
	}
}

static void put_book(struct buf *b, const struct book *k)
{
	bytes_put_int(b, k->oldest);
	bytes_put_int(b, k->newest);
	bytes_put(b, k->year_proven);
	bytes_put(b, k->year_guessed);
	put_zone(b, &k->zone);
	bytes_put(b, k->skew != NULL);
	for (size_t i = 0; k->skew != NULL && i < k->source->n; i++)
		bytes_put_int(b, k->skew[i]);
	put_hops(b, k);
}

static void take_book(struct cur *c, struct arena *a, struct book *k, size_t files)
{
	k->oldest = bytes_take_int(c);
	k->newest = bytes_take_int(c);
	k->year_proven = bytes_take(c) != 0;
	k->year_guessed = bytes_take(c) != 0;
	take_zone(c, a, &k->zone);
	if (bytes_take(c) != 0)
		k->skew = arena_alloc(a, (files + 1) * sizeof(*k->skew));
	for (size_t i = 0; k->skew != NULL && i < files; i++)
		k->skew[i] = bytes_take_int(c);
	take_hops(c, a, k);
}

static void put_keys(struct buf *b, const struct pack_keys *keys)
{
	bytes_put(b, keys->n);
	for (size_t i = 0; i < keys->n; i++)
		bytes_put_str(b, str_of(keys->at[i]));
	for (int of = 0; of < PACK_STRUCTS; of++) {
		bytes_put(b, keys->shapes[of].n);
		for (size_t i = 0; i < keys->shapes[of].n; i++)
			bytes_put(b, keys->shapes[of].at[i]);
	}
}

static void take_keys(struct cur *c, struct arena *a, struct pack_keys *keys)
{
	keys->n = bytes_take_count(c);
	if (keys->n > PACK_KEYS_MAX)
		cur_fail(c, "too many keys");
	for (size_t i = 0; c->why == NULL && i < keys->n; i++)
		keys->at[i] = copied(a, c).p;
	for (int of = 0; of < PACK_STRUCTS && c->why == NULL; of++) {
		keys->shapes[of].n = bytes_take_count(c);
		if (keys->shapes[of].n > PACK_SHAPES_MAX)
			cur_fail(c, "too many shapes");
		for (size_t i = 0; c->why == NULL && i < keys->shapes[of].n; i++)
			keys->shapes[of].at[i] = bytes_take(c);
	}
}

void root_put(struct buf *b, const struct source *s, const struct book *k, const struct pack_keys *keys)
{
	bytes_put(b, s->n);
	for (size_t i = 0; i < s->n; i++)
		put_file(b, &s->files[i]);
	put_skipped(b, s);
	put_book(b, k);
	put_keys(b, keys);
}

void root_take(struct cur *c, struct index *x)
{
	struct source *s = &x->own;
	size_t n = bytes_take_count(c);

	if (n > FILES_MAX)
		cur_fail(c, "too many files");
	if (c->why != NULL)
		return;
	s->files = mem_alloc((n + 1) * sizeof(*s->files));
	s->cap = n + 1;
	x->files = arena_alloc(&x->mem, (n + 1) * sizeof(*x->files));
	for (size_t i = 0; i < n; i++)
		x->files[i].fd = -1;
	x->nfiles = n;
	for (; s->n < n && c->why == NULL; s->n++)
		take_file(c, &s->mem, &s->files[s->n], &x->files[s->n]);
	take_skipped(c, s);
	take_book(c, &x->mem, &x->facts, s->n);
	take_keys(c, &x->mem, &x->keys);
}
