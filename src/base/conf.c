#include "base/conf.h"

#include <confuse.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf_rows.h"
#include "base/conf_scan.h"
#include "base/io.h"

enum { MOST_LISTENERS = 64, LONGEST_LABEL = 32 };

/* libconfuse's callbacks have no argument of ours, so the parse that goes on stands here. */
static struct {
	struct conf *c;
	const char *file;
	struct err *e;
	bool failed; /* *e is written; only the first mistake is told */
} now;

static int fail(int line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(int line, const char *fmt, ...)
{
	char text[sizeof(now.e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!now.failed)
		err_set(now.e, "%s:%d: %s", now.file, line, text);
	now.failed = true;
	return -1;
}

/* libconfuse's own complaints: an unknown option, a missing equal sign ... */
static void complain(cfg_t *cfg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void complain(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[sizeof(now.e->text)];

	vsnprintf(text, sizeof(text), fmt, ap);
	fail(cfg->line, "%s", text);
}

/* The listener of that label, made when new: it starts as a listener that says nothing. */
static struct conf_port *port_of(struct conf *c, struct str label)
{
	struct conf_port *p;

	for (size_t i = 0; i < c->nports; i++)
		if (str_eq(c->ports[i].label, label))
			return &c->ports[i];
	if ((c->nports & (c->nports - 1)) == 0)
		c->ports = arena_grow(&c->mem, c->ports, c->nports, c->nports > 0 ? 2 * c->nports : 1, sizeof(*p));
	p = &c->ports[c->nports++];
	*p = (struct conf_port){ .label = arena_str(&c->mem, label), .set = c->listener };
	return p;
}

/* The route of that name, likewise. */
static struct conf_way *way_of(struct conf *c, struct str name, int line)
{
	struct conf_way *w;

	for (size_t i = 0; i < c->nways; i++)
		if (str_eq(c->ways[i].name, name))
			return &c->ways[i];
	if ((c->nways & (c->nways - 1)) == 0)
		c->ways = arena_grow(&c->mem, c->ways, c->nways, c->nways > 0 ? 2 * c->nways : 1, sizeof(*w));
	w = &c->ways[c->nways++];
	*w = (struct conf_way){ .name = arena_str(&c->mem, name), .set = c->route, .line = line };
	return w;
}

const struct conf_runner *conf_runner(const struct conf *c, struct str name)
{
	for (size_t i = 0; i < c->nrunners; i++)
		if (str_eq(c->runners[i].name, name))
			return &c->runners[i];
	return NULL;
}

/* The program of that name, likewise. */
static struct conf_runner *runner_of(struct conf *c, struct str name, int line)
{
	struct conf_runner *r;

	for (size_t i = 0; i < c->nrunners; i++)
		if (str_eq(c->runners[i].name, name))
			return &c->runners[i];
	if ((c->nrunners & (c->nrunners - 1)) == 0)
		c->runners =
		    arena_grow(&c->mem, c->runners, c->nrunners, c->nrunners > 0 ? 2 * c->nrunners : 1, sizeof(*r));
	r = &c->runners[c->nrunners++];
	*r = (struct conf_runner){ .name = arena_str(&c->mem, name), .set = c->program, .line = line };
	return r;
}

/* Called by libconfuse for every value, in the order of the file. */
static int take_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	bool outside = strcmp(cfg->name, "root") == 0;
	const struct conf_row *o = conf_row(outside ? conf_section_name(IN_top) : cfg->name, opt->name);
	void *field = conf_field(now.c, o);
	struct err why;

	if (o->in == IN_listener)
		field = (char *)&port_of(now.c, str_of(cfg_title(cfg)))->set + o->at;
	if (o->in == IN_route)
		field = (char *)&way_of(now.c, str_of(cfg_title(cfg)), cfg->line)->set + o->at;
	if (o->in == IN_program)
		field = (char *)&runner_of(now.c, str_of(cfg_title(cfg)), cfg->line)->set + o->at;
	now.c->line = cfg->line;
	if (o->set(now.c, o, str_of(value), field, &why) < 0)
		return fail(cfg->line, "%s %s", o->name, why.text);
	*(const char **)result = value;
	return 0;
}

static bool is_label(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= LONGEST_LABEL;
}

/* Called by libconfuse when a listener's section is complete. */
static int check_listener(cfg_t *cfg, cfg_opt_t *opt)
{
	struct str label = str_of(cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1)));

	if (!is_label(label))
		return fail(cfg->line, "a listener's label is 1 to %d letters, digits, - or _", LONGEST_LABEL);
	if (port_of(now.c, label)->set.bind.n == 0)
		return fail(cfg->line, "listener \"%.*s\" has no bind", STR_ARG(label));
	if (now.c->nports > MOST_LISTENERS)
		return fail(cfg->line, "more than %d listeners", MOST_LISTENERS);
	return 0;
}

