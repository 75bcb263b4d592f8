#include "gate/list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "gate/ip_range.h"
#include "mail/addr.h"

enum { NAME_MAX_BYTES = 253 };

struct list {
	enum list_kind kind;
	struct arena mem;
	struct hit *entries;
	size_t n, room;
	/* names and addresses: of a whole value, and of a domain and what is below it; values are entry number + 1 */
	struct map exact, below;
	/* addresses of machines: until the seal, and after it */
	struct ip_range *ranges;
	size_t nranges, ranges_room;
	struct ip_cover cover;
	bool sealed;
};

struct list *list_new(enum list_kind kind)
{
	struct list *l = mem_alloc(sizeof(*l));

	l->kind = kind;
	return l;
}

void list_free(struct list *l)
{
	if (l == NULL)
		return;
	map_clear(&l->exact);
	map_clear(&l->below);
	ip_cover_clear(&l->cover);
	free(l->ranges);
	free(l->entries);
	arena_clear(&l->mem);
	free(l);
}

bool list_empty(const struct list *l)
{
	return l->n == 0;
}

static int wrong(const char **why, const char *text)
{
	*why = text;
	return -1;
}

/* ---- one entry ---- */

static void add_ranges(struct list *l, const struct ip_range *r, size_t n)
{
	if (l->nranges + n > l->ranges_room) {
		l->ranges_room = 2 * (l->nranges + n);
		l->ranges = mem_grow(l->ranges, l->ranges_room * sizeof(*l->ranges));
	}
	for (size_t i = 0; i < n; i++) {
		l->ranges[l->nranges] = r[i];
		l->ranges[l->nranges++].owner = (unsigned)l->n;
	}
}

static int add_ip(struct list *l, struct str entry, const char **why)
{
	struct ip_range r[IP_RANGES_MAX];
	size_t n = ip_ranges(entry, r, why);

	if (n == 0)
		return -1;
	if (l->kind == LIST_RELAY && ip_range_is_all(&r[0]))
		return wrong(why, "this would let everybody relay");
	add_ranges(l, r, n);
	return 0;
}

static bool is_name(struct str s)
{
	char before = '.';

	for (size_t i = 0; i < s.n; before = s.p[i++]) {
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
		if (s.p[i] == '.' && before == '.')
			return false;
	}
	return s.n > 0 && s.n <= NAME_MAX_BYTES && before != '.';
}

/* The first entry of a key stays. */
static int add_key(struct list *l, struct map *m, struct str key)
{
	key = arena_lower(&l->mem, key);
	if (map_get(m, key) == NULL)
		map_put(m, key, (void *)(uintptr_t)(l->n + 1));
	return 0;
}

static int add_name(struct list *l, struct str entry, const char **why)
{
	bool below = str_starts(entry, STR("."));
	struct str name = str_skip(entry, below ? 1 : 0);

	if (str_ends(name, STR(".")))
		name.n--;
	if (!is_name(name))
		return wrong(why, "not a domain name, nor one with a dot before it");
	return add_key(l, below ? &l->below : &l->exact, name);
}

static int add_address(struct list *l, struct str entry, const char **why)
{
	struct str domain = str_skip(entry, 1);
	struct addr x;

	if (str_starts(entry, STR("@"))) {
		if (!addr_domain_ok(domain))
			return wrong(why, "not a domain name behind the @");
		return add_key(l, &l->below, domain);
	}
	if (addr_parse(entry, &l->mem, &x) < 0)
		return wrong(why, "not an address: user@domain or @domain");
	return add_key(l, &l->exact, addr_key(&l->mem, &x));
}

