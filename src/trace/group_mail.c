/* What the logs of all mail servers have in common: messages by queue id. */
#include <string.h>

#include "base/quick.h"
#include "trace/group_foreign.h"
#include "trace/join.h"

/* One key per host and id. */
static struct str key_of(const struct foreign_reader *r, struct str id, char *room, size_t size)
{
	memcpy(room, &r->place, sizeof(r->place));
	id = str_take(id, size - sizeof(r->place));
	if (id.n > 0)
		memcpy(room + sizeof(r->place), id.p, id.n);
	return str_mem(room, sizeof(r->place) + id.n);
}

struct visit *mail_visit(struct foreign_reader *r)
{
	struct {
		struct visit visit;
		struct foreign foreign;
	} *both = arena_alloc(&r->b->pools.visits, sizeof(*both)); /* whoever reads the one reads the other */
	struct visit *v = &both->visit;

	v->foreign = &both->foreign;
	v->foreign->server = r->l->server;
	v->foreign->place = r->place;
	v->foreign->host = r->host;
	v->foreign->begins = line_new(r->b, r->line);
	return v;
}

void mail_book(struct foreign_reader *r, struct visit *v)
{
	struct book *b = r->b;

	if (b->last_visit != NULL)
		b->last_visit->later = v;
	else
		b->visits = v;
	b->last_visit = v;
}

struct mail *mail_known(struct foreign_reader *r, struct str id)
{
	char room[128];
	struct mail *m = map_get_quick(&r->mails, key_of(r, id, room, sizeof(room)));

	return m != NULL && m->stale ? NULL : m;
}

static uint32_t list_id(struct foreign_ids *ids, struct visit *v)
{
	if (ids->n == ids->cap) {
		ids->cap = ids->cap > 0 ? ids->cap * 2 : 64;
		ids->at = mem_grow(ids->at, ids->cap * sizeof(*ids->at));
	}
	ids->at[ids->n] = (struct foreign_id){ .visit = v, .hash = join_id_hash(v->foreign->id) };
	return (uint32_t)ids->n++;
}

struct mail *mail_new(struct foreign_reader *r, struct str id)
{
	char room[128];
	struct mail *m = arena_alloc(&r->b->mem, sizeof(*m));
	struct str key = arena_str(&r->b->mem, key_of(r, id, room, sizeof(room))); /* beside what it leads to */

	m->visit = mail_visit(r);
	m->visit->foreign->id = id;
	m->visit->foreign->entry = list_id(&r->b->ids, m->visit);
	m->serial = ++r->nmails;
	map_put_quick(&r->mails, key, m);
	mail_book(r, m->visit);
	return m;
}

struct mail *mail_of(struct foreign_reader *r, struct str id, bool opens)
{
	struct mail *m = mail_known(r, id);
	bool first = r->alone && r->l->server == FOREIGN_QMAIL; /* of its message, as the index knows */

	return m == NULL || first || (m->closed && opens) ? mail_new(r, id) : m;
}

struct line *mail_line(struct foreign_reader *r, struct visit *v)
{
	struct line *x = line_new(r->b, r->line);

	lines_add(&v->lines, x);
	r->made = (struct made){ .line = x, .lines = &v->lines, .visit = v };
	return x;
}

void mail_ends(struct foreign_reader *r)
{
	struct mail *m = mail_known(r, mail_field(r, FF_id));

	if (m == NULL || m->closed)
		return;
	m->closed = true;
	m->visit->foreign->removed = true;
	mail_line(r, m->visit);
}

void mail_bounced(struct foreign_reader *r, enum foreign_field child)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), false);
	struct foreign *f = m->visit->foreign;

	f->bounce = line_new(r->b, r->line);
	f->bounce_id = mail_field(r, child);
	mail_names(r, m, f->bounce_id);
	r->b->ids.at[f->entry].linked = true; /* it is told of whether that mail was read or not */
}

void mail_names(struct foreign_reader *r, const struct mail *m, struct str id)
{
	struct foreign_ids *ids = &r->b->ids;

	if (id.n == 0)
		return;
	if (ids->nnamed == ids->named_cap) {
		ids->named_cap = ids->named_cap > 0 ? ids->named_cap * 2 : 64;
		ids->named = mem_grow(ids->named, ids->named_cap * sizeof(*ids->named));
	}
	ids->named[ids->nnamed++] =
	    (struct foreign_named){ join_id_hash(id), m != NULL ? m->visit->foreign->entry : FOREIGN_ANY };
}

