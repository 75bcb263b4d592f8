#include "base/conf_rows.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/inet.h"

enum { LONGEST_TEXT = 512, MOST_IN_LIST = 64, MOST_TEXTS = 1000 };

static int set_text(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)o;
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isprint(value.p[i]) || value.p[i] == ' ')
			return err_set(e, "must be printable ASCII without spaces");
	if (value.n > LONGEST_TEXT)
		return err_set(e, "must not be longer than %d bytes", LONGEST_TEXT);
	*(struct str *)field = arena_str(&c->mem, value);
	return 0;
}

static int make_absolute(struct conf *c, struct str value, struct str *out, struct err *e)
{
	char here[PATH_MAX];

	if (value.n == 0 || value.p[0] == '/') {
		*out = arena_str(&c->mem, value);
	} else {
		while (str_starts(value, STR("./")))
			value = str_skip(value, 2);
		if (getcwd(here, sizeof(here)) == NULL)
			return err_sys(e, "needs the working directory");
		*out = arena_fmt(&c->mem, "%s/%.*s", strcmp(here, "/") == 0 ? "" : here, STR_ARG(value));
	}
	return out->n < PATH_MAX ? 0 : err_set(e, "must not be longer than %d bytes", PATH_MAX - 1);
}

/* A path may be empty only where nothing is the default. */
static int set_path(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	if (value.n == 0 && o->preset[0] != '\0')
		return err_set(e, "must not be empty");
	return make_absolute(c, value, field, e);
}

static int set_word(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	struct str left = str_of(o->words), word;

	while ((word = str_word(&left)).n > 0) {
		if (!str_eq(word, value))
			continue;
		*(struct str *)field = arena_str(&c->mem, value);
		return 0;
	}
	return err_set(e, "must be one of: %s", o->words);
}

/* Room grows by doubling, so a list costs no more than twice its end. */
static int list_add(struct conf *c, const struct conf_row *o, struct conf_list *l, struct str value, struct err *e)
{
	size_t room = l->n > 0 ? 2 * l->n : 1;

	if (l->n == (size_t)o->most)
		return err_set(e, "has more than %lld values", (long long)o->most);
	if ((l->n & (l->n - 1)) == 0) {
		l->at = arena_grow(&c->mem, l->at, l->n, room, sizeof(*l->at));
		l->line = arena_grow(&c->mem, l->line, l->n, room, sizeof(*l->line));
	}
	*(struct str *)(uintptr_t)&l->at[l->n] = arena_str(&c->mem, value);
	*(int *)(uintptr_t)&l->line[l->n] = c->line;
	l->n++;
	return 0;
}

static int set_binds(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	struct str address;
	uint16_t port;

	if (!conf_bind(value, &address, &port))
		return err_set(e, "must be ADDRESS:PORT or [V6ADDRESS]:PORT");
	return list_add(c, o, field, value, e);
}

static int set_servers(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	struct str address;
	uint16_t port;

	if (!conf_server(value, &address, &port))
		return err_set(e, "must be ADDRESS or ADDRESS@PORT");
	return list_add(c, o, field, value, e);
}

static int set_addresses(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	if (!inet_is(value))
		return err_set(e, "must be an IP address");
	return list_add(c, o, field, value, e);
}

/* What the text must be beyond that is for its reader to say, who is told the line. */
static int set_texts(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == ' ' || value.p[i] == '\t')
			return err_set(e, "must not have spaces in a value");
	if (value.n == 0 || value.n > LONGEST_TEXT)
		return err_set(e, "must have values of 1 to %d bytes", LONGEST_TEXT);
	return list_add(c, o, field, value, e);
}

/* The first of the words ("none", "first") takes back those before it. */
static int set_words(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	struct str first = str_of(o->words), word;

	if (set_word(c, o, value, &word, e) < 0)
		return -1;
	if (str_eq(word, str_word(&first)))
		*(struct conf_list *)field = (struct conf_list){ 0 };
	return list_add(c, o, field, word, e);
}

static int is_line(struct str value, struct err *e)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isprint(value.p[i]))
			return err_set(e, "must be printable ASCII on one line");
	return value.n <= LONGEST_TEXT ? 0 : err_set(e, "must not be longer than %d bytes", LONGEST_TEXT);
}

static int set_line(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)o;
	if (is_line(value, e) < 0)
		return -1;
	*(struct str *)field = arena_str(&c->mem, value);
	return 0;
}

