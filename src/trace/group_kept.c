/* Another server's log with which an index goes on: lines of it that are read again, what is new behind them, and what
 * the end leaves open.  Of what is read again all is there that a message's lines are known by, but not all lines: the
 * end of a connection is in no story. */
#include "trace/group_foreign.h"
#include "trace/reach.h"

void kept_begin(struct foreign_reader *r)
{
	const struct source *s = r->b->source;

	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].kept != NULL && s->files[i].kept->goes_on && s->files[i].last > r->ended)
			r->ended = s->files[i].last;
}

void kept_turn(const struct source_file *f, uint64_t number, struct calendar *c)
{
	if (f->kept->goes_on)
		source_kept_turn(f, number, &c->month, &c->passed);
}

static bool is_open(const struct book *b, const struct line *begins)
{
	const struct source_kept *k = b->source->files[begins->file].kept;

	return k != NULL && begins->number <= k->counted && k->at[begins->number - 1].open;
}

bool kept_over(const struct foreign_reader *r, const struct line *begins)
{
	const struct source_kept *k = r->b->source->files[begins->file].kept;

	return k != NULL && k->known && !r->going_on && begins->number <= k->counted &&
	       !k->at[begins->number - 1].under_way;
}

/* Only those go on of which the index has noted that they were not over.  Of others than qmail's messages all that have
 * an id are read again. */
static void forget_others(struct foreign_reader *r)
{
	struct talk *t;
	struct mail *m;
	struct str key;

	for (size_t i = 0; (t = map_next(&r->talks, &i, &key)) != NULL;)
		t->stale = !is_open(r->b, &t->begins);
	for (size_t i = 0; (m = map_next(&r->mails, &i, &key)) != NULL;)
		m->stale = m->visit->foreign->server == FOREIGN_QMAIL && !is_open(r->b, m->visit->foreign->begins);
}

/* What the clock says is over, as seen from the latest stamp. */
static bool by_time(enum foreign_server s)
{
	return s == FOREIGN_EXIM || s == FOREIGN_QMAIL;
}

void kept_line(struct foreign_reader *r)
{
	const struct source_kept *k = r->b->source->files[r->line->file].kept;
	bool again;

	if (!k->known)
		return;
	again = r->line->number <= k->counted;
	r->alone = again && k->at[r->line->number - 1].begins;
	if (!again && r->going_on)
		forget_others(r);
	if (!again && by_time(r->l->server) && r->line->local < r->ended - TALK_SILENCE)
		r->b->unsteady =
		    "the clock of the logs ran backwards"; /* something may have gone on that is left out */
	r->going_on = again;
}

static void add_end(struct foreign_reader *r, struct open_end x)
{
	struct open_end *end = arena_alloc(&r->b->mem, sizeof(*end));

	*end = x;
	end->next = r->b->ends;
	r->b->ends = end;
}

static void add_visit(struct foreign_reader *r, struct visit *v)
{
	if (v != NULL && !v->foreign->absorbed)
		add_end(r, (struct open_end){ .visit = v });
}

/* Exim's are over by silence: no line that is new is so much earlier than the latest one (kept_line()). */
static bool may_go_on(const struct talk *t, int64_t last)
{
	bool exim = t->visit != NULL && t->visit->foreign->server == FOREIGN_EXIM;

	return !t->stale && (!exim || last - t->seen <= 2 * TALK_SILENCE);
}

static void leave_talk(struct foreign_reader *r, const struct talk *t)
{
	for (const struct line *x = t->lines.first; x != NULL; x = x->next)
		add_end(r, (struct open_end){ .line = *x });
	add_end(r, (struct open_end){ .line = t->begins, .begins = true });
	add_visit(r, t->refused);
	add_visit(r, t->mail != NULL ? t->mail->visit : NULL);
}

/* ---- qmail: messages that are not over, deliveries without a result, and all that a number may lead to that is named
 * within an hour (join_number.c) ---- */

static bool any_since(const struct lines *l, int64_t since)
{
	const struct line *x = l->first;

	while (x != NULL && x->local < since)
		x = x->next;
	return x != NULL;
}

static void leave_visit(struct foreign_reader *r, struct visit *v, const struct map *under_way, int64_t since)
{
	bool open = any_since(&v->lines, since) || (v->foreign->bounce != NULL && v->foreign->bounce->local >= since);

	for (const struct party *p = v->parties.first; p != NULL; p = p->next)
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
			open = open || any_since(&a->lines, since);
			if (map_getn(under_way, (uintptr_t)a) == NULL)
				continue;
			add_end(r, (struct open_end){ .line = *a->lines.first, .under_way = true });
			open = true;
		}
	if (open)
		add_visit(r, v);
}

static void leave_numbers(struct foreign_reader *r, int64_t since)
{
	struct map under_way = MAP_INIT;
	struct attempt *a;
	struct mail *m;
	struct str key;

	for (size_t i = 0; (m = map_next(&r->mails, &i, &key)) != NULL;) {
		if (m->visit->foreign->server != FOREIGN_QMAIL || m->closed || m->stale)
			continue;
		add_end(r, (struct open_end){ .line = *m->visit->foreign->begins, .begins = true });
		add_visit(r, m->visit);
	}
	for (size_t i = 0; (a = map_next(&r->deliveries, &i, &key)) != NULL;)
		if (!kept_over(r, a->lines.first))
			map_putn(&under_way, (uintptr_t)a, a);
	for (struct visit *v = r->b->visits; v != NULL; v = v->later)
		if (v->foreign != NULL && v->foreign->server == FOREIGN_QMAIL)
			leave_visit(r, v, &under_way, since);
	map_clear(&under_way);
}

void kept_end(struct foreign_reader *r)
{
	const struct source *s = r->b->source;
	int64_t last = r->ended;
	struct talk *t;
	struct mail *m;
	struct str key;

	if (r->going_on) /* nothing is new */
		forget_others(r);
	r->going_on = false;
	for (size_t i = 0; i < s->n; i++)
		last = s->files[i].last > last ? s->files[i].last : last;
	for (size_t i = 0; (t = map_next(&r->talks, &i, &key)) != NULL;)
		if (may_go_on(t, last))
			leave_talk(r, t);
	leave_numbers(r, last - REACH_COPY - TALK_SILENCE);
	for (size_t i = 0; (m = map_next(&r->mails, &i, &key)) != NULL;) {
		if (m->refused == NULL)
			continue;
		add_visit(r, m->refused);
		add_visit(r, m->visit);
	}
}
