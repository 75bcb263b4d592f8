#include "gate/settings.h"

#include <string.h>

/* One set of options while it is changed. */
struct over {
	struct conf c; /* of which only gate, mem and line count */
	const struct policy *under;
	const struct settings *text;
	bool graylist_here;
};

struct settings settings_of_file(const struct config_file *f)
{
	return (struct settings){
		.text = f->text,
		.name = f->path.p,
		.names_files = true,
		.opens_relay = config_file_of(f, CONFIG_IP),
		.recipients = config_file_of(f, CONFIG_RECIPIENT),
	};
}

struct settings settings_of_accounts(struct str text)
{
	return (struct settings){ .text = text, .name = "accounts", .may_lack_line = true, .recipients = true };
}

/* ---- one option ---- */

static const char *why_not(struct str option)
{
	static const struct {
		const char *option, *why;
	} rows[] = {
#define WHOLE(option, why) { option, why },
#define GONE(option, why) { option, why },
#include "gate/settings.def"
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(option, rows[i].option))
			return rows[i].why;
	return NULL;
}

static bool is_path(struct str option)
{
	return str_ends(option, STR("-file")) || str_ends(option, STR("-dir"));
}

/* spamdyke's ways to say yes and no. */
static struct str yes_or_no(struct str value)
{
	if (value.n == 0 || str_eqz(value, "1") || str_ieq(value, STR("y")) || str_ieq(value, STR("t")))
		return STR("yes");
	if (str_eqz(value, "0") || str_ieq(value, STR("n")) || str_ieq(value, STR("f")))
		return STR("no");
	return value;
}

/* A list that is still the other policy's becomes a copy before it is changed. */
static void own(struct over *o, const struct conf_row *row)
{
	const struct conf_list *mine = conf_value(&o->c, row), *theirs;

	if (conf_sort(row) != CONF_VALUES && conf_sort(row) != CONF_CHOICES)
		return;
	theirs = (const void *)((const char *)&o->under->set + ((const char *)mine - (const char *)&o->c.gate));
	if (mine->at == theirs->at)
		conf_own(&o->c, row);
}

/* What may not be said here though the configuration may. */
static int refused(const struct over *o, struct str option, struct str value, struct err *e)
{
	if (why_not(option) != NULL)
		return err_set(e, "%s", why_not(option));
	if (is_path(option) && !o->text->names_files)
		return err_set(e, "names a file, which settings of domains and mailboxes cannot");
	if (is_path(option) && !str_starts(value, STR("!")) && !str_starts(value, STR("/")))
		return err_set(e, "must be a path that begins with /");
	if (str_eqz(option, "relay-level") && str_ieq(value, STR("allow-all")) && !o->text->opens_relay)
		return err_set(e, "can be allow-all only below _ip_ of config-dir");
	return 0;
}

static int put(struct over *o, struct str option, struct str value, bool alone, struct err *e)
{
	const struct conf_row *row = conf_option("gate", option);
	enum conf_sort sort;

	if (refused(o, option, value, e) < 0)
		return -1;
	if (row == NULL)
		return err_set(e, "is not an option of the gate");
	sort = conf_sort(row);
	if (alone && sort != CONF_SWITCH)
		return err_set(e, "needs a value: OPTION=VALUE");
	own(o, row);
	if (sort == CONF_SWITCH)
		value = yes_or_no(value);
	if (sort == CONF_CHOICE || sort == CONF_CHOICES)
		value = arena_lower(&o->c.mem, value);
	if (str_eqz(value, "!!!"))
		conf_unset(&o->c, row);
	else if (str_starts(value, STR("!")) && sort != CONF_SWITCH)
		conf_remove(&o->c, row, str_skip(value, 1));
	else
		return conf_set(&o->c, row, value, e);
	return 0;
}

/* ---- the lines ---- */

static struct str option_name(struct str name, struct arena *a)
{
	static const struct str grey = STR_INIT("greylist");

	name = arena_lower(a, name);
	if (str_starts(name, grey))
		return arena_fmt(a, "gray%.*s", STR_ARG(str_skip(name, 4)));
	if (str_eqz(name, "rejection-text-greylist"))
		return STR("rejection-text-graylist");
	return name;
}

static int take_option(struct over *o, struct str line, struct err *e)
{
	size_t n = 0;
	struct str name, rest;
	struct err why;

	while (n < line.n && line.p[n] != '=' && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	name = option_name(str_take(line, n), &o->c.mem);
	rest = str_trim(str_skip(line, n));
	for (size_t i = 0; i < line.n; i++)
		if (!ascii_isprint(line.p[i]) && line.p[i] != '\t')
			return err_set(e, "bytes that are not printable ASCII");
	if (n == 0 || (rest.n > 0 && rest.p[0] != '='))
		return err_set(e, "not of the form OPTION=VALUE");
	if (put(o, name, str_trim(str_skip(rest, 1)), rest.n == 0, &why) < 0)
		return err_set(e, "%.*s %s", STR_ARG(str_take(name, 80)), why.text);
	o->graylist_here = o->graylist_here || (o->text->recipients && str_eqz(name, "graylist-level"));
	return 0;
}

static int take_text(struct over *o, const struct settings *s, struct err *e)
{
	struct str rest = s->text, line;

	o->text = s;
	for (o->c.line = 1; rest.n > 0; o->c.line++) {
		struct err why;
		bool whole = str_cut(rest, STR("\n"), &line, &rest);

		line = str_trim(line);
		if (!whole && !s->may_lack_line)
			return err_set(e,
				       "%s:%d: the last line has no newline: the file may have been cut (if it is "
				       "whole, end it with one)",
				       s->name, o->c.line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (take_option(o, line, &why) < 0)
			return err_set(e, "%s:%d: %s", s->name, o->c.line, why.text);
	}
	return 0;
}

int policy_over(const struct policy *under, const struct settings *texts, size_t n, struct list_files *files,
		struct arena *a, struct policy *out, struct err *e)
{
	struct over o = { .c = { .gate = under->set, .mem = *a }, .under = under };
	struct lists_of x = { .set = &out->set, .under_set = &under->set, .under = &under->lists };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_text(&o, &texts[i], e);
	*a = o.c.mem;
	*out = *under;
	out->set = o.c.gate;
	out->graylist_here = under->graylist_here || o.graylist_here;
	x.file = n > 0 ? texts[n - 1].name : "";
	return rc < 0 ? -1 : lists_make(&x, files, &out->lists, e);
}

void policy_clear(struct policy *p, const struct policy *under)
{
	lists_clear(&p->lists, &under->lists);
}
