#include "gate/list_inside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/io.h"

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
	free(l->matched);
	free(l->zones);
	free(l->entries);
	free(l->after);
	arena_clear(&l->mem);
	free(l);
}

bool list_empty(const struct list *l)
{
	for (size_t i = 0; i < l->nafter; i++)
		if (!list_empty(l->after[i]))
			return false;
	return l->n == 0;
}

int list_wrong(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static int add(struct list *l, struct str entry, struct hit at, const char **why)
{
	static int (*const adders[])(struct list *, struct str, const char **) = {
		[LIST_IP] = list_take_ip,           [LIST_RELAY] = list_take_ip,
		[LIST_NAME] = list_take_name,       [LIST_ADDRESS] = list_take_address,
		[LIST_KEYWORD] = list_take_keyword, [LIST_HEADER] = list_take_header,
		[LIST_ZONE] = list_take_zone,
	};

	MUST(!l->sealed);
	if (l->n == LIST_ENTRIES_MAX)
		return list_wrong(why, "the list has too many entries");
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

int list_add_at(struct list *l, struct str entry, struct str path, const char **why)
{
	return add(l, entry, (struct hit){ .file = arena_str(&l->mem, path) }, why);
}

int list_keep_matched(struct list *l, const void *form, size_t most, const char **why)
{
	if (l->n == most)
		return list_wrong(why, "too many entries of this kind: each is matched every time");
	if (l->n == l->matched_room) {
		l->matched_room = l->matched_room > 0 ? 2 * l->matched_room : 16;
		l->matched = mem_grow(l->matched, l->matched_room * sizeof(*l->matched));
	}
	l->matched[l->n] = form;
	return 0;
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
static struct str without_comment(const struct list *l, struct str line)
{
	/* In a header pattern a # may stand behind a space. */
	size_t most = l->kind == LIST_HEADER ? 1 : line.n;

	for (size_t i = 0; i < line.n && i < most; i++)
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return str_take(line, i);
	return line;
}

static int take_line(struct list *l, struct str line, struct hit at, const char **why)
{
	if (str_ends(line, STR("\r")))
		line.n--;
	if (line.n > LIST_LINE_MAX)
		return list_wrong(why, "this line is too long");
	if (has_controls(line))
		return list_wrong(why, "control bytes");
	line = str_trim(without_comment(l, line));
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
			return err_set(e,
				       "%s:%d: the last line has no newline: the file may have been cut (if it is "
				       "whole, end it with one)",
				       file, at.line);
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

/* Lists in DNS are few, and walked over: they are taken in. */
static int take_in(struct list *l, const struct list *other, const char **why)
{
	for (size_t i = 0; i < other->n; i++)
		if (add(l, other->entries[i].entry, other->entries[i], why) < 0)
			return -1;
	return 0;
}

int list_follow(struct list *l, const struct list *other, const char **why)
{
	MUST(!l->sealed && other->sealed && l->kind == other->kind);
	if (l->kind == LIST_ZONE)
		return take_in(l, other, why);
	l->after = mem_grow(l->after, (l->nafter + 1) * sizeof(*l->after));
	l->after[l->nafter++] = other;
	return 0;
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
	static size_t (*const finders[])(const struct list *, struct str) = {
		[LIST_IP] = find_ip,
		[LIST_RELAY] = find_ip,
		[LIST_NAME] = find_name,
		[LIST_ADDRESS] = find_name,
		[LIST_KEYWORD] = list_find_keyword,
		[LIST_HEADER] = list_find_header,
	};
	size_t i;

	MUST(l->sealed && l->kind != LIST_ZONE);
	i = finders[l->kind](l, value);
	if (i != SIZE_MAX) {
		*out = l->entries[i];
		return true;
	}
	for (i = 0; i < l->nafter; i++)
		if (list_find(l->after[i], value, out))
			return true;
	return false;
}

const struct list_zone *list_zones(const struct list *l, size_t *n)
{
	MUST(l->sealed && l->kind == LIST_ZONE);
	*n = l->n;
	return l->zones;
}
