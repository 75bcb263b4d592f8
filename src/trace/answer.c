#include "trace/answer.h"

#include <string.h>

#include "trace/answer_parts.h"
#include "trace/around.h"
#include "trace/group.h"
#include "trace/rows.h"
#include "trace/wish.h"

/* Rows name that many ports at most: more files may have more. */
enum { PORTS_MOST = 250 };

static int check_zone(struct str tz, struct err *e)
{
	int offset;

	if (tz.n == 0 || zone_named(tz, 0, &offset))
		return 0;
	return err_set(e, "there is no time zone %.*s (examples: Europe/Sofia, UTC, +02:00, EST)", STR_ARG(tz));
}

static void choose(struct answer *r, const struct trace_ask *ask, bool by_rows)
{
	size_t most = ask->most < ask->limit ? ask->limit : ask->most;

	select_understand(&r->question, &r->tale, &r->scope);
	if (ask->most > 0)
		select_newest(&r->chosen, &r->tale, &r->question, &r->scope, most, by_rows);
	else
		select_stories(&r->chosen, &r->tale, &r->question, &r->scope);
	if (r->chosen.n == 0 || around_no_mailbox(&r->chosen, &r->book, &r->scope))
		r->nnearest = select_near(&r->tale, &r->question, &r->scope, r->nearest);
}

/* Does the store have rows that tell all that is asked for? */
static bool rows_tell(const struct trace_ask *ask, const struct question *q)
{
	const struct tale_store *s = ask->store;

	return s != NULL && s->rows != NULL && rows_can_answer(q) && ask->source->n < PORTS_MOST;
}

/* A port is a number, or what a log is named by: nothing else can match. */
static int check_ports(const struct question *q, const struct source *s, struct err *e)
{
	for (size_t i = 0; i < q->n; i++) {
		struct str port = q->filters[i].value;
		bool known = q->filters[i].kind != FILTER_PORT ||
			     (str_u64(port, UINT16_MAX, &(uint64_t){ 0 }) && (port.n == 1 || port.p[0] != '0'));

		for (size_t k = 0; !known && k < s->n; k++)
			known = str_eq(s->files[k].label, port);
		if (!known)
			return err_set(e,
				       "port:%.*s is neither a port's number (25, 465, 587) nor what a log searched is "
				       "named by (smtp-%.*s.log)",
				       STR_ARG(port), STR_ARG(port));
	}
	return 0;
}

static int understand(struct answer *r, const struct trace_ask *ask, struct err *e)
{
	if (check_zone(ask->tz, e) < 0)
		return -1;
	if (!r->asked)
		return 0;
	if (question_parse(&r->question, ask->question, &r->mem, e) < 0)
		return -1;
	if (check_ports(&r->question, ask->source, e) < 0)
		return -1;
	return question_me(&r->question, arena_lower(&r->mem, ask->mailbox), &r->mem, e);
}

int trace_answer(struct answer *r, const struct trace_ask *ask, struct err *e)
{
	struct book *b = &r->book;
	int64_t newest;
	bool by_rows;

	memset(r, 0, sizeof(*r));
	r->unreadable = ask->unreadable;
	r->asked = (!ask->unreadable && !ask->everything) || str_trim(ask->question).n > 0;
	if (understand(r, ask, e) < 0) {
		arena_clear(&r->mem);
		return -1;
	}
	book_init(b, ask->source);
	b->lifetime = ask->lifetime;
	if (ask->store != NULL) {
		ask->store->begin(ask->store, &r->tale, b);
	} else {
		group_read(b, ask->now);
		complete(&r->tale, b);
	}
	newest = b->newest != 0 ? zone_utc(&b->zone, b->newest) : 0;
	day_frame_init(&r->frame, &b->zone, arena_str(&r->mem, ask->tz), newest, ask->now);
	r->limit = ask->limit;
	r->scope.domain = arena_lower(&r->mem, ask->domain);
	r->scope.mailbox = arena_lower(&r->mem, ask->mailbox);
	r->scope.mem = &r->mem;
	r->chosen.span = select_span(&r->question, &r->frame);
	by_rows = scope_all(&r->scope) && rows_tell(ask, &r->question);
	r->rows = ask->tables && by_rows;
	if ((r->asked || ask->everything) && !r->rows)
		choose(r, ask, by_rows);
	answer_find_erased(r, ask);
	return 0;
}

