#include "cli/gate_import_inside.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/io.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/gate_import.h"
#include "gate/entry_fits.h"
#include "gate/lists.h"

enum { FILE_BYTES_MAX = 1 << 20, VALUE_SHOWN = 120 };

enum treatment { AS_IT_IS, RENAMED, MEANT, BY_HAND, NO_NEED, NO_MORE };

struct row {
	const char *name;
	enum treatment treatment;
	const char *to; /* our option, or words */
	const char *value;
};

static const struct row rows[] = {
#define NAME(name, to) { name, RENAMED, to, NULL },
#define MEANS(name, to, value) { name, MEANT, to, value },
#define ELSEWHERE(name, words) { name, BY_HAND, words, NULL },
#define NEEDLESS(name, words) { name, NO_NEED, words, NULL },
#define LOST(name, words) { name, NO_MORE, words, NULL },
#include "cli/gate_import.def"
#undef NAME
#undef MEANS
#undef ELSEWHERE
#undef NEEDLESS
#undef LOST
};

static struct item *add_item(struct import *m)
{
	if (m->n == m->room) {
		m->items = arena_grow(&m->mem, m->items, m->n, 2 * m->room + 16, sizeof(*m->items));
		m->room = 2 * m->room + 16;
	}
	m->items[m->n] = (struct item){ 0 };
	return &m->items[m->n++];
}

void import_comment(struct import *m, const char *fmt, ...)
{
	va_list ap;
	BUF(b);

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < b.n; i++)
		if (!ascii_isprint(b.p[i]))
			b.p[i] = '?';
	add_item(m)->text = arena_str(&m->mem, buf_str(&b));
}

/* What is wrong with a line, or what takes its place. */
static void note(struct import *m, struct str name, struct str value, const char *words)
{
	import_comment(m, "%s:%d: %.*s%s%.*s: %s", m->file, m->line, STR_ARG(str_take(name, VALUE_SHOWN)),
		       value.n > 0 ? "=" : "", STR_ARG(str_take(value, VALUE_SHOWN)), words);
}

static void left(struct import *m, struct str name, struct str value, const char *words)
{
	note(m, name, value, words);
	m->by_hand++;
}

/* ---- one option of ours ---- */

/* Items of that option, all or those of one value. */
static void drop(struct import *m, const struct conf_row *option, struct str value)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].option == option && (value.n == 0 || str_eq(m->items[i].text, value)))
			m->items[i].dropped = true;
}

/* spamdyke's way to take values back: OPTION=!!! all of them, OPTION=!VALUE one. */
static void take_back(struct import *m, const struct conf_row *option, struct str value)
{
	bool all = str_eqz(value, "!!!");

	if (all)
		conf_unset(&m->scratch, option);
	else
		conf_remove(&m->scratch, option, str_skip(value, 1));
	drop(m, option, all ? str_of(NULL) : str_skip(value, 1));
}

/* A copy; a path that was relative to where spamdyke was started becomes whole. */
static struct str whole_path(struct import *m, struct str name, struct str value)
{
	bool path = str_ends(name, STR("-file")) || str_ends(name, STR("-dir"));

	if (!path || value.n == 0 || value.p[0] == '/' || value.p[0] == '!')
		return arena_str(&m->mem, value);
	return arena_fmt(&m->mem, "%.*s/%.*s", STR_ARG(m->folder), STR_ARG(value));
}

/* spamdyke takes the first letter. */
static struct str yes_or_no(struct str value)
{
	if (value.n == 0 || strchr("1tTyY", value.p[0]) != NULL)
		return STR("true");
	return strchr("0fFnN", value.p[0]) != NULL ? STR("false") : value;
}

static bool is_list(const struct conf_row *option)
{
	return conf_sort(option) == CONF_VALUES || conf_sort(option) == CONF_CHOICES;
}

static bool would_be_open(struct str name, struct str value)
{
	return str_eqz(name, "relay-level") && str_eqz(value, "allow-all");
}

static void put(struct import *m, struct str name, struct str value)
{
	const struct conf_row *option = conf_option("gate", name);
	enum conf_sort sort = conf_sort(option);
	struct item *x;
	struct err e;

	value = whole_path(m, name, value);
	if (sort == CONF_SWITCH)
		value = yes_or_no(value);
	if (sort == CONF_CHOICE || sort == CONF_CHOICES)
		value = arena_lower(&m->mem, value);
	if (str_starts(value, STR("!"))) {
		take_back(m, option, value);
		return;
	}
	if (would_be_open(name, value)) {
		left(m, name, value, "everybody could relay; only config-dir can say so, for addresses");
		return;
	}
	if (entry_fits(name, value, &e) < 0 || lists_source_fits(name, value, &e) < 0 ||
	    conf_set(&m->scratch, option, value, &e) < 0) {
		left(m, name, value, e.text);
		return;
	}
	if (!is_list(option))
		drop(m, option, str_of(NULL));
	x = add_item(m);
	*x = (struct item){ .option = option, .name = name, .text = value };
}

/* ---- a line of spamdyke's ---- */

static struct row row_of(struct str name)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(name, rows[i].name))
			return rows[i];
	return (struct row){ .treatment = AS_IT_IS };
}

static const char *words_with(struct import *m, const char *words, struct str value)
{
	struct str head, tail;

	if (!str_cut(str_of(words), STR("%s"), &head, &tail))
		return words;
	return arena_fmt(&m->mem, "%.*s%.*s%.*s", STR_ARG(head), STR_ARG(str_take(value, VALUE_SHOWN)), STR_ARG(tail))
	    .p;
}