static int add(struct list *l, struct str entry, struct hit at, const char **why)
{
	static int (*const adders[])(struct list *, struct str, const char **) = {
		[LIST_IP] = add_ip, [LIST_RELAY] = add_ip, [LIST_NAME] = add_name, [LIST_ADDRESS] = add_address
	};

	MUST(!l->sealed);
	if (l->n == LIST_ENTRIES_MAX)
		return wrong(why, "the list has too many entries");
	if (adders[l->kind](l, entry, why) < 0)
		return -1;
	if (l->n == l->room) {
		l->room = l->room > 0 ? 2 * l->room : 16;
		l->entries = mem_grow(l->entries, l->room * sizeof(*l->entries));
	}
	at.entry = arena_str(&l->mem, entry);
	l->entries[l->n++] = at;
	return 0;
}

int list_add(struct list *l, struct str entry, const char **why)
{
	return add(l, entry, (struct hit){ 0 }, why);
}

/* ---- files ---- */

static bool has_controls(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return true;
	return false;
}

/* A # opens a comment at the start of a line and behind a space: a local part may have one inside. */
static struct str without_comment(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return str_take(line, i);
	return line;
}

static int take_line(struct list *l, struct str line, struct hit at, const char **why)
{
	if (str_ends(line, STR("\r")))
		line.n--;
	if (line.n > LIST_LINE_MAX)
		return wrong(why, "this line is too long");
	if (has_controls(line))
		return wrong(why, "control bytes");
	line = str_trim(without_comment(line));
	return line.n == 0 ? 0 : add(l, line, at, why);
}

int list_add_text(struct list *l, struct str text, const char *file, struct err *e)
{
	struct hit at = { .file = arena_str(&l->mem, str_of(file)) };
	struct str line;
	const char *why;

	while (text.n > 0) {
		at.line++;
		if (!str_cut(text, STR("\n"), &line, &text))
			return err_set(e, "%s:%d: the last line has no newline: the file may have been cut", file,
				       at.line);
		if (take_line(l, line, at, &why) < 0)
			return err_set(e, "%s:%d: %s", file, at.line, why);
	}
	return 0;
}

/* Nothing but a plain file: a pipe would hold the start, a device would never end. */
int list_slurp(const char *path, struct buf *out, struct err *e)
{
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s is not a file", path);
	return io_slurp_fd(fd, LIST_FILE_MAX, out, e) < 0 ? err_wrap(e, "%s", path) : 0;
}

/* ---- asking ---- */

void list_seal(struct list *l)
{
	MUST(!l->sealed);
	ip_cover_init(&l->cover, l->ranges, l->nranges);
	free(l->ranges);
	l->ranges = NULL;
	l->sealed = true;
}

static size_t in_map(const struct map *m, struct str key)
{
	void *found = m->n > 0 ? map_get(m, key) : NULL;

	return found != NULL ? (size_t)(uintptr_t)found - 1 : SIZE_MAX;
}

/* The first of the entries for the value itself, its domain, and every domain above that one. */
static size_t find_name(const struct list *l, struct str value)
{
	struct str domain = value, label;
	size_t best = in_map(&l->exact, value);

	if (l->kind == LIST_ADDRESS)
		domain = str_skip(value, (size_t)(str_rchr(value, '@') + 1));
	if (l->kind == LIST_ADDRESS && domain.n == value.n)
		return best;
	while (domain.n > 0) {
		size_t found = in_map(&l->below, domain);

		best = found < best ? found : best;
		str_cut(domain, STR("."), &label, &domain);
	}
	return best;
}

static size_t find_ip(const struct list *l, struct str value)
{
	unsigned owner = IP_NOBODY;
	struct ip at;

	if (ip_parse(value, &at))
		owner = ip_cover_find(&l->cover, &at);
	return owner == IP_NOBODY ? SIZE_MAX : owner;
}

bool list_find(const struct list *l, struct str value, struct hit *out)
{
	bool ip = l->kind == LIST_IP || l->kind == LIST_RELAY;
	size_t i;

	MUST(l->sealed);
	i = ip ? find_ip(l, value) : find_name(l, value);
	if (i == SIZE_MAX)
		return false;
	*out = l->entries[i];
	return true;
}