void answer_clear(struct answer *r)
{
	book_clear(&r->book);
	scope_clear(&r->scope);
	arena_clear(&r->mem);
}

size_t answer_shown(const struct answer *r)
{
	return r->chosen.n < r->limit ? r->chosen.n : r->limit;
}

static bool incomplete(const struct answer *r, const struct story *s)
{
	ARENA(mem);

	if (answer_verdict(r, s) == VERDICT_UNKNOWN || (s->joined && s->confidence == GRADE_GUESS))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (scope_party(&r->scope, s, p) &&
		    verdict_of_party(&r->book, s, scope_view(&r->scope, s, p, &mem)) == VERDICT_UNKNOWN)
			return true;
	return false;
}

static const struct story *first_of_chain(const struct story *s)
{
	while (ties_of(s)->parent != NULL)
		s = ties_of(s)->parent;
	return s;
}

const struct story *answer_one(const struct answer *r)
{
	const struct story *first = r->chosen.n > 0 ? first_of_chain(r->chosen.at[0]) : NULL;
	bool there = false;

	if (r->chosen.n == 1)
		return r->chosen.at[0];
	if (first == NULL || !question_names_one(&r->question) || question_filter(&r->question, FILTER_ID) != NULL)
		return NULL;
	for (size_t i = 0; i < r->chosen.n; i++) {
		if (first_of_chain(r->chosen.at[i]) != first)
			return NULL;
		there = there || r->chosen.at[i] == first;
	}
	return there ? first : NULL;
}

int answer_exit(const struct answer *r)
{
	const struct story *one = answer_one(r);

	if (r->chosen.n == 0)
		return r->asked ? 1 : 0;
	if (one != NULL)
		return incomplete(r, one) ? 3 : 0;
	return question_names_one(&r->question) ? 3 : 0;
}

uint64_t answer_reused(const struct answer *r)
{
	const struct filter *f = question_filter(&r->question, FILTER_ID);

	return f != NULL && r->chosen.n > 1 ? f->number : 0;
}

void answer_time(struct buf *b, const struct answer *r, int64_t utc)
{
	stamp_put_iso(b, utc, day_offset(&r->frame, utc));
}

/* Length of the UTF-8 sequence at p if it is whole, printable and does not turn the text's direction; else 0. */
static size_t good_utf8(const unsigned char *p, size_t n)
{
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = p[0] & (0x7f >> len);
	static const uint32_t least[5] = { 0, 0, 0xa0, 0x800, 0x10000 };

	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
		return 0;
	return len;
}

void answer_safe(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n;) {
		const unsigned char *p = (const unsigned char *)text.p + i;
		size_t len = ascii_isprint((char)*p) ? 1 : *p >= 0x80 ? good_utf8(p, text.n - i) : 0;

		if (len == 0)
			buf_fmt(out, "\\x%02x", *p);
		else
			buf_add(out, p, len);
		i += len > 0 ? len : 1;
	}
}

enum verdict answer_verdict(const struct answer *r, const struct story *s)
{
	ARENA(mem);

	return scope_verdict(&r->scope, &r->book, s, &mem);
}

void answer_numbers(const struct told *t, void (*see)(void *, uint64_t), void *with)
{
	for (size_t i = 0; i < t->nparties; i++)
		for (const struct attempt *a = t->parties[i].party->attempts; a != NULL; a = a->next)
			if (a->number > 0) /* other servers number none */
				see(with, a->number);
}

uint64_t answer_connection(const struct told *t)
{
	if (t->story->visit != NULL && t->story->visit->connection > 0)
		return t->story->visit->connection;
	for (size_t i = 0; i < t->nparties; i++)
		if (t->parties[i].party->gates != NULL)
			return t->parties[i].party->gates->connection;
	return 0;
}

const char *answer_who(enum who who)
{
	static const char *const t[] = { [WHO_NOBODY] = "nobody",
					 [WHO_SENDER] = "sender",
					 [WHO_RECIPIENT] = "recipient",
					 [WHO_POSTMASTER] = "postmaster" };

	return t[who];
}
