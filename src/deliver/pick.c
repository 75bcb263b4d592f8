#include "deliver/pick.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "deliver/retry.h"

enum kind { TEXT, LOWER, AGE, SIZE, COUNT_OF, WALL, FLAG };

/* The options: what each takes, where it goes, whether it chooses recipients. */
static const struct option {
	const char *name;
	enum kind kind;
	size_t at;
	bool filter;
} options[] = {
	{ "--from", LOWER, offsetof(struct pick, from), true },
	{ "--to", LOWER, offsetof(struct pick, to), true },
	{ "--to-domain", LOWER, offsetof(struct pick, domain), true },
	{ "--destination", LOWER, offsetof(struct pick, domain), true },
	{ "--reason", LOWER, offsetof(struct pick, reason), true },
	{ "--older", AGE, offsetof(struct pick, older), true },
	{ "--younger", AGE, offsetof(struct pick, younger), true },
	{ "--size", SIZE, offsetof(struct pick, size), true },
	{ "--attempts", COUNT_OF, offsetof(struct pick, attempts), true },
	{ "--channel", LOWER, offsetof(struct pick, channel), true },
	{ "--held", FLAG, offsetof(struct pick, held), true },
	{ "--failed", FLAG, offsetof(struct pick, failed), true },
	{ "--paused", FLAG, offsetof(struct pick, paused), true },
	{ "--all", FLAG, offsetof(struct pick, all), true },
	{ "--limit", COUNT_OF, offsetof(struct pick, limit), false },
	{ "--after", COUNT_OF, offsetof(struct pick, after), false },
	{ "--dry-run", FLAG, offsetof(struct pick, dry), false },
	{ "--by", TEXT, offsetof(struct pick, by), false },
	{ "--why", TEXT, offsetof(struct pick, why), false },
	{ "--host", LOWER, offsetof(struct pick, host), false },
	{ "--to-address", TEXT, offsetof(struct pick, address), false },
	{ "--until", WALL, offsetof(struct pick, until), false },
	{ "--for", AGE, offsetof(struct pick, lasting), false },
};

static bool take_value(const struct option *o, struct str word, struct arena *a, struct pick *p)
{
	char *to = (char *)p + o->at;
	int64_t number = 0;
	bool good = true;

	switch (o->kind) {
	case TEXT:
	case LOWER:
		*(struct str *)(void *)to = o->kind == LOWER ? arena_lower(a, word) : arena_str(a, word);
		return word.n > 0;
	case AGE:
		good = conf_duration(word, &number) && number > 0;
		break;
	case SIZE:
		good = conf_size(word, &number);
		break;
	case COUNT_OF:
		return str_u64(word, INT64_MAX, (uint64_t *)(void *)to);
	case WALL:
		good = str_u64(word, INT64_MAX, (uint64_t *)&number);
		break;
	case FLAG:
		break;
	}
	*(int64_t *)(void *)to = number;
	return good;
}

static const struct option *option_of(struct str word)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (str_eqz(word, options[i].name))
			return &options[i];
	return NULL;
}

/* QP or QP/RECIPIENT; of pause and resume a destination. */
static int take_name(struct str word, struct arena *a, struct pick *p, struct err *e)
{
	struct str qp, rcpt;
	uint64_t index = SIZE_MAX;
	bool one = str_cut(word, STR("/"), &qp, &rcpt);

	if (p->named || p->destination.n > 0)
		return err_set(e, "%.*s is one word too many", STR_ARG(word));
	p->destination = arena_lower(a, word);
	p->named = str_u64(qp, INT64_MAX, &p->qp) && (!one || str_u64(rcpt, UINT32_MAX, &index));
	p->only = one ? (size_t)index : SIZE_MAX;
	return 0;
}

static int take_option(const struct option *o, struct str word, struct str *rest, struct arena *a, struct pick *p,
		       struct err *e)
{
	struct str value = STR("");

	p->filtered = p->filtered || o->filter;
	if (o->kind == FLAG) {
		*((bool *)p + o->at) = true;
		return 0;
	}
	if (rest->p == NULL)
		return err_set(e, "%.*s needs a value", STR_ARG(word));
	if (!str_cut(*rest, STR("\0"), &value, rest))
		*rest = str_mem(NULL, 0);
	if (!take_value(o, value, a, p))
		return err_set(e, "%.*s cannot be %.*s", STR_ARG(word), STR_ARG(value));
	return 0;
}

