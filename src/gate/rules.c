#include "gate/rules.h"

#include "gate/settings.h"

static int make_lists(struct rules *r, const struct conf *c, struct err *e)
{
	struct lists_of x = { .set = &c->gate, .file = conf_z(c->file) };

	return lists_make(&x, &r->files, &r->lists, e);
}

int rules_read(const struct conf *c, struct buf *packed, struct rules *out, struct err *e)
{
	struct cur cur;

	*out = (struct rules){ .packed = *packed };
	*packed = (struct buf)BUF_INIT;
	cur = cur_of(buf_str(&out->packed));
	if (list_files_take(&out->files, &cur, e) < 0 || make_lists(out, c, e) < 0)
		goto fail;
	if (config_dirs_read(&out->dirs, &c->gate, &cur) && cur_end(&cur))
		return 0;
	err_set(e, "%s: the files of another configuration were handed over", conf_z(c->file));
fail:
	rules_clear(out);
	return -1;
}

void rules_clear(struct rules *r)
{
	lists_clear(&r->lists, NULL);
	config_dirs_clear(&r->dirs);
	list_files_clear(&r->files);
	buf_clear(&r->packed);
}

/* Each file of config-dir is tried by itself over what the configuration says. */
struct trial {
	struct list_files *files;
	struct policy under;
};

static int try_file(void *arg, const struct config_file *f, struct err *e)
{
	struct trial *t = arg;
	struct settings s = settings_of_file(f);
	ARENA(a);
	struct policy p;

	if (policy_over(&t->under, &s, 1, t->files, &a, &p, e) < 0)
		return -1;
	policy_clear(&p, &t->under);
	return 0;
}

int rules_pack(const struct conf *c, struct buf *out, struct err *e)
{
	struct rules r = { .files.pack = out };
	struct trial t = { .files = &r.files };
	int rc = make_lists(&r, c, e);
	BUF(trees);

	t.under = (struct policy){ .set = c->gate, .lists = r.lists };
	if (rc == 0)
		rc = config_dirs_pack(&c->gate, LISTS_PACKED_MAX, &trees, try_file, &t, e);
	list_files_end(&r.files);
	buf_addstr(out, buf_str(&trees));
	rules_clear(&r);
	return rc;
}

int rules_check(const struct conf *c, struct err *e)
{
	BUF(packed);

	return rules_pack(c, &packed, e);
}
