/* A story's rows. */
#include "trace/rows.h"

#include <stdlib.h>
#include <string.h>

#include "trace/moment.h"
#include "trace/select.h"
#include "trace/tell_parts.h"

enum { PORTS_MAX = 255 };

void rows_maker_init(struct rows_maker *m, struct rows *to, struct book *b, const struct scope *sc)
{
	*m = (struct rows_maker){ .to = to, .book = b, .scope = sc };
	m->names = mem_alloc((b->nnames + 1) * sizeof(*m->names));
	m->ports = mem_alloc(b->source->n + 1);
}

void rows_maker_clear(struct rows_maker *m)
{
	free(m->names);
	free(m->ports);
	arena_clear(&m->scratch);
}

uint32_t rows_maker_name(struct rows_maker *m, const struct name *x)
{
	uint32_t *known = x != NULL ? &m->names[x->id] : NULL;

	if (x == NULL)
		return UINT32_MAX;
	if (*known == 0)
		*known = (m->bare ? rows_new_name(m->to, x->text) : rows_name(m->to, x->text)) + 1;
	return *known - 1;
}

/* Nobody said; "(unknown)" and "(none)" say that there is none. */
static bool says_none(struct str s)
{
	return str_eqz(s, "(unknown)") || str_eqz(s, "(none)") || str_eqz(s, "unknown") || str_eqz(s, "none");
}

static unsigned client_of(const struct told *t, const struct party *p)
{
	const struct gate *g = p != NULL ? p->gates : NULL;
	const struct visit *v = t->story->visit;
	unsigned bits = t->rdns.n > 0 ? CLIENT_NAMED : g != NULL && says_none(g->rdns) ? CLIENT_NAMELESS : 0;

	if (t->encryption.n > 0)
		return bits | CLIENT_TLS;
	if ((g != NULL && says_none(g->encryption)) || (v != NULL && v->connection > 0))
		return bits | CLIENT_CLEAR;
	return bits;
}

/* Each file's label is looked up once. */
static uint8_t port_of(struct rows_maker *m, const struct visit *v)
{
	struct rows *r = m->to;
	uint32_t file, id;

	if (v == NULL || v->lines.first == NULL)
		return UINT8_MAX;
	file = v->lines.first->file;
	if (m->ports[file] == 0) {
		id = r->ports.n < PORTS_MAX ? rows_text(&r->ports, m->book->source->files[file].label) : UINT32_MAX;
		m->ports[file] = (uint8_t)(id < UINT8_MAX ? id + 1 : 0);
	}
	return (uint8_t)(m->ports[file] - 1);
}

/* What is the same for all recipients: in the story's first row, from which the others copy it. */
static void put_story(struct rows_maker *m, const struct told *t, size_t i, uint32_t number)
{
	const struct story *s = t->story;
	const struct visit *v = s->visit;
	struct rows *r = m->to;

	r->story[i] = number;
	if (s->time >= 0 && s->time < UINT32_MAX)
		r->time[i] = (uint32_t)s->time;
	r->from[i] = rows_maker_name(m, s->from);
	if (t->ip.n > 0)
		r->ip[i] = m->bare ? rows_text(&r->ips, t->ip) : rows_ip(r, t->ip);
	if (t->user.n > 0)
		r->login[i] = rows_text(&r->logins, t->user);
	if (v != NULL && v->sized && v->size_code < 400)
		r->bytes[i] = v->size < UINT32_MAX ? (uint32_t)v->size : UINT32_MAX - 1;
	r->port[i] = port_of(m, v);
}

static void copy_story(struct rows *r, size_t i, size_t from)
{
	r->story[i] = r->story[from];
	r->time[i] = r->time[from];
	r->from[i] = r->from[from];
	r->ip[i] = r->ip[from];
	r->login[i] = r->login[from];
	r->bytes[i] = r->bytes[from];
	r->port[i] = r->port[from];
}

static uint16_t seconds_between(int64_t from, int64_t to)
{
	return row_length((to - from) * 1000);
}

/* The digits that it begins with; how many they are.  They stop mattering beyond 32 bits. */
static size_t take_digits(struct str *rest, uint64_t *n)
{
	size_t i = 0;

	for (*n = 0; i < rest->n && ascii_isdigit(rest->p[i]) && *n <= UINT32_MAX; i++)
		*n = 10 * *n + (uint64_t)(rest->p[i] - '0');
	*rest = str_skip(*rest, i);
	return i;
}

