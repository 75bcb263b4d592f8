/* An option of the configuration, by its name: what it does, and which refusal it turns on. */
#include "trace/explain_parts.h"

#define ANY_LIST(s, f, o, help) { #s, o, NULL, NULL, help },
#define ANY_SCALAR(s, f, o, d, help) { #s, o, d, NULL, help },

struct option_row {
	const char *section, *name, *preset, *values, *help;
};

/* clang-format off */
static const struct option_row rows[] = {
#define CONF_TEXT ANY_SCALAR
#define CONF_PATH ANY_SCALAR
#define CONF_DURATION ANY_SCALAR
#define CONF_EVERY ANY_SCALAR
#define CONF_SIZE ANY_SCALAR
#define CONF_BINDS ANY_LIST
#define CONF_SERVERS ANY_LIST
#define CONF_TEXTS ANY_LIST
#define CONF_LINES ANY_LIST
#define CONF_PATHS ANY_LIST
#define CONF_ADDRESSES ANY_LIST
#define CONF_RATE ANY_SCALAR
#define CONF_WORD(s, f, o, d, words, help) { #s, o, d, words, help },
#define CONF_WORDS(s, f, o, words, help) { #s, o, NULL, words, help },
#define CONF_REPLY(s, f, o, reason, help) { #s, o, NULL, NULL, help },
#define CONF_BOOL(s, f, o, d, help) { #s, o, #d, "true false", help },
#define CONF_NUMBER(s, f, o, d, least, most, help) { #s, o, #d, #least " to " #most, help },
#include "base/options.def"
};
/* clang-format on */

const char *explain_option_name(size_t i)
{
	return i < COUNT(rows) ? rows[i].name : NULL;
}

/* "ip-whitelist-file" speaks of "such entries": those of ip-whitelist-entry. */
static const struct option_row *entry_row(struct arena *a, const struct option_row *o)
{
	ptrdiff_t dash = str_rchr(str_of(o->name), '-');
	struct str name;

	if (dash < 0 || str_find(str_of(o->help), STR("such ")) < 0)
		return NULL;
	name = arena_fmt(a, "%.*s-entry", (int)dash, o->name);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static void tell_option(struct explaining *x, const struct option_row *o)
{
	const struct option_row *entry = entry_row(x->mem, o);
	bool top = str_eqz(str_of(o->section), "top"), set = o->preset != NULL && o->preset[0] != '\0';

	explain_add(x, "%s%s%s%s%s%s.", top ? "" : o->section, top ? "" : " { }: ", o->help, set ? " (" : "",
		    set ? o->preset : "", set ? " if it is not set)" : "");
	if (entry != NULL)
		explain_add(x, "%s: %s.", entry->name, entry->help);
}

/* "reject-sender=no-mx," is reject-sender. */
static struct str option_name(struct str s)
{
	size_t n = 0;

	while (n < s.n && (ascii_isalnum(s.p[n]) || s.p[n] == '-'))
		n++;
	return str_take(s, n);
}

static bool turns_on(const struct reason_row *row, struct str name)
{
	struct str rest = str_of(row->option), one;

	while ((one = str_word(&rest)).n > 0)
		if (str_eq(option_name(one), name))
			return true;
	return false;
}

/* The refusals that it turns on, by the names in their `option`. */
static void tell_refusals(struct explaining *x, struct str name)
{
	BUF(codes);

	for (int r = 0; r < REASON_COUNT; r++)
		if (turns_on(reason_row((enum reason)r), name))
			buf_fmt(&codes, "%s%s", codes.n > 0 ? ", " : "", reason_row((enum reason)r)->code);
	if (codes.n > 0)
		explain_field(x, "codes", arena_str(x->mem, buf_str(&codes)));
}

bool explain_option(struct explaining *x, struct str text)
{
	const struct option_row *last = NULL;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqz(text, rows[i].name)) {
			last = &rows[i];
			tell_option(x, last);
		}
	if (last == NULL)
		return false;
	if (last->values != NULL)
		explain_field(x, "values", str_of(last->values));
	tell_refusals(x, text);
	x->out->kind = "option";
	x->out->what = STR("an option of our configuration; doc/GATE.md has those of the gate");
	return true;
}
