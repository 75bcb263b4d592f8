#include "digest/owners.h"

#include <jansson.h>

/* Whom the mail of a mailbox or a domain concerns. */
struct stake {
	struct owner *owner;
	struct stake *next;
};

void owners_init(struct owners *o, int64_t now)
{
	*o = (struct owners){ .week = digest_week(now) - 1, .since = INT64_MAX };
	o->last = &o->first;
}

void owners_clear(struct owners *o)
{
	for (struct owner *w = o->first; w != NULL; w = w->next)
		map_clear(&w->by_key);
	map_clear(&o->of);
	arena_clear(&o->mem);
}

static void add_stake(struct owners *o, struct str of, struct owner *w)
{
	struct stake *s = arena_alloc(&o->mem, sizeof(*s));

	*s = (struct stake){ w, map_get(&o->of, of) };
	map_put(&o->of, of, s);
}

static struct str text_of(struct owners *o, const json_t *v)
{
	return json_is_string(v) ? arena_lower(&o->mem, str_mem(json_string_value(v), json_string_length(v))) : STR("");
}

/* The first week that he is told of; further back than DIGEST_WEEKS_MAX nobody is. */
static int64_t first_week(const struct owners *o, int64_t told)
{
	int64_t least = o->week - DIGEST_WEEKS_MAX + 1;

	if (told < 0)
		return o->week;
	return told + 1 > least ? told + 1 : least;
}

static void add(struct owners *o, struct owner *w)
{
	w->since = digest_week_begin(first_week(o, w->told));
	if (w->since < o->since)
		o->since = w->since;
	*o->last = w;
	o->last = &w->next;
	o->n++;
	add_stake(o, w->mailbox, w);
	for (size_t i = 0; i < w->ndomains; i++)
		add_stake(o, w->domains[i], w);
}

static int read_one(struct owners *o, const json_t *v, struct str *after, struct err *e)
{
	const json_t *domains = json_object_get(v, "domains"), *week = json_object_get(v, "week");
	struct owner *w = arena_alloc(&o->mem, sizeof(*w));

	*w = (struct owner){ .mailbox = text_of(o, json_object_get(v, "mailbox")) };
	if (str_chr(w->mailbox, '@') < 1 || !json_is_integer(week) || !json_is_array(domains) ||
	    json_array_size(domains) > OWN_DOMAINS_MAX)
		return err_set(e, "telltale-lookup sent a malformed answer");
	*after = w->mailbox;
	w->told = json_integer_value(week);
	for (size_t i = 0; i < json_array_size(domains); i++) {
		w->domains[w->ndomains] = text_of(o, json_array_get(domains, i));
		if (w->domains[w->ndomains++].n == 0)
			return err_set(e, "telltale-lookup sent a malformed answer");
	}
	if (w->told < o->week)
		add(o, w);
	return 0;
}

int owners_read(struct owners *o, struct str json, struct str *after, struct err *e)
{
	json_t *all = json_loadb(json.p, json.n, 0, NULL);
	int rc = json_is_array(all) ? 0 : err_set(e, "telltale-lookup sent a malformed answer");

	*after = STR("");
	for (size_t i = 0; rc == 0 && i < json_array_size(all); i++)
		rc = read_one(o, json_array_get(all, i), after, e);
	json_decref(all);
	return rc;
}

/* ---- counting ---- */

static struct digest_line *line_of(struct owners *o, struct owner *w, const struct refused *row)
{
	BUF(key);
	void *at;

	buf_fmt(&key, "%p %.*s", (const void *)row->word, STR_ARG(row->from));
	at = map_get(&w->by_key, buf_str(&key));
	if (at != NULL)
		return &w->lines[(uintptr_t)at - 1];
	if (w->n >= OWNER_LINES_MAX)
		return NULL;
	if (w->n == w->room) {
		size_t room = w->room == 0 ? 8 : 2 * w->room;

		w->lines = arena_grow(&o->mem, w->lines, w->n, room, sizeof(*w->lines));
		w->room = room;
	}
	w->lines[w->n++] = (struct digest_line){ .from = arena_str(&o->mem, row->from),
						 .word = row->word,
						 .lifts = refused_lifts(row) };
	map_put(&w->by_key, arena_str(&o->mem, buf_str(&key)), (void *)(uintptr_t)w->n);
	return &w->lines[w->n - 1];
}

static void count_for(struct owners *o, struct owner *w, const struct refused *row)
{
	struct digest_line *x;

	if (row->time < w->since || row->time >= digest_week_begin(o->week + 1))
		return;
	x = line_of(o, w, row);
	if (x == NULL)
		return;
	if (row->verdict == VERDICT_REFUSED_TEMPORARILY)
		x->later++;
	else
		x->count++;
	if (row->time > x->last)
		x->last = row->time;
}

static bool has_domain(const struct owner *w, struct str domain)
{
	for (size_t i = 0; i < w->ndomains; i++)
		if (str_ieq(w->domains[i], domain))
			return true;
	return false;
}

void owners_count(struct owners *o, const struct refused *row)
{
	ARENA(a);
	struct str to = row->to != NULL ? arena_lower(&a, row->to->text) : STR("");
	struct str domain = str_skip(to, (size_t)(str_rchr(to, '@') + 1));

	if (to.n == 0)
		return;
	for (const struct stake *s = map_get(&o->of, to); s != NULL; s = s->next)
		if (!has_domain(s->owner, domain)) /* else it is counted with the domain */
			count_for(o, s->owner, row);
	for (const struct stake *s = map_get(&o->of, domain); s != NULL; s = s->next)
		count_for(o, s->owner, row);
}