/* "0.05": seconds, and hundredths of them; in ms. */
static bool take_delay(struct str *rest, int64_t *ms)
{
	uint64_t n, hundredths = 0;
	size_t digits = 0;

	if (take_digits(rest, &n) == 0)
		return false;
	if (str_starts(*rest, STR("."))) {
		*rest = str_skip(*rest, 1);
		digits = take_digits(rest, &hundredths);
	}
	*ms = (int64_t)(n * 1000 + hundredths * (digits == 1 ? 100 : 10));
	return n <= UINT32_MAX && hundredths <= 99 && (rest->n == 0 || rest->p[0] == '/' || rest->p[0] == ',');
}

/* "delays=0.1/0/0.2/0.05" of Postfix: before the queue, in it, to connect, to send; in ms. */
static bool postfix_delays(struct str raw, struct str relay, int64_t ms[4])
{
	bool within = relay.p >= raw.p && relay.p + relay.n <= raw.p + raw.n; /* and they stand behind it */
	struct str rest = str_skip(raw, within ? (size_t)(relay.p + relay.n - raw.p) : 0);
	ptrdiff_t at = str_find(rest, STR(" delays="));
	int i = 0;

	rest = str_skip(rest, at < 0 ? rest.n : (size_t)at + 8);

	while (i < 4 && take_delay(&rest, &ms[i]) && (++i == 4 || str_starts(rest, STR("/"))))
		rest = str_skip(rest, 1);
	return i == 4;
}

/* Those of the attempt, read once; NULL: it has none. */
static const int64_t *delays_of(struct rows_maker *m, const struct attempt *a)
{
	if (m->delayed != a) {
		m->delayed = a;
		m->delays_known =
		    a->lines.last != NULL && postfix_delays(line_raw(m->book, a->lines.last), a->relay, m->delays);
	}
	return m->delays_known ? m->delays : NULL;
}

/* Another server's log has one line for a try, written at its end. */
static uint16_t queue_length(struct rows_maker *m, const struct visit *v, const struct attempt *a)
{
	const int64_t *ms = a->plain ? delays_of(m, a) : NULL;

	if (a->plain)
		return ms != NULL ? row_length(ms[1]) : ROW_LENGTH_UNKNOWN;
	return a->started > 0 ? seconds_between(moment_joined(m->book, v->final), a->started) : ROW_LENGTH_UNKNOWN;
}

/* A second message of one connection does not tell how long the gate took. */
static void put_visit_times(struct rows_maker *m, const struct visit *v, const struct party *p, size_t i)
{
	const struct book *b = m->book;
	struct rows *r = m->to;
	int64_t begun = v->moment > 0 ? v->moment / 1000 : 0;

	if (begun == 0 && v->foreign != NULL && v->foreign->begins != NULL)
		begun = moment_of(b, v->foreign->begins);
	if (begun > 0 && !v->follows && p->to != NULL)
		r->gate[i] = seconds_between(begun, moment_of(b, p->to));
	if (v->mail != NULL && v->final != NULL)
		r->accept[i] = seconds_between(moment_of(b, v->mail), moment_of(b, v->final));
	if (p->attempts != NULL && v->final != NULL)
		r->queue[i] = queue_length(m, v, p->attempts);
}

/* How long the try took: by its `done` line, by Postfix's own count, else by the stamps. */
static uint16_t delivery_length(struct rows_maker *m, const struct attempt *a)
{
	const int64_t *ms = a->plain ? delays_of(m, a) : NULL;
	struct log_line l;
	uint64_t n;

	for (const struct line *x = a->lines.first; x != NULL; x = x->next) {
		if (x->kind != LOG_DELIVERY_DONE)
			continue;
		line_fields(m->book, x, &l);
		if (str_u64(l.field[LOG_F_millis], INT32_MAX, &n))
			return row_length((int64_t)n);
	}
	if (a->plain)
		return ms != NULL ? row_length(ms[2] + ms[3]) : ROW_LENGTH_UNKNOWN;
	return a->started > 0 && a->ended > 0 ? seconds_between(a->started, a->ended) : ROW_LENGTH_UNKNOWN;
}

