/* Where an address leads in the end (store.h). */
#include <string.h>

#include "base/clock.h"
#include "store/place.h"

/* One expansion: the aliases on the way down, what was found so far. */
struct expansion {
	struct store *store;
	struct arena *mem;
	struct str original;
	enum led led; /* of what is found from here on */
	struct str way[STORE_DEPTH_MAX];
	size_t depth, steps;
	struct recipient *targets;
	size_t n, room;
	bool endless;
	struct err *e;
};

int store_read(struct store *s, struct err *e)
{
	if (!s->reading && db_do(s, SQL_READ, NULL, 0, e) < 0)
		return -1;
	s->reading = true;
	return 0;
}

int store_rest(struct store *s, struct err *e)
{
	if (s->reading && db_do(s, SQL_COMMIT, NULL, 0, e) < 0)
		return -1;
	s->reading = false;
	return 0;
}

/* Most addresses have one target: room grows as it is needed. */
static void need_room(struct expansion *x)
{
	size_t want = x->room > 0 ? x->room * 4 : 1;

	if (x->n < x->room)
		return;
	x->targets = arena_grow(x->mem, x->targets, x->n, want, sizeof(*x->targets));
	x->room = want;
}

static void add_target(struct expansion *x, struct str final, enum channel channel)
{
	for (size_t i = 0; i < x->n; i++)
		if (str_ieq(x->targets[i].final, final))
			return;
	if (x->n == STORE_TARGETS_MAX) {
		x->endless = true;
		return;
	}
	need_room(x);
	x->targets[x->n++] =
	    (struct recipient){ .final = final, .original = x->original, .channel = channel, .led = x->led };
}

static int expand(struct expansion *x, struct str address, const struct place *p);

/* All targets at once: the statement is needed again on the way down. */
static int load_targets(struct expansion *x, const struct place *p, struct str *out, size_t *n)
{
	const struct db_value v[] = { DB_NUM(p->domain_id), DB_TEXT(p->name) };
	int rc = db_begin(x->store, SQL_ALIAS_TARGETS, v, COUNT(v), x->e);

	*n = 0;
	while (rc == 0 && (rc = db_row(x->store, SQL_ALIAS_TARGETS, x->e)) == 1) {
		if (*n == STORE_TARGETS_MAX) {
			x->endless = true;
			break;
		}
		out[(*n)++] = arena_str(x->mem, db_text(x->store, SQL_ALIAS_TARGETS, 0));
		rc = 0;
	}
	db_end(x->store, SQL_ALIAS_TARGETS);
	return rc < 0 ? -1 : 0;
}

static bool on_the_way(const struct expansion *x, struct str node)
{
	for (size_t i = 0; i < x->depth; i++)
		if (str_eq(x->way[i], node))
			return true;
	return false;
}

static int expand_alias(struct expansion *x, const struct place *p)
{
	struct str node = place_address(x->mem, p);
	struct str *targets = arena_alloc(x->mem, STORE_TARGETS_MAX * sizeof(*targets));
	size_t n;
	int rc;

	x->endless = x->endless || on_the_way(x, node);
	if (x->depth == STORE_DEPTH_MAX || x->endless) {
		x->endless = true;
		return 0;
	}
	x->way[x->depth++] = node;
	rc = load_targets(x, p, targets, &n);
	for (size_t i = 0; i < n && rc == 0 && !x->endless; i++) {
		struct place next = place_find(x->store, targets[i], x->mem, x->e);

		rc = expand(x, targets[i], &next);
	}
	x->depth--;
	return rc;
}

