#include "gate/config_dir.h"

#include <string.h>
#include "gate/ip_range.h"
#include "gate/packed.h"

static const char *const marks[CONFIG_KINDS] = {
	[CONFIG_IP] = "_ip_",
	[CONFIG_RDNS] = "_rdns_",
	[CONFIG_SENDER] = "_sender_",
	[CONFIG_RECIPIENT] = "_recipient_",
};

const char *config_mark(enum config_kind kind)
{
	return marks[kind];
}

bool config_file_of(const struct config_file *f, enum config_kind kind)
{
	struct str rest = str_skip(f->path, f->root), word;
	bool user = false;

	while (str_cut(rest, STR("/"), &word, &rest)) {
		if (!user && str_eqz(word, marks[kind]))
			return true;
		user = !user && str_eqz(word, CONFIG_AT);
	}
	return false;
}

bool config_user_byte(char c)
{
	return ascii_isalnum(c) || c == '@' || c == '_' || c == '-' || c == '.';
}

/* ---- the trees, as they were handed over ---- */

static const struct config_file a_folder;

/* Every folder on the way to a file; those of the file before it are there. */
static void add_folders(struct config_dirs *d, struct str path, struct str before)
{
	size_t same = 0;

	while (same < path.n && same < before.n && path.p[same] == before.p[same])
		same++;
	for (size_t i = same; i < path.n; i++)
		if (path.p[i] == '/')
			map_put(&d->at, str_take(path, i), (void *)(uintptr_t)&a_folder);
}

static void add_file(struct config_dirs *d, struct str root, struct str path, struct str text)
{
	struct config_file *f = arena_alloc(&d->mem, sizeof(*f));
	ptrdiff_t slash = str_chr(path, '/');

	f->text = text;
	f->root = root.n;
	f->path = arena_fmt(&d->mem, "%.*s%.*s", STR_ARG(root), STR_ARG(str_skip(path, (size_t)slash)));
	map_put(&d->at, path, f);
	d->nfiles++;
}

/* A tree: its files, ended by an empty path; each path begins with the number of the tree. */
static void take_tree(struct config_dirs *d, struct str root, struct cur *packed)
{
	struct str before = { 0 }, path = packed_take(packed);

	while (path.n > 0) {
		struct str text = packed_take(packed);

		if (!cur_ok(packed))
			return;
		add_folders(d, path, before);
		add_file(d, root, path, text);
		before = path;
		path = packed_take(packed);
	}
}

bool config_dirs_read(struct config_dirs *d, const struct conf_gate *set, struct cur *packed)
{
	*d = (struct config_dirs){
		.ntrees = set->config_dir.n,
		.all = {
			[CONFIG_IP] = conf_has(&set->config_dir_search, "all-ip"),
			[CONFIG_RDNS] = conf_has(&set->config_dir_search, "all-rdns"),
			[CONFIG_SENDER] = conf_has(&set->config_dir_search, "all-sender"),
			[CONFIG_RECIPIENT] = conf_has(&set->config_dir_search, "all-recipient"),
		},
	};
	for (size_t i = 0; i < set->config_dir.n; i++)
		take_tree(d, set->config_dir.at[i], packed);
	return cur_ok(packed);
}

void config_dirs_clear(struct config_dirs *d)
{
	map_clear(&d->at);
	arena_clear(&d->mem);
	*d = (struct config_dirs){ 0 };
}

/* ---- finding ---- */

/* What is looked for of one kind, as a path: "com/example/mail", and the user; empty: nothing is. */
struct target {
	struct str path, user;
};

struct search {
	const struct config_dirs *dirs;
	struct target of[CONFIG_KINDS];
	bool found[CONFIG_KINDS]; /* a file of that kind */
	const struct config_file **out;
	size_t n;
	struct buf at; /* where we are */
	struct arena mem;
};

static struct target ip_target(struct str ip, struct arena *a)
{
	struct ip x;
	BUF(b);

	if (!ip_parse(ip, &x))
		return (struct target){ 0 };
	for (int i = 1; x.b[0] == 6 && i < 17; i += 2)
		buf_fmt(&b, "%s%02x%02x", i > 1 ? "/" : "", x.b[i], x.b[i + 1]);
	for (int i = 13; x.b[0] == 4 && i < 17; i++)
		buf_fmt(&b, "%s%d", i > 13 ? "/" : "", x.b[i]);
	return (struct target){ .path = arena_str(a, buf_str(&b)) };
}