/* Quotes were part of the value: nobody wanted them there. */
static struct str unquoted(struct import *m, struct str name, struct str value)
{
	if (value.n < 2 || value.p[0] != value.p[value.n - 1] || (value.p[0] != '"' && value.p[0] != '\''))
		return value;
	note(m, name, value, "spamdyke took the quotes for a part of the value; here they are not");
	return str_mem(value.p + 1, value.n - 2);
}

static void add_file(struct import *m, struct str path)
{
	if (path.n > 0 && path.p[0] != '/')
		path = arena_fmt(&m->mem, "%.*s/%.*s", STR_ARG(m->folder), STR_ARG(path));
	for (size_t i = 0; i < m->nfiles; i++)
		if (str_eq(m->files[i], path))
			return;
	if (m->nfiles < FILES_MAX)
		m->files[m->nfiles++] = arena_str(&m->mem, path);
	else
		left(m, STR("config-file"), path, "one file too many");
}

static void take_option(struct import *m, struct str name, struct str value)
{
	struct row r = row_of(name);

	value = unquoted(m, name, value);
	m->graylisted = m->graylisted || str_eqz(name, "graylist-dir");
	if (str_eqz(name, "config-file")) {
		add_file(m, value);
	} else if (r.treatment == BY_HAND || r.treatment == NO_MORE) {
		left(m, name, value, words_with(m, r.to, value));
	} else if (r.treatment == NO_NEED) {
		note(m, name, value, r.to);
		m->needless++;
	} else if (r.treatment == MEANT) {
		if (str_eqz(yes_or_no(value), "true"))
			put(m, str_of(r.to), str_of(r.value));
	} else if (r.treatment == RENAMED) {
		put(m, str_of(r.to), value);
	} else if (conf_option("gate", name) != NULL) {
		put(m, name, value);
	} else {
		left(m, name, value, "no option of spamdyke's");
	}
}

static struct str without_e(struct import *m, struct str name)
{
	if (str_starts(name, STR("greylist")))
		return arena_fmt(&m->mem, "gray%.*s", STR_ARG(str_skip(name, 4)));
	return str_eqz(name, "rejection-text-greylist") ? STR("rejection-text-graylist") : name;
}

static void take_line(struct import *m, struct str line)
{
	struct str rest;
	size_t n = 0;

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return;
	while (n < line.n && line.p[n] != '=' && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	rest = str_trim(str_skip(line, n));
	if (n == 0 || (rest.n > 0 && rest.p[0] != '='))
		left(m, line, str_of(NULL), "not of the form OPTION=VALUE");
	else
		take_option(m, without_e(m, arena_lower(&m->mem, str_take(line, n))), str_trim(str_skip(rest, 1)));
}

static int take_file(struct import *m, struct str path)
{
	struct str rest, line;
	struct err e;
	BUF(text);

	if (io_slurp(AT_FDCWD, conf_z(path), FILE_BYTES_MAX, &text, &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	m->file = conf_z(path);
	rest = buf_str(&text);
	for (m->line = 1; rest.n > 0; m->line++) {
		str_cut(rest, STR("\n"), &line, &rest);
		take_line(m, line);
	}
	return CLI_DONE;
}

static void find_folder(struct import *m, const char *file)
{
	char here[PATH_MAX];
	struct str path = str_of(file);
	ptrdiff_t slash = str_rchr(path, '/');

	if (path.n > 0 && path.p[0] == '/')
		m->folder = str_take(path, (size_t)slash);
	else if (getcwd(here, sizeof(here)) != NULL)
		m->folder = slash < 0 ? arena_str(&m->mem, str_of(here))
				      : arena_fmt(&m->mem, "%s/%.*s", here, STR_ARG(str_take(path, (size_t)slash)));
}

/* What was typed is relative to where it was typed, not to the file. */
static struct str from_here(struct import *m, struct str path)
{
	char here[PATH_MAX];

	if (path.n == 0 || path.p[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		return path;
	return arena_fmt(&m->mem, "%s/%.*s", here, STR_ARG(path));
}

/* spamdyke 3 had no graylist-level: a folder turned graylisting on. */
static void note_graylist(struct import *m)
{
	const struct conf_row *level = conf_option("gate", STR("graylist-level"));

	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].option == level && !m->items[i].dropped)
			return;
	if (m->graylisted)
		import_comment(m, "graylist-dir without graylist-level: spamdyke 3 puts strangers off with that, later "
				  "ones do not; graylist-level = always turns it on here");
}

int gate_import(const char *file, char *const *dirs, size_t ndirs)
{
	struct import m = { 0 };
	struct err e;
	int code = CLI_DONE;

	if (conf_parse(&m.scratch, str_of(NULL), "", &e) < 0)
		return args_fail(CLI_NO, "%s", e.text);
	find_folder(&m, file);
	add_file(&m, str_skip(str_of(file), (size_t)(str_rchr(str_of(file), '/') + 1)));
	for (size_t i = 0; code == CLI_DONE && i < m.nfiles; i++)
		code = take_file(&m, m.files[i]);
	m.file = "--config-dir";
	for (size_t i = 0; code == CLI_DONE && i < ndirs; i++)
		put(&m, STR("config-dir"), from_here(&m, str_of(dirs[i])));
	if (code == CLI_DONE) {
		note_graylist(&m);
		import_try_dirs(&m);
		code = import_print(&m);
	}
	conf_clear(&m.scratch);
	arena_clear(&m.mem);
	return code;
}