static int check_route(cfg_t *cfg, cfg_opt_t *opt)
{
	struct str name = str_of(cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1)));
	const struct conf_way *w;

	if (!is_label(name))
		return fail(cfg->line, "a route's name is 1 to %d letters, digits, - or _", LONGEST_LABEL);
	w = way_of(now.c, name, cfg->line);
	if (w->set.to.n + w->set.from.n == 0)
		return fail(cfg->line,
			    "route \"%.*s\" names neither to nor from: what is for all belongs into relay { }",
			    STR_ARG(name));
	if (now.c->nways > CONF_WAYS_MOST)
		return fail(cfg->line, "more than %d routes", CONF_WAYS_MOST);
	return 0;
}

static int check_program(cfg_t *cfg, cfg_opt_t *opt)
{
	struct str name = str_of(cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1)));
	const struct conf_runner *r;

	if (!is_label(name))
		return fail(cfg->line, "a program's name is 1 to %d letters, digits, - or _", LONGEST_LABEL);
	r = runner_of(now.c, name, cfg->line);
	if (r->set.command.n == 0 || r->set.command.at[0].p[0] != '/')
		return fail(cfg->line, "program \"%.*s\" needs a command, and its path begins with /", STR_ARG(name));
	if (now.c->nrunners > CONF_PROGRAMS_MOST)
		return fail(cfg->line, "more than %d programs", CONF_PROGRAMS_MOST);
	return 0;
}

/* The options of one section in libconfuse's form; room for the sections behind those of `top`. */
static cfg_opt_t *opts_of(struct arena *a, enum conf_section in)
{
	cfg_opt_t *list = arena_alloc(a, (conf_nrows + CONF_SECTIONS + 1) * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < conf_nrows; i++) {
		const struct conf_row *o = &conf_rows[i];
		cfg_flag_t flags = o->list ? CFGF_LIST : CFGF_NONE;

		if (o->in == in)
			list[n++] = (cfg_opt_t)CFG_STR_CB(o->name, NULL, flags | CFGF_NODEFAULT, take_value);
	}
	for (enum conf_section s = 0; in == IN_top && s < CONF_SECTIONS; s++) {
		bool titled = s == IN_listener || s == IN_route || s == IN_program;
		cfg_flag_t flags = titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE;

		if (s != IN_top)
			list[n++] = (cfg_opt_t)CFG_SEC(conf_section_name(s), opts_of(a, s), flags | CFGF_MULTI);
	}
	list[n] = (cfg_opt_t)CFG_END();
	return list;
}

static void preset(struct conf *c)
{
	struct err e;

	for (size_t i = 0; i < conf_nrows; i++) {
		const struct conf_row *o = &conf_rows[i];

		if (o->list || o->path)
			continue;
		if (o->set(c, o, str_of(o->preset), conf_field(c, o), &e) < 0)
			BUG("default of %s %s", o->name, e.text);
	}
}

