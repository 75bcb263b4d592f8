#include "gate/lists.h"

#include "base/cur.h"

/* One list as the configuration has it. */
struct written {
	const struct conf *c;
	const char *option;
	const struct conf_list *entries, *files;
};

/* clang-format off */
#define WRITTEN(section, name, option) \
	(struct written){ c, option, &c->section.name##_entry, &c->section.name##_file }
/* clang-format on */

static int add_entries(struct list *l, const struct written *w, struct err *e)
{
	const char *why;

	for (size_t i = 0; i < w->entries->n; i++)
		if (list_add(l, w->entries->at[i], &why) < 0)
			return err_set(e, "%s:%d: %s-entry \"%s\": %s", conf_z(w->c->file), w->entries->line[i],
				       w->option, conf_z(w->entries->at[i]), why);
	return 0;
}

/* Packed is each file in the order of the lists and of the configuration: its length (u64), its bytes. */
static int add_files(struct list *l, const struct written *w, struct cur *packed, struct err *e)
{
	for (size_t i = 0; i < w->files->n; i++) {
		uint64_t n = cur_u64(packed);
		struct str text = cur_take(packed, n, "cut");

		if (!cur_ok(packed))
			return err_set(e, "%s:%d: %s-file: its content was not handed over", conf_z(w->c->file),
				       w->files->line[i], w->option);
		if (list_add_text(l, text, conf_z(w->files->at[i]), e) < 0)
			return -1;
	}
	return 0;
}

static int make(struct list **out, enum list_kind kind, struct written w, struct cur *packed, struct err *e)
{
	*out = list_new(kind);
	if (add_entries(*out, &w, e) < 0 || add_files(*out, &w, packed, e) < 0)
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
#include "gate/lists.def"
#undef LIST
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
#undef LIST
	*l = (struct lists){ 0 };
}

static int entry_fits(enum list_kind kind, struct str value, struct err *e)
{
	struct list *l = list_new(kind);
	const char *why;
	int rc = list_add(l, value, &why);

	list_free(l);
	return rc == 0 ? 0 : err_set(e, "\"%.*s\": %s", STR_ARG(str_take(value, 100)), why);
}

int lists_entry_fits(struct str option, struct str value, struct err *e)
{
#define LIST(section, name, kind, option_name) \
	if (str_eqz(option, option_name "-entry")) \
		return entry_fits(kind, value, e);
#include "gate/lists.def"
#undef LIST
	return 0;
}

static int pack(struct written w, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < w.files->n; i++) {
		BUF(text);

		if (list_slurp(conf_z(w.files->at[i]), &text, e) < 0)
			return err_wrap(e, "%s:%d: %s-file", conf_z(w.c->file), w.files->line[i], w.option);
		if (out->n + sizeof(uint64_t) + text.n > LISTS_PACKED_MAX)
			return err_set(e, "%s:%d: %s-file: all files of lists together are too large",
				       conf_z(w.c->file), w.files->line[i], w.option);
		for (int shift = 0; shift < 64; shift += 8)
			buf_addc(out, (char)(text.n >> shift));
		buf_addstr(out, buf_str(&text));
	}
	return 0;
}

int lists_pack(const struct conf *c, struct buf *out, struct err *e)
{
	size_t before = out->n;
	struct lists l;

#define LIST(section, name, kind, option) \
	if (pack(WRITTEN(section, name, option), out, e) < 0) \
		return -1;
#include "gate/lists.def"
#undef LIST
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
