/* rspamd's answer: JSON that holds what a stranger wrote. */
#include "handoff/rspamd.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { ACTION_MAX = 40, SYMBOL_MAX = 64 };

/* ---- before it is parsed ---- */

/* What is not UTF-8 becomes `?`: the parser would refuse the whole answer for it. */
static struct str repaired(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	uint32_t code;

	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_at(str_skip(s, i), &code);

		if (n == 0) {
			p[i++] = '?';
			continue;
		}
		memcpy(p + i, s.p + i, n);
		i += n;
	}
	return str_mem(p, s.n);
}

/* The parser calls itself for each level, on a small stack. */
static bool is_flat(struct str s)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{') && ++depth > RSPAMD_DEPTH_MAX)
			return false;
		else if (!quoted && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

/* ---- values ---- */

struct reading {
	struct arena *mem;
	struct rspamd_answer *out;
	size_t room;
};

static struct str text_of(const json_t *v)
{
	return json_is_string(v) ? str_mem(json_string_value(v), json_string_length(v)) : (struct str){ 0 };
}

static struct str printable(struct arena *a, struct str s, size_t most, bool spaces)
{
	struct str take = str_take(str_trim(s), most);
	char *p = arena_alloc(a, take.n + 1);

	for (size_t i = 0; i < take.n; i++)
		p[i] = ascii_isprint(take.p[i]) && (spaces || take.p[i] != ' ') ? take.p[i] : '?';
	return str_mem(p, take.n);
}

static double number_of(const json_t *v)
{
	double d = json_number_value(v);

	return isfinite(d) ? d : 0;
}

/* ---- action and symbols ---- */

static const char *const actions[] = {
	[RSPAMD_NO_ACTION] = "no action",     [RSPAMD_GREYLIST] = "greylist",
	[RSPAMD_ADD_HEADER] = "add header",   [RSPAMD_REWRITE_SUBJECT] = "rewrite subject",
	[RSPAMD_SOFT_REJECT] = "soft reject", [RSPAMD_REJECT] = "reject",
	[RSPAMD_QUARANTINE] = "quarantine",   [RSPAMD_DISCARD] = "discard",
};

const char *rspamd_action_name(enum rspamd_action action)
{
	return action < RSPAMD_OTHER ? actions[action] : "other";
}

static void read_action(struct reading *r, struct str said)
{
	enum rspamd_action i = 0;

	while (i < RSPAMD_OTHER && !str_ieq(said, str_of(actions[i])))
		i++;
	r->out->action = i;
	r->out->action_text = printable(r->mem, said, ACTION_MAX, true);
}

/* The weightiest stay; of equal ones those that came first. */
static void rank(struct rspamd_answer *out, struct rspamd_symbol s)
{
	size_t at = out->ntop;

	while (at > 0 && fabs(out->top[at - 1].score) < fabs(s.score))
		at--;
	if (at == RSPAMD_SYMBOLS_MAX)
		return;
	if (out->ntop < RSPAMD_SYMBOLS_MAX)
		out->ntop++;
	memmove(&out->top[at + 1], &out->top[at], (out->ntop - 1 - at) * sizeof(s));
	out->top[at] = s;
}

static void read_symbols(struct reading *r, json_t *symbols)
{
	const char *key;
	json_t *v;

	json_object_foreach(symbols, key, v)
	{
		struct rspamd_symbol s = { .name = str_of(key), .score = number_of(json_object_get(v, "score")) };

		r->out->nsymbols++;
		rank(r->out, s);
	}
	for (size_t i = 0; i < r->out->ntop; i++)
		r->out->top[i].name = printable(r->mem, r->out->top[i].name, SYMBOL_MAX, false);
}

/* ---- edits ---- */

static void refuse(struct reading *r, const char *why)
{
	if (r->out->refused++ == 0)
		r->out->why = why;
}

static void put_edit(struct reading *r, struct edit d)
{
	struct rspamd_answer *out = r->out;
	const char *why;

	if (out->nedits == EDITS_MAX) {
		refuse(r, "too many edits");
	} else if (edit_make(&d, r->mem, &why) < 0) {
		refuse(r, why);
	} else {
		if (out->nedits == r->room) {
			size_t want = r->room == 0 ? 8 : 2 * r->room;

			out->edits = arena_grow(r->mem, out->edits, out->nedits, want, sizeof(d));
			r->room = want;
		}
		out->edits[out->nedits++] = d;
	}
}

static int32_t place_of(const json_t *v)
{
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : (json_int_t)number_of(v);

	return n > INT32_MAX ? INT32_MAX : n < -INT32_MAX ? -INT32_MAX : (int32_t)n;
}

/* "value", or { "value": "...", "order": 0 }: an order from 0 on is a place, without one it goes to the end. */
static void add_one(struct reading *r, const char *name, const json_t *v)
{
	const json_t *order = json_object_get(v, "order"), *value = json_is_object(v) ? json_object_get(v, "value") : v;
	struct edit d = { .kind = EDIT_ADD, .name = str_of(name) };

	if (!json_is_string(value)) {
		refuse(r, "a field whose value is no text");
		return;
	}
	d.value = edit_spaced(r->mem, text_of(value));
	if (json_is_number(order) && place_of(order) >= 0) {
		d.kind = EDIT_INSERT;
		d.at = place_of(order);
	}
	put_edit(r, d);
}

static void remove_one(struct reading *r, const char *name, const json_t *v)
{
	struct edit d = { .kind = EDIT_DELETE, .name = str_of(name), .at = place_of(v) };

	if (json_is_number(v))
		put_edit(r, d);
	else
		refuse(r, "a field to remove whose place is no number");
}

/* For each name one value, or a list of them. */
static void for_each(struct reading *r, json_t *fields, void (*one)(struct reading *, const char *, const json_t *))
{
	const char *name;
	json_t *v, *part;
	size_t i;

	json_object_foreach(fields, name, v)
	{
		if (!json_is_array(v))
			one(r, name, v);
		json_array_foreach(v, i, part) one(r, name, part);
	}
}

static void sign_one(struct reading *r, const json_t *v)
{
	put_edit(r, (struct edit){ .kind = EDIT_INSERT,
				   .at = 1,
				   .name = STR("DKIM-Signature"),
				   .value = edit_spaced(r->mem, text_of(v)) });
}

static void read_signatures(struct reading *r, json_t *v)
{
	json_t *part;
	size_t i;

	if (json_is_string(v))
		sign_one(r, v);
	json_array_foreach(v, i, part) sign_one(r, part);
}

static void read_subject(struct reading *r, const json_t *v)
{
	struct edit d = { .kind = EDIT_ADD, .name = STR("Subject"), .value = edit_spaced(r->mem, text_of(v)) };
	const char *why;

	if (!json_is_string(v))
		return;
	if (edit_make(&d, r->mem, &why) == 0)
		r->out->subject = d.value;
	else
		refuse(r, why);
}

/* ---- the whole ---- */

static int read_all(struct reading *r, json_t *root, struct err *e)
{
	json_t *milter = json_object_get(root, "milter"), *action = json_object_get(root, "action"),
	       *why = json_object_get(root, "error");

	if (json_is_string(why))
		return err_set(e, "rspamd says: %.*s", STR_ARG(printable(r->mem, text_of(why), RSPAMD_TEXT_MAX, true)));
	if (!json_is_string(action) || !json_is_number(json_object_get(root, "score")))
		return err_set(e, "the answer has no action or no score");
	read_action(r, text_of(action));
	r->out->skipped = json_is_true(json_object_get(root, "is_skipped"));
	r->out->score = number_of(json_object_get(root, "score"));
	r->out->required = number_of(json_object_get(root, "required_score"));
	read_symbols(r, json_object_get(root, "symbols"));
	r->out->message = printable(r->mem, text_of(json_object_get(json_object_get(root, "messages"), "smtp_message")),
				    RSPAMD_TEXT_MAX, true);
	read_subject(r, json_object_get(root, "subject"));
	for_each(r, json_object_get(milter, "remove_headers"), remove_one);
	for_each(r, json_object_get(milter, "add_headers"), add_one);
	read_signatures(r, json_object_get(root, "dkim-signature"));
	return 0;
}

int rspamd_read(struct str json, struct arena *a, struct rspamd_answer *out, struct err *e)
{
	struct reading r = { .mem = a, .out = out };
	json_error_t where;
	json_t *root;
	int rc;

	*out = (struct rspamd_answer){ 0 };
	if (json.n > RSPAMD_ANSWER_MAX)
		return err_set(e, "an answer of more than %d bytes", RSPAMD_ANSWER_MAX);
	if (!is_flat(json))
		return err_set(e, "an answer with more than %d levels", RSPAMD_DEPTH_MAX);
	json = repaired(a, json);
	root = json_loadb(json.p, json.n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(e, "the answer is no JSON object");
	}
	rc = read_all(&r, root, e);
	json_decref(root);
	return rc;
}
