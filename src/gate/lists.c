#include "gate/lists.h"

/* One list as the configuration has it. */
struct written {
	const struct conf *c;
	const char *option;
	const struct conf_list *entries, *files;
};

static int add_entries(struct list *l, const struct written *w, struct err *e)
{
	const char *why;

	for (size_t i = 0; i < w->entries->n; i++)
		if (list_add(l, w->entries->at[i], &why) < 0)
			return err_set(e, "%s:%d: %s-entry \"%s\": %s", conf_z(w->c->file), w->entries->line[i],
				       w->option, conf_z(w->entries->at[i]), why);
	return 0;
}

static int add_files(struct list *l, const struct written *w, struct err *e)
{
	for (size_t i = 0; i < w->files->n; i++) {
		const char *path = conf_z(w->files->at[i]);
		BUF(text);

		if (list_slurp(path, &text, e) < 0)
			return err_wrap(e, "%s:%d: %s-file", conf_z(w->c->file), w->files->line[i], w->option);
		if (list_add_text(l, buf_str(&text), path, e) < 0)
			return -1;
	}
	return 0;
}

static int make(struct list **out, enum list_kind kind, struct written w, struct err *e)
{
	*out = list_new(kind);
	if (add_entries(*out, &w, e) < 0 || add_files(*out, &w, e) < 0)
		return -1;
	list_seal(*out);
	return 0;
}

/* clang-format off */
int lists_read(const struct conf *c, struct lists *out, struct err *e)
{
	*out = (struct lists){ 0 };
#define WRITTEN(section, name, option) (struct written){ c, option, &c->section.name##_entry, &c->section.name##_file }
#define LIST(section, name, kind, option) \
	if (make(&out->name, kind, WRITTEN(section, name, option), e) < 0) \
		goto fail;
#include "gate/lists.def"
#undef LIST
	return 0;
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

int lists_check(const struct conf *c, struct err *e)
{
	struct lists l;

	if (lists_read(c, &l, e) < 0)
		return -1;
	lists_clear(&l);
	return 0;
}