/* A word of a name that would lead elsewhere in the tree. */
static bool leads_astray(struct str word)
{
	for (int k = 0; k < CONFIG_KINDS; k++)
		if (str_eqz(word, marks[k]))
			return true;
	return word.n == 0 || str_chr(word, '/') >= 0 || str_eqz(word, CONFIG_AT);
}

static struct str turned_round(struct str name, struct arena *a)
{
	BUF(b);

	while (name.n > 0) {
		ptrdiff_t dot = str_rchr(name, '.');
		struct str word = str_skip(name, (size_t)(dot + 1));

		if (leads_astray(word))
			return str_of(NULL);
		if (b.n > 0)
			buf_addc(&b, '/');
		buf_addstr(&b, word);
		name = str_take(name, dot < 0 ? 0 : (size_t)dot);
	}
	return arena_lower(a, buf_str(&b));
}

static struct target address_target(struct str address, struct arena *a)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct target t = { 0 };
	char *p;

	if (at <= 0)
		return t;
	t.path = turned_round(str_skip(address, (size_t)at + 1), a);
	if (t.path.n == 0)
		return t;
	t.user = arena_lower(a, str_take(address, (size_t)at));
	p = (char *)(uintptr_t)t.user.p;
	for (size_t i = 0; i < t.user.n; i++)
		if (!config_user_byte(p[i]))
			p[i] = '_';
	return t;
}

static const struct config_file *here(const struct search *s)
{
	return map_get(&s->dirs->at, buf_str(&s->at));
}

static void in_folder(struct search *s);

/* What stands here, a file of this kind or a folder with other kinds in it. */
static void take(struct search *s, enum config_kind kind)
{
	const struct config_file *f = here(s);
	struct target own = s->of[kind];

	if (f == NULL)
		return;
	if (f == &a_folder) {
		s->of[kind] = (struct target){ 0 };
		in_folder(s);
		s->of[kind] = own;
		return;
	}
	s->found[kind] = true;
	if (s->n < CONFIG_FOUND_MAX)
		s->out[s->n++] = f;
}

static bool searched_out(const struct search *s, enum config_kind kind)
{
	return s->found[kind] && !s->dirs->all[kind];
}

/* How much of the path leads to something; its folders are all there. */
static size_t walk(struct search *s, size_t from, struct str path)
{
	size_t good = 0, end;

	for (end = 0; end <= path.n; end++) {
		const struct config_file *f;

		if (end < path.n && path.p[end] != '/')
			continue;
		buf_trunc(&s->at, from);
		buf_addc(&s->at, '/');
		buf_addstr(&s->at, str_take(path, end));
		f = here(s);
		if (f != NULL)
			good = end;
		if (f != &a_folder)
			break;
	}
	return good;
}

/* The longest path first; of a kind of which one file counts, until something was found. */
static void in_kind(struct search *s, enum config_kind kind)
{
	struct target t = s->of[kind];
	size_t root = s->at.n, from, end, before;

	buf_fmt(&s->at, "/%s", marks[kind]);
	from = s->at.n;
	end = here(s) == &a_folder ? walk(s, from, t.path) : 0;
	if (end == t.path.n && t.user.n > 0) {
		buf_fmt(&s->at, "/" CONFIG_AT "/%.*s", STR_ARG(t.user));
		take(s, kind);
	}
	before = s->n;
	while (end > 0 && !searched_out(s, kind)) {
		buf_trunc(&s->at, from + 1 + end);
		take(s, kind);
		if (s->n > before && !s->dirs->all[kind])
			break;
		while (end > 0 && t.path.p[--end] != '/')
			continue;
	}
	buf_trunc(&s->at, root);
}

static void in_folder(struct search *s)
{
	for (int k = 0; k < CONFIG_KINDS; k++)
		if (s->of[k].path.n > 0 && !searched_out(s, (enum config_kind)k))
			in_kind(s, (enum config_kind)k);
}

size_t config_dirs_find(const struct config_dirs *d, const struct config_who *who,
			const struct config_file *out[CONFIG_FOUND_MAX])
{
	struct search s = { .dirs = d, .out = out };

	if (d->nfiles == 0)
		return 0;
	s.of[CONFIG_IP] = ip_target(who->ip, &s.mem);
	s.of[CONFIG_RDNS].path = turned_round(who->rdns, &s.mem);
	s.of[CONFIG_SENDER] = address_target(who->sender, &s.mem);
	s.of[CONFIG_RECIPIENT] = address_target(who->rcpt, &s.mem);
	for (size_t i = 0; i < d->ntrees; i++) {
		buf_reset(&s.at);
		buf_fmt(&s.at, "%zu", i);
		in_folder(&s);
	}
	buf_clear(&s.at);
	arena_clear(&s.mem);
	return s.n;
}