static int set_lines(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	if (value.n == 0)
		return err_set(e, "must not have an empty value");
	return is_line(value, e) < 0 ? -1 : list_add(c, o, field, value, e);
}

static int set_paths(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	struct str path;

	if (value.n == 0)
		return err_set(e, "must not have an empty value");
	return make_absolute(c, value, &path, e) < 0 ? -1 : list_add(c, o, field, path, e);
}

static int set_bool(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	bool yes = str_eqz(value, "true") || str_eqz(value, "yes") || str_eqz(value, "on");
	bool no = str_eqz(value, "false") || str_eqz(value, "no") || str_eqz(value, "off");

	(void)c;
	(void)o;
	if (!yes && !no)
		return err_set(e, "must be true or false");
	*(bool *)field = yes;
	return 0;
}

static int set_number(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	uint64_t n;

	(void)c;
	if (!str_u64(value, (uint64_t)o->most, &n) || (int64_t)n < o->least)
		return err_set(e, "must be a number from %lld to %lld", (long long)o->least, (long long)o->most);
	*(int64_t *)field = (int64_t)n;
	return 0;
}

static int set_duration(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)c;
	if (str_eqz(value, "off") && strcmp(o->preset, "off") == 0) {
		*(int64_t *)field = 0;
		return 0;
	}
	if (!conf_duration(value, field))
		return err_set(e, "must be a duration like 10s, 5m, 2h or 3d, more than 0");
	return 0;
}

static int set_every(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)c;
	(void)o;
	if (str_eqz(value, "never"))
		*(int64_t *)field = 0;
	else if (!conf_duration(value, field))
		return err_set(e, "must be a duration like 10s, 5m, 2h or 3d, more than 0, or never");
	return 0;
}

static int set_rate(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)c;
	if (str_eqz(value, "inherit") && strcmp(o->preset, "inherit") == 0) {
		*(struct conf_rate *)field = (struct conf_rate){ 0, 0 };
		return 0;
	}
	if (!conf_rate(value, field))
		return err_set(e, "must be so many in a time, like 30/m, 1/s, 500/h or 9000/d, or off");
	return 0;
}

static int set_size(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e)
{
	(void)c;
	(void)o;
	if (!conf_size(value, field))
		return err_set(e, "must be a size like 500, 64K, 50M or 2G, more than 0");
	return 0;
}