static struct party *add_party(struct foreign_reader *r, struct visit *v, struct name *name)
{
	struct party *p = arena_alloc(&r->b->pools.parties, sizeof(*p));

	p->name = name;
	p->visit = v;
	parties_add(&v->parties, p);
	return p;
}

/* Recipients that are tried, and not those that were refused (by a line, `to`).  Many are found by hash. */
enum { MANY = 16 };

static uint64_t party_key(const struct mail *m, const struct name *name)
{
	return m->serial << 32 | name->id;
}

static void index_parties(struct foreign_reader *r, struct mail *m)
{
	for (struct party *p = m->visit->parties.first; p != NULL; p = p->next)
		if (p->to == NULL)
			map_putn(&r->parties, party_key(m, p->name), p);
	m->indexed = true;
}

static struct party *known_party(struct foreign_reader *r, struct mail *m, const struct name *name)
{
	struct party *p = m->visit->parties.first;

	if (!m->indexed && m->visit->parties.n > MANY)
		index_parties(r, m);
	if (m->indexed)
		return map_getn(&r->parties, party_key(m, name));
	while (p != NULL && (p->to != NULL || p->name != name))
		p = p->next;
	return p;
}

struct party *mail_party(struct foreign_reader *r, struct mail *m, struct name *name)
{
	struct party *p = known_party(r, m, name);

	if (p != NULL)
		return p;
	p = add_party(r, m->visit, name);
	p->code = 250;
	if (m->indexed)
		map_putn(&r->parties, party_key(m, name), p);
	return p;
}

struct party *mail_refuse(struct foreign_reader *r, struct visit *v, int code)
{
	struct party *p = add_party(r, v, book_name(r->b, mail_field(r, FF_rcpt)));

	p->to = p->resp = line_new(r->b, r->line);
	p->code = code;
	lines_add(&v->foreign->refusals, p->to);
	r->made = (struct made){ .line = p->to, .lines = &v->foreign->refusals, .visit = v, .party = p };
	return p;
}

struct attempt *mail_attempt(struct foreign_reader *r, struct mail *m, struct str to, struct str original)
{
	struct attempt *a = arena_alloc(&r->b->pools.attempts, sizeof(*a));
	struct party *p;

	a->to = book_name(r->b, to);
	a->original = original.n > 0 ? book_name(r->b, original) : a->to;
	a->from = m->visit->from;
	a->started = moment_of(r->b, r->line);
	a->join = (struct join){ GRADE_EXACT, "queue id", NULL };
	if (a->started > m->visit->foreign->last)
		m->visit->foreign->last = a->started;
	p = mail_party(r, m, a->original);
	if (p->last_attempt != NULL)
		p->last_attempt->next = a;
	else
		p->attempts = a;
	p->last_attempt = a;
	lines_add(&a->lines, line_new(r->b, r->line));
	r->made = (struct made){ .line = a->lines.last, .lines = &a->lines, .visit = m->visit };
	return a;
}

/* Put the refusals' parties and lines in front of the message's own; their visit is no visit any more. */
static void absorb(struct visit *v, struct visit *refused)
{
	for (struct party *p = refused->parties.first; p != NULL; p = p->next)
		p->visit = v;
	refused->parties.last->next = v->parties.first;
	if (v->parties.first == NULL)
		v->parties.last = refused->parties.last;
	v->parties.first = refused->parties.first;
	v->parties.n += refused->parties.n;
	refused->foreign->refusals.last->next = v->foreign->refusals.first;
	if (v->foreign->refusals.first == NULL)
		v->foreign->refusals.last = refused->foreign->refusals.last;
	v->foreign->refusals.first = refused->foreign->refusals.first;
	if (v->helo.n == 0)
		v->helo = refused->helo;
	refused->foreign->absorbed = true;
}

void mail_from(struct foreign_reader *r, struct mail *m, struct str sender)
{
	struct visit *refused = m->refused;

	m->visit->from = book_name(r->b, sender);
	m->refused = NULL;
	if (refused != NULL && refused->from == m->visit->from && refused->parties.first != NULL)
		absorb(m->visit, refused);
}

static void take(struct str *to, struct str from)
{
	if (from.n > 0)
		*to = from;
}

void mail_client(struct foreign_reader *r, struct visit *v)
{
	struct str name = mail_field(r, FF_peer);

	take(&v->ip, mail_field(r, FF_ip));
	take(&v->helo, mail_field(r, FF_helo));
	take(&v->user, mail_field(r, FF_user));
	take(&v->encryption, mail_field(r, FF_encryption));
	if (!str_eqz(name, "unknown"))
		take(&v->rdns, name);
}