/* A mailbox of ours; does it answer by itself? */
static int add_mailbox(struct expansion *x, struct str address)
{
	const struct db_value v[] = { DB_TEXT(address), DB_NUM(clock_wall()) };
	int64_t one;
	size_t had = x->n;
	int rc = db_find(x->store, SQL_AUTOREPLY_IS, v, COUNT(v), &one, x->e);

	add_target(x, address, CHANNEL_LOCAL);
	if (x->n > had)
		x->targets[had].replies = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* What the owner of a mailbox has said about its mail: store/mailbox.def. */
static int load_forward(struct expansion *x, struct str node, struct str *out, size_t *n, bool *keep)
{
	const struct db_value v = DB_TEXT(node);
	int rc = db_begin(x->store, SQL_SETTING_FORWARD, &v, 1, x->e);

	*n = 0;
	*keep = true;
	while (rc == 0 && (rc = db_row(x->store, SQL_SETTING_FORWARD, x->e)) == 1) {
		struct str option = db_text(x->store, SQL_SETTING_FORWARD, 0);
		struct str value = db_text(x->store, SQL_SETTING_FORWARD, 1);

		if (str_eqz(option, "keep-copy"))
			*keep = !str_eqz(value, "no");
		else if (*n < STORE_TARGETS_MAX)
			out[(*n)++] = arena_str(x->mem, value);
		rc = 0;
	}
	db_end(x->store, SQL_SETTING_FORWARD);
	return rc < 0 ? -1 : 0;
}

/* A mailbox that is come to once more on the way from itself keeps the mail: two that send all to each other lose
 * none. */
static int expand_mailbox(struct expansion *x, const struct place *p)
{
	struct str node = place_address(x->mem, p);
	struct str *targets = arena_alloc(x->mem, STORE_TARGETS_MAX * sizeof(*targets));
	enum led before = x->led;
	bool keep = true;
	size_t n = 0, had;
	int rc = on_the_way(x, node) || x->depth == STORE_DEPTH_MAX ? 0 : load_forward(x, node, targets, &n, &keep);

	if (rc == 0 && (keep || n == 0))
		rc = add_mailbox(x, node);
	if (rc < 0 || n == 0)
		return rc;
	had = x->n;
	x->way[x->depth++] = node;
	x->led = LED_FORWARD;
	for (size_t i = 0; i < n && rc == 0 && !x->endless; i++) {
		struct place next = place_find(x->store, targets[i], x->mem, x->e);

		rc = expand(x, targets[i], &next);
	}
	x->led = before;
	x->depth--;
	if (rc == 0 && !keep && x->n == had) /* those addresses are not there any more */
		rc = add_mailbox(x, node);
	return rc;
}

/* Back to whom it was written for: another's address now, or one of ours by now. */
static int expand_srs(struct expansion *x, const struct place *p)
{
	struct str to = addr_text(x->mem, &p->sender);
	struct place next = place_find(x->store, addr_named(x->mem, &p->sender), x->mem, x->e);

	return expand(x, to, &next);
}

/* Whom it goes to is asked when it is its turn: however many they are, it is one message until then. */
static int add_list(struct expansion *x, const struct place *p)
{
	enum led before = x->led;

	x->led = LED_LIST;
	add_target(x, place_address(x->mem, p), CHANNEL_REMOTE);
	x->led = before;
	return 0;
}

static int expand_owner(struct expansion *x, const struct place *p)
{
	const struct db_value v[] = { DB_NUM(p->domain_id), DB_TEXT(p->name) };
	struct str node = arena_fmt(x->mem, "%.*s-owner@%.*s", STR_ARG(p->name), STR_ARG(p->domain)), owner = STR("");
	int rc = db_begin(x->store, SQL_LIST_OWNER, v, COUNT(v), x->e);
	struct place next;

	if (rc == 0)
		rc = db_row(x->store, SQL_LIST_OWNER, x->e);
	if (rc == 1)
		owner = arena_str(x->mem, db_text(x->store, SQL_LIST_OWNER, 0));
	db_end(x->store, SQL_LIST_OWNER);
	x->endless = x->endless || x->depth == STORE_DEPTH_MAX || on_the_way(x, node);
	if (rc <= 0 || x->endless)
		return rc < 0 ? -1 : 0;
	x->way[x->depth++] = node;
	next = place_find(x->store, owner, x->mem, x->e);
	rc = expand(x, owner, &next);
	x->depth--;
	return rc;
}

static int expand_program(struct expansion *x, struct str name)
{
	enum led before = x->led;

	x->led = LED_PROGRAM;
	add_target(x, name, CHANNEL_REMOTE);
	x->led = before;
	return 0;
}

static int expand(struct expansion *x, struct str address, const struct place *p)
{
	if (x->depth > 0 && address.n > 0 && address.p[0] == '|')
		return expand_program(x, address);
	if (++x->steps > STORE_STEPS_MAX) {
		x->endless = true;
		return 0;
	}
	switch (p->found) {
	case FOUND_ERROR:
		return -1;
	case FOUND_MAILBOX:
		return expand_mailbox(x, p);
	case FOUND_LIST:
		return add_list(x, p);
	case FOUND_LIST_OWNER:
		x->led = x->led == LED_PLAIN ? LED_ALIAS : x->led;
		return expand_owner(x, p);
	case FOUND_FOREIGN:
		add_target(x, address, CHANNEL_REMOTE);
		return 0;
	case FOUND_NOTHING:
		return 0;
	case FOUND_SRS:
		return expand_srs(x, p);
	case FOUND_ALIAS:
	case FOUND_CATCHALL:
		break;
	}
	if (x->led == LED_PLAIN)
		x->led = p->found == FOUND_CATCHALL ? LED_CATCHALL : LED_ALIAS;
	return expand_alias(x, p);
}

static enum resolved resolved_of(const struct expansion *x, const struct place *p)
{
	static const enum resolved by[] = {
		[FOUND_LIST] = RESOLVED_ALIAS,        [FOUND_LIST_OWNER] = RESOLVED_ALIAS,
		[FOUND_MAILBOX] = RESOLVED_MAILBOX,   [FOUND_ALIAS] = RESOLVED_ALIAS,
		[FOUND_CATCHALL] = RESOLVED_CATCHALL, [FOUND_SRS] = RESOLVED_ALIAS,
	};

	if (x->endless)
		return RESOLVED_LOOP;
	return x->n > 0 ? by[p->found] : RESOLVED_NO_MAILBOX;
}

/* What the domain has set for the gate, then what the mailbox has. */
static int add_settings(struct store *s, const struct place *p, struct arena *a, struct lookup_answer *out,
			struct err *e)
{
	struct str domain = arena_fmt(a, "@%.*s", STR_ARG(p->domain));
	BUF(b);

	if (settings_read(s, domain, &b, &out->delay_notice, e) < 0 ||
	    (p->found == FOUND_MAILBOX && settings_read(s, place_address(a, p), &b, &out->delay_notice, e) < 0))
		return -1;
	out->settings = arena_str(a, buf_str(&b));
	if (p->found == FOUND_SRS)
		out->delay_notice = 0; /* he who is behind it is none of the domain's */
	return 0;
}

enum resolved store_resolve(struct store *s, struct str address, struct arena *a, struct lookup_answer *out,
			    struct err *e)
{
	struct expansion x = { .store = s, .mem = a, .e = e };
	struct place p = place_find(s, address, a, e);

	*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	if (p.found == FOUND_FOREIGN) {
		out->result = RESOLVED_NOT_OURS;
		return out->result;
	}
	x.original = arena_str(a, address);
	if (p.found == FOUND_ERROR || expand(&x, address, &p) < 0 || add_settings(s, &p, a, out, e) < 0)
		return RESOLVED_TEMPORARY;
	out->result = resolved_of(&x, &p);
	out->srs = p.srs;
	if (out->result <= RESOLVED_CATCHALL) {
		out->targets = x.targets;
		out->n = x.n;
	}
	return out->result;
}

int store_limit(struct store *s, struct str address, uint64_t *limit, struct err *e)
{
	ARENA(a);
	struct str key = arena_lower(&a, address);
	ptrdiff_t at = str_rchr(key, '@');
	const struct db_value v[] = { DB_TEXT(str_skip(key, (size_t)(at + 1))),
				      DB_TEXT(str_take(key, at < 0 ? 0 : (size_t)at)) };
	int64_t n = 0;
	int rc = db_find(s, SQL_ACCOUNT_LIMIT, v, COUNT(v), &n, e);

	if (rc == 1)
		*limit = n > 0 ? (uint64_t)n : 0;
	return rc;
}