static int check(const struct pick *p, struct err *e)
{
	if (p->channel.n > 0 && !str_eqz(p->channel, "local") && !str_eqz(p->channel, "remote"))
		return err_set(e, "--channel is local or remote");
	if (p->named && p->filtered)
		return err_set(e, "one message is named, and a filter too: only one of them");
	return 0;
}

int pick_parse(struct str words, struct arena *a, struct pick *out, struct err *e)
{
	struct str word, rest = words;
	size_t n = 0;

	*out = (struct pick){ .only = SIZE_MAX };
	if (words.n > PICK_BYTES_MAX)
		return err_set(e, "the words are too long");
	while (rest.p != NULL && words.n > 0) {
		const struct option *o;

		if (!str_cut(rest, STR("\0"), &word, &rest))
			rest = str_mem(NULL, 0);
		o = option_of(word);
		if (++n > PICK_WORDS_MAX)
			return err_set(e, "too many words");
		if (o == NULL && str_starts(word, STR("--")))
			return err_set(e, "%.*s is no option of telltale queue", STR_ARG(word));
		if ((o != NULL ? take_option(o, word, &rest, a, out, e) : take_name(word, a, out, e)) < 0)
			return -1;
	}
	return check(out, e);
}

const struct envelope *picked_envelope(struct picked *x)
{
	struct err e = { 0 };

	if (!x->loaded && !x->unreadable)
		x->unreadable = depot_envelope(x->depot, x->it, x->mem, &x->v, &e) < 0;
	x->loaded = !x->unreadable;
	return x->loaded ? &x->v : NULL;
}

bool pick_item(const struct pick *p, const struct item *it, int64_t now)
{
	int64_t age = now - it->born;

	return it->left > 0 && (p->older == 0 || age >= p->older) && (p->younger == 0 || age < p->younger) &&
	       (int64_t)it->size >= p->size;
}

/* A pattern with @ is a whole address, else it is one or a domain; <ADDRESS> is that one, whatever stars it has, and <>
 * the null sender. */
static bool is_like(struct str pattern, struct str address, struct arena *mem)
{
	struct str low = arena_lower(mem, address);

	if (pattern.n == 0)
		return true;
	if (str_starts(pattern, STR("<")) && str_ends(pattern, STR(">")))
		return str_eq(str_take(str_skip(pattern, 1), pattern.n - 2), low);
	if (str_chr(pattern, '@') < 0 && str_glob(pattern, str_skip(low, (size_t)(str_rchr(low, '@') + 1))))
		return true;
	return str_glob(pattern, low);
}

static bool says(const char *report, struct str part, struct arena *mem)
{
	if (part.n == 0)
		return true;
	return report != NULL && str_find(arena_lower(mem, str_of(report)), part) >= 0;
}

static bool in_memory(const struct pick *p, const struct picked *x, const struct item_rcpt *r)
{
	if (p->channel.n > 0 && str_eqz(p->channel, "local") != (r->channel == CHANNEL_LOCAL))
		return false;
	if ((p->held && !r->held && !x->it->held) || (p->failed && !rcpt_failed(r)) || (p->paused && !r->paused))
		return false;
	return r->attempts >= p->attempts && says(r->report, p->reason, x->mem);
}

bool pick_rcpt(const struct pick *p, struct picked *x, size_t rcpt)
{
	const struct item_rcpt *r = &x->it->rcpts[rcpt];
	const struct envelope *v;
	const char *domain;

	if (rcpt_settled(r) || (rcpt_delivered(r) && !p->named) || (p->only != SIZE_MAX && p->only != rcpt) ||
	    !in_memory(p, x, r))
		return false;
	if (p->domain.n > 0) {
		domain = depot_domain(x->depot, x->it, rcpt, NULL);
		if (domain == NULL || !str_glob(p->domain, str_of(domain)))
			return false;
	}
	if (p->from.n == 0 && p->to.n == 0)
		return true;
	v = picked_envelope(x);
	if (v == NULL || rcpt >= v->nrcpts || !is_like(p->from, v->sender, x->mem))
		return false;
	return p->to.n == 0 || is_like(p->to, v->rcpts[rcpt].final, x->mem) ||
	       is_like(p->to, v->rcpts[rcpt].original, x->mem);
}
