/* The end of `telltale gate import`: config-dir is tried, the text is printed. */
#include <stdio.h>
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/gate_import_inside.h"
#include "gate/rules.h"
#include "gate/settings.h"

/* Each file by itself, over what nobody has set. */
struct trial {
	struct import *m;
	struct policy base;
	struct list_files files;
};

static int try_settings(void *arg, const struct config_file *f, struct err *e)
{
	struct trial *t = arg;
	struct settings s = settings_of_file(f);
	struct policy p;
	ARENA(a);

	if (policy_over(&t->base, &s, 1, &t->files, &a, &p, e) == 0) {
		policy_clear(&p, &t->base);
	} else {
		import_comment(t->m, "%s", e->text);
		t->m->by_hand++;
	}
	return 0;
}

void import_try_dirs(struct import *m)
{
	struct conf nothing;
	struct trial t = { .m = m };
	struct err e;
	BUF(lists);
	BUF(packed);

	if (conf_parse(&nothing, str_of(NULL), "", &e) < 0)
		return;
	t.base.set = nothing.gate;
	t.files.pack = &lists;
	if (config_dirs_pack(&m->scratch.gate, SIZE_MAX, &packed, try_settings, &t, &e) < 0) {
		import_comment(m, "%s", e.text);
		m->by_hand++;
	}
	list_files_clear(&t.files);
	conf_clear(&nothing);
}

static bool is_plain(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isalnum(value.p[i]) && value.p[i] != '-')
			return false;
	return value.n > 0;
}

/* Between single quotes a ${...} is what it looks like. */
static void put_value(struct buf *b, struct str value)
{
	const char quote = str_find(value, STR("${")) < 0 ? '"' : '\'';

	if (is_plain(value)) {
		buf_addstr(b, value);
		return;
	}
	buf_addc(b, quote);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == quote || value.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, value.p[i]);
	}
	buf_addc(b, quote);
}

static void put_text(struct import *m, struct buf *b)
{
	buf_adds(b, "gate {\n");
	for (size_t i = 0; i < m->n; i++) {
		const struct item *x = &m->items[i];

		if (x->option == NULL) {
			buf_fmt(b, "\t# %.*s\n", STR_ARG(x->text));
		} else if (!x->dropped) {
			buf_fmt(b, "\t%.*s = ", STR_ARG(x->name));
			put_value(b, x->text);
			buf_addc(b, '\n');
			m->taken++;
		}
	}
	buf_adds(b, "}\n");
}

/* What we print we must be able to read. */
int import_print(struct import *m)
{
	struct conf c;
	struct err e;
	BUF(b);

	put_text(m, &b);
	if (conf_parse(&c, buf_str(&b), "the result", &e) < 0)
		return args_fail(CLI_BUG, "%s", e.text);
	conf_clear(&c);
	fwrite(b.p, 1, b.n, stdout);
	fprintf(stderr, "%zu options taken over, %zu to be looked at by hand, %zu not needed here\n", m->taken,
		m->by_hand, m->needless);
	return m->by_hand > 0 ? CLI_NO : CLI_DONE;
}