/* Paths that nothing was said about; data-dir, which others start with, is the first of them. */
static int preset_paths(struct conf *c, struct err *e)
{
	for (size_t i = 0; i < conf_nrows; i++) {
		const struct conf_row *o = &conf_rows[i];
		struct str *field = conf_field(c, o), value = str_of(o->preset);

		if (!o->path || field->n > 0)
			continue;
		if (str_starts(value, STR("%D")))
			value = arena_fmt(&c->mem, "%.*s%s", STR_ARG(c->top.data_dir), o->preset + 2);
		if (o->set(c, o, value, field, e) < 0)
			return err_wrap(e, "%s: %s", conf_z(c->file), o->name);
	}
	return 0;
}

static bool is_hostname(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && strchr("-._", s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n <= 253;
}

static int name_ourselves(struct conf *c, struct err *e)
{
	char name[256] = "";

	if (c->top.hostname.n == 0) {
		if (gethostname(name, sizeof(name) - 1) < 0)
			return err_sys(e, "%s: the machine's own name", conf_z(c->file));
		c->top.hostname = arena_str(&c->mem, str_of(name));
	}
	if (!is_hostname(c->top.hostname))
		return err_set(e, "%s: hostname must be a domain name, not \"%s\"", conf_z(c->file),
			       conf_z(c->top.hostname));
	if (c->top.contact.n == 0)
		c->top.contact = arena_fmt(&c->mem, "postmaster@%s", conf_z(c->top.hostname));
	return 0;
}

static enum conf_tls_mode tls_mode(struct str word)
{
	if (str_eqz(word, "starttls"))
		return CONF_TLS_STARTTLS;
	return str_eqz(word, "implicit") ? CONF_TLS_IMPLICIT : CONF_TLS_NONE;
}

static int read_items(struct conf *c, const char *file, const char *clean, struct err *e)
{
	ARENA(mem);
	cfg_t *cfg = cfg_init(opts_of(&mem, IN_top), CFGF_NONE);
	int rc;

	if (cfg == NULL)
		return err_set(e, "%s: libconfuse has no memory", file);
	now = (__typeof__(now)){ .c = c, .file = file, .e = e };
	cfg_set_error_function(cfg, complain);
	cfg_set_validate_func(cfg, "listener", check_listener);
	cfg_set_validate_func(cfg, "route", check_route);
	cfg_set_validate_func(cfg, "program", check_program);
	rc = cfg_parse_buf(cfg, clean);
	if (rc != CFG_SUCCESS && !now.failed)
		err_set(e, "%s: cannot be parsed", file);
	cfg_free(cfg);
	return rc == CFG_SUCCESS ? 0 : -1;
}

int conf_parse(struct conf *c, struct str text, const char *file, struct err *e)
{
	BUF(clean);

	*c = (struct conf){ .mem = ARENA_INIT };
	c->file = arena_str(&c->mem, str_of(file));
	c->text = arena_str(&c->mem, text);
	preset(c);
	if (text.n > CONF_BYTES_MAX) {
		err_set(e, "%s: is larger than 1 MiB", file);
		goto fail;
	}
	if (conf_scan(text, file, &clean, e) < 0 || read_items(c, file, buf_z(&clean), e) < 0)
		goto fail;
	if (preset_paths(c, e) < 0 || name_ourselves(c, e) < 0)
		goto fail;
	for (size_t i = 0; i < c->nports; i++)
		c->ports[i].tls = tls_mode(c->ports[i].set.tls);
	return 0;
fail:
	conf_clear(c);
	return -1;
}

int conf_load(struct conf *c, const char *file, struct err *e)
{
	BUF(text);

	if (io_slurp(AT_FDCWD, file, CONF_BYTES_MAX, &text, e) < 0)
		return -1;
	return conf_parse(c, buf_str(&text), file, e);
}

void conf_clear(struct conf *c)
{
	arena_clear(&c->mem);
	*c = (struct conf){ .mem = ARENA_INIT };
}

const char *conf_find(const char *given)
{
	const char *here = "./var/telltale.conf";

	if (given != NULL)
		return given;
	given = getenv("TELLTALE_CONFIG");
	if (given != NULL && given[0] != '\0')
		return given;
	return access(here, F_OK) == 0 ? here : "/etc/telltale/telltale.conf";
}

const char *conf_z(struct str s)
{
	return s.n > 0 ? s.p : "";
}
