#include "gate/lists.h"

#include "gate/packed.h"

/* Where the options of one list stand in struct conf_gate, and the list in struct lists; folders: 0 is none. */
struct row {
	size_t list, entry, file, folder;
	enum list_kind kind;
	const char *option;
};

/* clang-format off */
static const struct row rows[] = {
#define LIST(section, name, kind, option) \
	{ offsetof(struct lists, name), offsetof(struct conf_##section, name##_entry), \
	  offsetof(struct conf_##section, name##_file), 0, kind, option },
#define LIST_FOLDERS(section, name, kind, option) \
	{ offsetof(struct lists, name), offsetof(struct conf_##section, name##_entry), \
	  offsetof(struct conf_##section, name##_file), offsetof(struct conf_##section, name##_dir), kind, option },
#include "gate/lists.def"
};
/* clang-format on */

static struct list **list_at(struct lists *l, const struct row *r)
{
	return (struct list **)((char *)l + r->list);
}

static const struct conf_list *values(const struct conf_gate *set, size_t at)
{
	return (const struct conf_list *)((const char *)set + at);
}

/* ---- files and folders ---- */

/* Packed is, for each of them: ONE, its key, its text (of a folder: its files' paths); then END.
 * The key is its kind, whether it is a folder, its path. */
enum { ONE_MARK = 'f', END_MARK = 'e', KEY_HEAD = 2 };

struct source {
	char mark;
	const char *ending; /* of the option */
	int (*slurp)(const char *path, struct buf *out, struct err *e);
	int (*add)(struct list *l, struct str text, const char *path, struct err *e);
};
static const struct source file = { 'f', "file", list_slurp, list_add_text };
static const struct source folder = { 'd', "dir", list_walk, list_add_paths };

static const struct list *add_one(struct list_files *f, struct str key, struct str text, struct err *e)
{
	const struct source *s = key.p[1] == folder.mark ? &folder : &file;
	struct list *l = list_new((enum list_kind)(key.p[0] - 'a'));

	if (s->add(l, text, conf_z(str_skip(key, KEY_HEAD)), e) < 0) {
		list_free(l);
		return NULL;
	}
	list_seal(l);
	list_free(map_put(&f->by, key, l));
	return l;
}

static const struct list *read_one(struct list_files *f, struct str key, const struct source *s, struct err *e)
{
	BUF(text);

	if (s->slurp(conf_z(str_skip(key, KEY_HEAD)), &text, e) < 0)
		return NULL;
	if (f->pack->n + key.n + text.n > LISTS_PACKED_MAX) {
		err_set(e, "all files of lists together are too large");
		return NULL;
	}
	buf_addc(f->pack, ONE_MARK);
	packed_str(f->pack, key);
	packed_str(f->pack, buf_str(&text));
	return add_one(f, key, buf_str(&text), e);
}

/* The list of that file or folder, or NULL with *e. */
static const struct list *list_of(struct list_files *f, enum list_kind kind, struct str path, const struct source *s,
				  struct err *e)
{
	const struct list *l;
	BUF(key);

	buf_addc(&key, (char)('a' + (int)kind));
	buf_addc(&key, s->mark);
	buf_addstr(&key, path);
	l = map_get(&f->by, buf_str(&key));
	if (l != NULL)
		return l;
	if (f->pack != NULL)
		return read_one(f, arena_str(&f->mem, buf_str(&key)), s, e);
	err_set(e, "its content was not handed over");
	return NULL;
}

void list_files_end(struct list_files *f)
{
	buf_addc(f->pack, END_MARK);
}

int list_files_take(struct list_files *f, struct cur *packed, struct err *e)
{
	if (cur_end(packed))
		return 0;
	while (cur_try(packed, ONE_MARK)) {
		struct str key = arena_str(&f->mem, packed_take(packed)), text = packed_take(packed);

		if (!cur_ok(packed) || key.n <= KEY_HEAD || key.p[0] < 'a' || key.p[0] > 'a' + LIST_ZONE)
			break;
		if (add_one(f, key, text, e) == NULL)
			return -1;
	}
	return cur_try(packed, END_MARK) ? 0 : err_set(e, "what was handed over is cut");
}

void list_files_clear(struct list_files *f)
{
	struct list *l;
	struct str key;
	size_t i = 0;

	while ((l = map_next(&f->by, &i, &key)) != NULL)
		list_free(l);
	map_clear(&f->by);
	arena_clear(&f->mem);
}

/* ---- lists ---- */

static int add_entries(struct list *l, const struct lists_of *x, const struct row *r, struct err *e)
{
	const struct conf_list *from = values(x->set, r->entry);
	const char *why;

	for (size_t i = 0; i < from->n; i++)
		if (list_add(l, from->at[i], &why) < 0)
			return err_set(e, "%s:%d: %s-entry \"%s\": %s", x->file, from->line[i], r->option,
				       conf_z(from->at[i]), why);
	return 0;
}

/* All files, or all folders, of a list. */
static int add_files(struct list *l, const struct lists_of *x, const struct row *r, const struct source *s,
		     struct list_files *files, struct err *e)
{
	const struct conf_list *from = values(x->set, s == &file ? r->file : r->folder);

	for (size_t i = 0; i < from->n; i++) {
		const struct list *f;
		const char *words;
		struct err why;

		f = list_of(files, r->kind, from->at[i], s, &why);
		if (f == NULL)
			return err_set(e, "%s:%d: %s-%s: %s", x->file, from->line[i], r->option, s->ending, why.text);
		if (list_follow(l, f, &words) < 0)
			return err_set(e, "%s:%d: %s-%s: %s", x->file, from->line[i], r->option, s->ending, words);
	}
	return 0;
}

static bool same(const struct conf_list *a, const struct conf_list *b)
{
	return a->n == b->n && (a->n == 0 || a->at == b->at);
}

static bool is_unders(const struct lists_of *x, const struct row *r)
{
	return x->under != NULL && same(values(x->set, r->entry), values(x->under_set, r->entry)) &&
	       same(values(x->set, r->file), values(x->under_set, r->file)) &&
	       (r->folder == 0 || same(values(x->set, r->folder), values(x->under_set, r->folder)));
}

static int make(const struct lists_of *x, const struct row *r, struct list_files *files, struct list **out,
		struct err *e)
{
	if (is_unders(x, r)) {
		*out = *list_at((struct lists *)(uintptr_t)x->under, r);
		return 0;
	}
	*out = list_new(r->kind);
	if (add_entries(*out, x, r, e) < 0 || add_files(*out, x, r, &file, files, e) < 0)
		return -1;
	if (r->folder != 0 && add_files(*out, x, r, &folder, files, e) < 0)
		return -1;
	list_seal(*out);
	return 0;
}

int lists_make(const struct lists_of *x, struct list_files *files, struct lists *out, struct err *e)
{
	*out = (struct lists){ 0 };
	for (size_t i = 0; i < COUNT(rows); i++)
		if (make(x, &rows[i], files, list_at(out, &rows[i]), e) < 0) {
			lists_clear(out, x->under);
			return -1;
		}
	return 0;
}

void lists_clear(struct lists *l, const struct lists *under)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct list **own = list_at(l, &rows[i]);

		if (under == NULL || *own != *list_at((struct lists *)(uintptr_t)under, &rows[i]))
			list_free(*own);
		*own = NULL;
	}
}

/* ---- one file or folder ---- */

static int source_fits(enum list_kind kind, const struct source *s, struct str path, struct err *e)
{
	struct list *l = list_new(kind);
	BUF(text);
	int rc = s->slurp(conf_z(path), &text, e);

	if (rc == 0)
		rc = s->add(l, buf_str(&text), conf_z(path), e);
	list_free(l);
	return rc;
}

int lists_source_fits(struct str option, struct str value, struct err *e)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str name = str_of(rows[i].option), what = str_skip(option, name.n);

		if (!str_starts(option, name))
			continue;
		if (str_eqz(what, "-file"))
			return source_fits(rows[i].kind, &file, value, e);
		if (rows[i].folder != 0 && str_eqz(what, "-dir"))
			return source_fits(rows[i].kind, &folder, value, e);
	}
	return 0;
}