/* clang-format off */
#define FIELD(s, f, o) .in = IN_##s, .name = (o), .at = offsetof(struct conf_##s, f)
const struct conf_row conf_rows[] = {
#define CONF_TEXT(s, f, o, d, help) { FIELD(s, f, o), .set = set_text, .preset = (d) },
#define CONF_PATH(s, f, o, d, help) { FIELD(s, f, o), .set = set_path, .preset = (d), .path = true },
#define CONF_WORD(s, f, o, d, w, help) { FIELD(s, f, o), .set = set_word, .preset = (d), .words = (w) },
#define CONF_REPLY(s, f, o, reason, help) { FIELD(s, f, o), .set = set_line, .preset = "" },
#define CONF_BINDS(s, f, o, help) { FIELD(s, f, o), .set = set_binds, .list = true, .most = MOST_IN_LIST },
#define CONF_SERVERS(s, f, o, help) { FIELD(s, f, o), .set = set_servers, .list = true, .most = MOST_IN_LIST },
#define CONF_TEXTS(s, f, o, help) { FIELD(s, f, o), .set = set_texts, .list = true, .most = MOST_TEXTS },
#define CONF_WORDS(s, f, o, w, help) \
	{ FIELD(s, f, o), .set = set_words, .list = true, .words = (w), .most = MOST_IN_LIST },
#define CONF_LINES(s, f, o, help) { FIELD(s, f, o), .set = set_lines, .list = true, .most = MOST_TEXTS },
#define CONF_PATHS(s, f, o, help) { FIELD(s, f, o), .set = set_paths, .list = true, .most = MOST_IN_LIST },
#define CONF_ADDRESSES(s, f, o, help) { FIELD(s, f, o), .set = set_addresses, .list = true, .most = MOST_IN_LIST },
#define CONF_RATE(s, f, o, d, help) { FIELD(s, f, o), .set = set_rate, .preset = (d) },
#define CONF_BOOL(s, f, o, d, help) { FIELD(s, f, o), .set = set_bool, .preset = #d },
#define CONF_NUMBER(s, f, o, d, lo, hi, help) \
	{ FIELD(s, f, o), .set = set_number, .preset = #d, .least = (lo), .most = (hi) },
#define CONF_DURATION(s, f, o, d, help) { FIELD(s, f, o), .set = set_duration, .preset = (d) },
#define CONF_EVERY(s, f, o, d, help) { FIELD(s, f, o), .set = set_every, .preset = (d) },
#define CONF_SIZE(s, f, o, d, help) { FIELD(s, f, o), .set = set_size, .preset = (d) },
#include "base/options.def"
};
const size_t conf_nrows = COUNT(conf_rows);

static const struct {
	const char *name;
	size_t home; /* offset of its struct in struct conf */
} sections[] = {
#define CONF_SECTION(s, help) [IN_##s] = { #s, offsetof(struct conf, s) },
#include "base/options.def"
};
/* clang-format on */

const char *conf_section_name(enum conf_section in)
{
	return sections[in].name;
}

static const struct conf_row *find(const char *section, struct str name)
{
	for (size_t i = 0; name.n > 0 && i < conf_nrows; i++)
		if (conf_rows[i].name[0] == name.p[0] && str_eqz(name, conf_rows[i].name) &&
		    strcmp(sections[conf_rows[i].in].name, section) == 0)
			return &conf_rows[i];
	return NULL;
}

const struct conf_row *conf_row(const char *section, const char *name)
{
	const struct conf_row *o = find(section, str_of(name));

	if (o == NULL)
		BUG("option %s of section %s", name, section);
	return o;
}

void *conf_field(struct conf *c, const struct conf_row *o)
{
	return (char *)c + sections[o->in].home + o->at;
}

const struct conf_row *conf_option(const char *section, struct str option)
{
	return find(section, option);
}

enum conf_sort conf_sort(const struct conf_row *o)
{
	if (o->list)
		return o->words != NULL ? CONF_CHOICES : CONF_VALUES;
	if (o->set == set_bool)
		return CONF_SWITCH;
	return o->words != NULL ? CONF_CHOICE : CONF_VALUE;
}

int conf_set(struct conf *c, const struct conf_row *o, struct str value, struct err *e)
{
	return o->set(c, o, value, conf_field(c, o), e);
}

const void *conf_value(const struct conf *c, const struct conf_row *o)
{
	return (const char *)c + sections[o->in].home + o->at;
}

int conf_put(struct conf *c, const char *section, struct str option, struct str value, struct err *e)
{
	const struct conf_row *o = find(section, option);

	return o == NULL ? err_set(e, "is not an option of %s", section) : conf_set(c, o, value, e);
}

void conf_unset(struct conf *c, const struct conf_row *o)
{
	struct err e;

	if (o->list)
		*(struct conf_list *)conf_field(c, o) = (struct conf_list){ 0 };
	else if (conf_set(c, o, str_of(o->preset), &e) < 0)
		BUG("default of %s %s", o->name, e.text);
}

/* list_add() makes room when n is a power of two, and only then: up to the next one there must be room. */
void conf_own(struct conf *c, const struct conf_row *o)
{
	struct conf_list *l = conf_field(c, o);
	size_t room = 1;

	if (!o->list || l->n == 0)
		return;
	while (room < l->n)
		room *= 2;
	l->at = arena_grow(&c->mem, l->at, l->n, room, sizeof(*l->at));
	l->line = arena_grow(&c->mem, l->line, l->n, room, sizeof(*l->line));
}

static void take_out(struct conf_list *l, size_t i)
{
	for (size_t k = i; k + 1 < l->n; k++) {
		((struct str *)(uintptr_t)l->at)[k] = l->at[k + 1];
		((int *)(uintptr_t)l->line)[k] = l->line[k + 1];
	}
	l->n--;
}

static bool is_text(const struct conf_row *o)
{
	return o->set == set_text || o->set == set_line || o->set == set_word || o->set == set_path;
}

void conf_remove(struct conf *c, const struct conf_row *o, struct str value)
{
	struct conf_list *l = conf_field(c, o);

	for (size_t i = 0; o->list && i < l->n; i++)
		if (str_eq(l->at[i], value)) {
			take_out(l, i);
			return;
		}
	if (is_text(o) && str_eq(*(struct str *)conf_field(c, o), value))
		conf_unset(c, o);
}

bool conf_has(const struct conf_list *l, const char *word)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eqz(l->at[i], word))
			return true;
	return false;
}
