#include "gate/lists.h"

#include "base/cur.h"

/* One list as the configuration has it. */
struct written {
	const struct conf *c;
	const char *option;
	const struct conf_list *entries, *files, *folders;
};

/* clang-format off */
#define WRITTEN(section, name, option) \
	(struct written){ c, option, &c->section.name##_entry, &c->section.name##_file, &no_folders }
#define WRITTEN_FOLDERS(section, name, option) \
	(struct written){ c, option, &c->section.name##_entry, &c->section.name##_file, &c->section.name##_dir }
/* clang-format on */
static const struct conf_list no_folders;

static int add_entries(struct list *l, const struct written *w, struct err *e)
{
	const char *why;

	for (size_t i = 0; i < w->entries->n; i++)
		if (list_add(l, w->entries->at[i], &why) < 0)
			return err_set(e, "%s:%d: %s-entry \"%s\": %s", conf_z(w->c->file), w->entries->line[i],
				       w->option, conf_z(w->entries->at[i]), why);
	return 0;
}

/* What is read: files and folders. */
struct source {
	const char *kind; /* as the option's name ends */
	int (*slurp)(const char *path, struct buf *out, struct err *e);
	int (*add)(struct list *l, struct str text, const char *path, struct err *e);
};
static const struct source file = { "file", list_slurp, list_add_text };
static const struct source folder = { "dir", list_walk, list_add_paths };

/* Packed is each file and each folder in the order of the lists and of the configuration: its length (u64), its bytes,
 * which of a folder are its files' paths. */
static int unpack(struct list *l, const struct written *w, const struct conf_list *from, const struct source *s,
		  struct cur *packed, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		uint64_t n = cur_u64(packed);
		struct str text = cur_take(packed, n, "cut");

		if (!cur_ok(packed))
			return err_set(e, "%s:%d: %s-%s: its content was not handed over", conf_z(w->c->file),
				       from->line[i], w->option, s->kind);
		if (s->add(l, text, conf_z(from->at[i]), e) < 0)
			return -1;
	}
	return 0;
}

static int make(struct list **out, enum list_kind kind, struct written w, struct cur *packed, struct err *e)
{
	*out = list_new(kind);
	if (add_entries(*out, &w, e) < 0 || unpack(*out, &w, w.files, &file, packed, e) < 0 ||
	    unpack(*out, &w, w.folders, &folder, packed, e) < 0)
		return -1;
	list_seal(*out);
	return 0;
}

int lists_read(const struct conf *c, struct str packed, struct lists *out, struct err *e)
{
	struct cur cur = cur_of(packed);

	*out = (struct lists){ 0 };
#define LIST(section, name, kind, option) \
	if (make(&out->name, kind, WRITTEN(section, name, option), &cur, e) < 0) \
		goto fail;
#define LIST_FOLDERS(section, name, kind, option) \
	if (make(&out->name, kind, WRITTEN_FOLDERS(section, name, option), &cur, e) < 0) \
		goto fail;
#include "gate/lists.def"
	if (cur_end(&cur))
		return 0;
	err_set(e, "%s: the files of another configuration's lists were handed over", conf_z(c->file));
fail:
	lists_clear(out);
	return -1;
}

void lists_clear(struct lists *l)
{
#define LIST(section, name, kind, option) list_free(l->name);
#include "gate/lists.def"
	*l = (struct lists){ 0 };
}

static int pack_from(const struct written *w, const struct conf_list *from, const struct source *s, struct buf *out,
		     struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		BUF(text);

		if (s->slurp(conf_z(from->at[i]), &text, e) < 0)
			return err_wrap(e, "%s:%d: %s-%s", conf_z(w->c->file), from->line[i], w->option, s->kind);
		if (out->n + sizeof(uint64_t) + text.n > LISTS_PACKED_MAX)
			return err_set(e, "%s:%d: %s-%s: all files of lists together are too large", conf_z(w->c->file),
				       from->line[i], w->option, s->kind);
		for (int shift = 0; shift < 64; shift += 8)
			buf_addc(out, (char)(text.n >> shift));
		buf_addstr(out, buf_str(&text));
	}
	return 0;
}

static int pack(struct written w, struct buf *out, struct err *e)
{
	return pack_from(&w, w.files, &file, out, e) < 0 ? -1 : pack_from(&w, w.folders, &folder, out, e);
}

int lists_pack(const struct conf *c, struct buf *out, struct err *e)
{
	size_t before = out->n;
	struct lists l;

#define LIST(section, name, kind, option) \
	if (pack(WRITTEN(section, name, option), out, e) < 0) \
		return -1;
#define LIST_FOLDERS(section, name, kind, option) \
	if (pack(WRITTEN_FOLDERS(section, name, option), out, e) < 0) \
		return -1;
#include "gate/lists.def"
	if (lists_read(c, str_skip(buf_str(out), before), &l, e) < 0)
		return -1;
	lists_clear(&l);
	return 0;
}

int lists_check(const struct conf *c, struct err *e)
{
	BUF(packed);

	return lists_pack(c, &packed, e);
}
