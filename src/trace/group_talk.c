/* Connections: what was said in one before there was a message, and what came of it. */
#include <string.h>

#include "base/quick.h"
#include "trace/group_foreign.h"

enum {
	TALK_LINES = 8, /* more is told of no connection in each of its messages */
	PID_MAX = 32,
	IP_MAX = 64,
	PORT_MAX = 8,
	TALK_KEY = sizeof(uint64_t) + PID_MAX + IP_MAX + PORT_MAX + 3
};

static bool at_screen(const struct foreign_reader *r)
{
	return str_ends(r->l->frame.program, STR("/postscreen"));
}

/* A connection is one process of one service of one host; postscreen is one process for all: there the port counts.
 * Exim's lines name the client each time, and its process or port where the log is told to. */
static char *put(char *to, struct str s, size_t most)
{
	s = str_take(s, most);
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to[s.n] = ' ';
	return to + s.n + 1;
}

static struct str talk_key(const struct foreign_reader *r, char room[TALK_KEY])
{
	bool screen = at_screen(r), client = screen || r->l->server == FOREIGN_EXIM;
	char *to = room;

	memcpy(to, &r->place, sizeof(r->place));
	to = put(to + sizeof(r->place), screen ? STR("") : r->l->frame.pid, PID_MAX);
	to = put(to, client ? mail_field(r, FF_ip) : STR(""), IP_MAX);
	to = put(to, client ? mail_field(r, FF_port) : STR(""), PORT_MAX);
	return str_mem(room, (size_t)(to - room));
}

bool talk_is_named(const struct foreign_reader *r)
{
	return mail_field(r, FF_ip).n > 0 && (mail_field(r, FF_port).n > 0 || r->l->frame.pid.n > 0);
}

/* Once over by silence it is over for good, whatever the clock says of later lines. */
static bool is_over(const struct foreign_reader *r, const struct talk *t)
{
	return r->alone || t->stale || (r->l->server == FOREIGN_EXIM && r->line->local - t->seen > TALK_SILENCE);
}

struct talk *talk_known(struct foreign_reader *r)
{
	char room[TALK_KEY];
	struct str key = talk_key(r, room);
	struct talk *t = map_get_quick(&r->talks, key);

	if (t != NULL && is_over(r, t)) {
		map_del_quick(&r->talks, key);
		t = NULL;
	}
	r->alone = false;
	if (t != NULL)
		t->seen = r->line->local;
	return t;
}

/* The memory of one that is over, or new memory. */
static struct talk *fresh_talk(struct foreign_reader *r, struct str key)
{
	struct talk *t = r->unused;

	if (t != NULL && t->room >= key.n) {
		r->unused = t->unused;
		*t = (struct talk){ .key = t->key, .room = t->room };
	} else {
		t = arena_alloc(&r->b->mem, sizeof(*t));
		t->key = arena_alloc(&r->b->mem, key.n);
		t->room = key.n;
	}
	memcpy(t->key, key.p, key.n);
	return t;
}

struct talk *talk_new(struct foreign_reader *r)
{
	char room[TALK_KEY];
	struct str key = talk_key(r, room);
	struct talk *t = fresh_talk(r, key);

	t->seen = r->line->local;
	t->begins = *r->line;
	map_put_quick(&r->talks, str_mem(t->key, key.n), t);
	return t;
}

struct talk *talk_of(struct foreign_reader *r)
{
	struct talk *t = talk_known(r);

	return t != NULL ? t : talk_new(r);
}

void talk_line(struct foreign_reader *r, struct talk *t)
{
	struct line *x = r->spare;

	if (x != NULL) {
		r->spare = x->next;
		*x = *r->line;
		x->next = NULL;
	} else {
		x = line_new(r->b, r->line);
	}
	lines_add(&t->lines, x);
	t->nlines++;
	r->made = (struct made){ .line = x, .lines = &t->lines };
}

void talk_client(struct foreign_reader *r, struct talk *t)
{
	struct str name = mail_field(r, FF_peer);

	if (mail_field(r, FF_ip).n > 0)
		t->ip = mail_field(r, FF_ip);
	if (name.n > 0 && !str_eqz(name, "unknown"))
		t->rdns = name;
}

static void copy_client(struct visit *v, const struct talk *t)
{
	v->ip = t->ip;
	v->rdns = t->rdns;
	v->helo = t->helo;
	v->encryption = t->encryption;
}

void talk_has(struct foreign_reader *r, struct talk *t, struct visit *v)
{
	if (t->visit != NULL)
		t->visit->foreign->shared = v->foreign->shared = true;
	else
		t->visit = v;
	v->foreign->talk = line_new(r->b, &t->begins);
}

void talk_secured(struct foreign_reader *r, struct talk *t)
{
	t->encryption = mail_field(r, FF_encryption);
	if (t->nlines > TALK_LINES)
		r->b->unsteady = "a connection went on for long before it was encrypted"; /* no visit has that line */
}

/* How the connection began stands with each visit of it. */
static void copy_lines(struct foreign_reader *r, struct visit *v, const struct talk *t)
{
	const struct line *x = t->lines.first;

	for (int i = 0; i < TALK_LINES && x != NULL; i++, x = x->next)
		lines_add(&v->lines, line_new(r->b, x));
}

void talk_begins(struct foreign_reader *r, struct talk *t, struct mail *m)
{
	talk_has(r, t, m->visit);
	copy_client(m->visit, t);
	copy_lines(r, m->visit, t);
	m->refused = t->refused;
	t->refused = NULL;
	t->busy = true;
	t->mail = m;
}

void talk_end(struct foreign_reader *r, struct talk *t, struct str how)
{
	struct visit *v;
	char room[TALK_KEY];

	if (!t->busy && t->lines.first != NULL && (!at_screen(r) || t->found)) {
		v = mail_visit(r);
		talk_has(r, t, v);
		copy_client(v, t);
		v->lines = t->lines;
		v->ended = t->ended.n > 0 ? t->ended : how;
		mail_book(r, v);
		if (r->made.lines == &t->lines)
			r->made.lines = &v->lines;
	} else if (r->made.lines == &t->lines) {
		r->made = (struct made){ 0 }; /* nobody is told of it */
	}
	if (map_del_quick(&r->talks, talk_key(r, room)) == t) {
		if (t->busy && t->lines.last != NULL) {
			t->lines.last->next = r->spare;
			r->spare = t->lines.first;
		}
		t->unused = r->unused;
		r->unused = t;
	}
}

/* Before a queue id there is only the connection: refusals in a row with one sender are one transaction. */
struct visit *talk_refused(struct foreign_reader *r, struct talk *t)
{
	const struct name *from = mail_field(r, FF_sender).p != NULL ? book_name(r->b, mail_field(r, FF_sender)) : NULL;

	if (t->refused != NULL && (from == NULL || t->refused->from != from || t->refused->from_code > 0))
		t->refused = NULL;
	if (t->refused == NULL) {
		t->refused = mail_visit(r);
		talk_has(r, t, t->refused);
		copy_client(t->refused, t);
		copy_lines(r, t->refused, t);
		mail_book(r, t->refused);
		t->refused->from = from;
	}
	t->busy = true;
	return t->refused;
}