static void put_delivery_times(struct rows_maker *m, const struct story *s, const struct party *p, size_t i)
{
	const struct attempt *done = tell_succeeded(p), *a = done != NULL ? done : p->last_attempt;

	if (a == NULL || !a->resulted)
		return;
	m->to->delivery[i] = delivery_length(m, a);
	if (a->ended > 0)
		m->to->whole[i] = seconds_between(s->time, a->ended);
}

static void put_put_off(struct rows_maker *m, const struct party *p, size_t i)
{
	const struct party *first = p->first_try;

	if (first == NULL || p->to == NULL || p->code >= 400 || p->visit->size_code >= 400)
		return;
	for (int n = 0; n < 64 && first->first_try != NULL; n++)
		first = first->first_try;
	if (first->to != NULL)
		m->to->put_off[i] = seconds_between(moment_of(m->book, first->to), moment_of(m->book, p->to));
}

static void put_times_more(struct rows *r, uint64_t again, size_t i)
{
	r->times[i] = again + 1 < UINT16_MAX ? (uint16_t)(again + 1) : UINT16_MAX - 1;
}

static void put_party(struct rows_maker *m, const struct told *t, const struct party *p, uint32_t number)
{
	const struct party *view = scope_view(m->scope, t->story, p, &m->scratch);
	struct rows *r = m->to;
	size_t i = rows_new(r);
	enum verdict v = verdict_of_party(m->book, t->story, view);

	if (i > 0 && r->story[i - 1] == number)
		copy_story(r, i, i - 1);
	else
		put_story(m, t, i, number);
	r->to[i] = rows_maker_name(m, p->name);
	r->verdict[i] = (uint8_t)v;
	r->reason[i] = rows_why(t, view, v);
	r->client[i] = (uint8_t)client_of(t, p);
	put_times_more(r, party_again(p), i);
	if (p->visit != NULL)
		put_visit_times(m, p->visit, p, i);
	put_delivery_times(m, t->story, view, i);
	if (p->visit != NULL)
		put_put_off(m, p, i);
}

static void put_lost(struct rows_maker *m, const struct told *t, uint32_t number)
{
	const struct story *s = t->story;
	size_t i = rows_new(m->to);

	put_story(m, t, i, number);
	m->to->verdict[i] = (uint8_t)s->verdict;
	m->to->reason[i] = rows_why(t, NULL, s->verdict);
	m->to->client[i] = (uint8_t)client_of(t, NULL);
	put_times_more(m->to, s->visit != NULL ? s->visit->again : 0, i);
}

void rows_add(struct rows_maker *m, const struct story *s, uint32_t number)
{
	struct told t = { .story = s, .book = m->book, .scope = m->scope, .mem = &m->scratch };
	struct meant meant = select_meant(m->question, m->book, s, m->scope);
	size_t first = m->to->n;

	arena_reset(&m->scratch);
	tell_client(&t);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (select_recipient(&meant, p))
			put_party(m, &t, p, number);
	if (s->parties.first == NULL)
		put_lost(m, &t, number);
	if (m->also)
		rows_add_also(m, s, first);
}

static void add_all(struct rows_maker *m, const struct tale *t, const struct scope *all, uint64_t *told)
{
	struct question any = { 0 };
	struct chosen c = { .span = { INT64_MIN, INT64_MAX } };

	select_stories(&c, t, &any, all);
	m->also = true;
	for (size_t i = 0; i < c.n && i < UINT32_MAX - 1; i++) {
		rows_add(m, c.at[i], (uint32_t)i);
		if (told != NULL)
			told[c.at[i]->order / 64] |= (uint64_t)1 << (c.at[i]->order % 64);
	}
}

void rows_of_tale(struct rows *r, const struct tale *t)
{
	struct scope all = { 0 };
	struct rows_maker m;

	rows_maker_init(&m, r, t->book, &all);
	add_all(&m, t, &all, NULL);
	rows_maker_clear(&m);
}

uint32_t *rows_to_pack(struct rows *r, const struct tale *t, uint64_t *told)
{
	struct scope all = { 0 };
	struct rows_maker m;
	uint32_t *names;

	rows_maker_init(&m, r, t->book, &all);
	m.bare = true;
	add_all(&m, t, &all, told);
	names = m.names;
	m.names = NULL;
	rows_maker_clear(&m);
	return names;
}
