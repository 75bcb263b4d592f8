/* Reading the folders of config-dir: what may stand where, and nothing but plain files. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/io.h"
#include "gate/config_dir.h"
#include "gate/packed.h"

struct reading {
	struct buf *out;
	size_t most;
	size_t nfiles, depth;
	struct buf path; /* "N/_ip_/192": where we are */
	struct str root; /* what stands for N in messages */
	config_check *check;
	void *arg;
	struct err *e;
};

/* How far a path has come. */
struct way {
	unsigned used; /* kinds that it has had, the last one included */
	int kind;      /* the last one; CONFIG_KINDS: none yet */
	size_t parts;  /* words behind its mark */
	bool six;      /* _ip_: groups of an IPv6 address */
	bool at;       /* _at_ was the last word */
	bool user;     /* a user was named */
};

static bool all_of(struct str s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_lower(char c)
{
	return ascii_lower(c) == c;
}

static bool is_label_byte(char c)
{
	return (ascii_isalnum(c) && is_lower(c)) || c == '-' || c == '_';
}

static bool is_user_byte(char c)
{
	return config_user_byte(c) && is_lower(c);
}

static bool is_hex(char c)
{
	return ascii_isdigit(c) || (c >= 'a' && c <= 'f');
}

static const char *step_ip(struct way *w, struct str name)
{
	uint64_t n;

	if (w->parts == 0)
		w->six = name.n == 4;
	if (w->parts == (w->six ? 8 : 4))
		return "the address is complete before it";
	if (w->six)
		return name.n == 4 && all_of(name, is_hex) ? NULL
							   : "not a group of an IPv6 address: four digits, 0-9 a-f";
	if (!str_u64(name, 255, &n) || (name.n > 1 && name.p[0] == '0'))
		return "not an octet of an address: 0 to 255";
	return NULL;
}

static const char *step_user(struct way *w, struct str name)
{
	w->at = false;
	w->user = true;
	return all_of(name, is_user_byte) ? NULL : "not a user's name: a-z 0-9 @ _ - . (a _ for everything else)";
}

static int kind_of_mark(struct str name)
{
	int k = 0;

	while (k < CONFIG_KINDS && !str_eqz(name, config_mark((enum config_kind)k)))
		k++;
	return k;
}

static const char *step_mark(struct way *w, int kind)
{
	if (w->kind < CONFIG_KINDS && w->parts == 0)
		return "it stands in an empty name";
	if (w->used & (1u << kind))
		return "a folder of this name is above it already";
	*w = (struct way){ .used = w->used | (1u << kind), .kind = kind };
	return NULL;
}

/* One word further: NULL, or why no client can have such a path. */
static const char *step(struct way *w, struct str name)
{
	bool address = w->kind == CONFIG_SENDER || w->kind == CONFIG_RECIPIENT;
	int mark = kind_of_mark(name);
	const char *why = NULL;

	if (w->at)
		return step_user(w, name);
	if (mark < CONFIG_KINDS)
		return step_mark(w, mark);
	if (w->kind == CONFIG_KINDS)
		return "only _ip_, _rdns_, _sender_ and _recipient_ can stand here";
	if (w->user)
		return "the address is complete before it";
	if (str_eqz(name, CONFIG_AT)) {
		w->at = address && w->parts > 0;
		return w->at ? NULL : "it stands behind the domain of a sender or a recipient";
	}
	if (w->kind == CONFIG_IP)
		why = step_ip(w, name);
	else if (!all_of(name, is_label_byte))
		why = "not a word of a domain name, in lower case";
	w->parts++;
	return why;
}

/* ---- files and folders ---- */

/* The whole path of where we are. */
static void put_path(const struct reading *r, struct buf *b)
{
	buf_addstr(b, r->root);
	buf_addstr(b, str_skip(buf_str(&r->path), (size_t)str_chr(buf_str(&r->path), '/')));
}

static int wrong(struct reading *r, const char *why)
{
	BUF(path);

	put_path(r, &path);
	for (size_t i = 0; i < path.n; i++)
		if (!ascii_isprint(path.p[i]))
			path.p[i] = '?';
	return err_set(r->e, "%s: %s", buf_z(&path), why);
}

static int take_file(struct reading *r, int fd)
{
	struct config_file f;
	struct err e;
	BUF(text);
	BUF(whole);

	if (r->nfiles++ == CONFIG_FILES_MAX)
		return wrong(r, "one file too many");
	if (io_slurp_fd(fd, CONFIG_FILE_BYTES_MAX, &text, &e) < 0)
		return wrong(r, e.text);
	put_path(r, &whole);
	f = (struct config_file){ .path = str_of(buf_z(&whole)), .text = buf_str(&text), .root = r->root.n };
	if (r->check(r->arg, &f, r->e) < 0)
		return -1;
	if (r->out->n + r->path.n + text.n > r->most)
		return wrong(r, "all files together are too large");
	packed_str(r->out, buf_str(&r->path));
	packed_str(r->out, buf_str(&text));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, NULL behind the last one. */
static char **names_of(int fd, struct arena *a)
{
	DIR *d = fdopendir(fd);
	struct dirent *x;
	char **names = NULL;
	size_t n = 0, room = 0;

	while (d != NULL && (x = readdir(d)) != NULL) {
		if (x->d_name[0] == '.')
			continue;
		if (n + 1 >= room) {
			names = arena_grow(a, names, n, 2 * room + 16, sizeof(*names));
			room = 2 * room + 16;
		}
		names[n++] = (char *)(uintptr_t)arena_z(a, str_of(x->d_name));
	}
	if (d != NULL)
		closedir(d);
	else
		fd_clear(&fd);
	if (names == NULL)
		names = arena_alloc(a, sizeof(*names));
	qsort(names, n, sizeof(*names), by_name);
	names[n] = NULL;
	return names;
}

static int take_folder(struct reading *r, int *fd, const struct way *w);

/* One name of the folder: a file that a way can end with, or a folder. */
static int take_one(struct reading *r, int dir, const char *name, struct way w)
{
	FD(fd) = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *why = step(&w, str_of(name));
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return wrong(r, "a link: config-dir follows none");
	if (fd < 0 || fstat(fd, &st) < 0)
		return wrong(r, strerror(errno));
	if (why != NULL)
		return wrong(r, why);
	if (S_ISDIR(st.st_mode))
		return take_folder(r, &fd, &w);
	if (!S_ISREG(st.st_mode))
		return wrong(r, "neither a file nor a folder");
	if (w.at || (w.parts == 0 && !w.user))
		return wrong(r, "this is the name of a folder");
	return take_file(r, fd);
}

static int take_folder(struct reading *r, int *fd, const struct way *w)
{
	ARENA(mem);
	size_t before = r->path.n;
	FD(dir) = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	char **names;

	if (dir < 0)
		return wrong(r, strerror(errno));
	if (++r->depth > CONFIG_DEPTH_MAX)
		return wrong(r, "too many folders in each other");
	names = names_of(fd_steal(fd), &mem);
	for (size_t i = 0; names[i] != NULL; i++) {
		buf_fmt(&r->path, "/%s", names[i]);
		if (take_one(r, dir, names[i], *w) < 0)
			return -1;
		buf_trunc(&r->path, before);
	}
	r->depth--;
	return 0;
}

static int take_tree(struct reading *r, struct str root, size_t number)
{
	struct way w = { .kind = CONFIG_KINDS };
	FD(fd) = open(conf_z(root), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(r->e, "open %s", conf_z(root));
	r->root = root;
	buf_reset(&r->path);
	buf_fmt(&r->path, "%zu", number);
	if (take_folder(r, &fd, &w) < 0)
		return -1;
	packed_str(r->out, str_of(NULL));
	return 0;
}

int config_dirs_pack(const struct conf_gate *set, size_t most, struct buf *out, config_check *check, void *arg,
		     struct err *e)
{
	struct reading r = { .out = out, .most = most, .check = check, .arg = arg, .e = e };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < set->config_dir.n; i++)
		rc = take_tree(&r, set->config_dir.at[i], i);
	buf_clear(&r.path);
	return rc;
}
