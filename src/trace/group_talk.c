/* Connections: what was said in one before there was a message, and what came of it. */
#include <stdio.h>

#include "trace/group_foreign.h"

enum {
	TALK_LINES = 8, /* more is told of no connection in each of its messages */
	TALK_SILENCE =
	    600 /* seconds: an Exim that does not log the end of connections waits five minutes for a client */
};

static bool at_screen(const struct foreign_reader *r)
{
	return str_ends(r->l->frame.program, STR("/postscreen"));
}

/* A connection is one process of one service of one host; postscreen is one process for all: there the port counts.
 * Exim's lines name the client each time, and its process or port where the log is told to. */
static struct str talk_key(const struct foreign_reader *r, char *room, size_t size)
{
	struct str port = mail_field(r, FF_port), ip = mail_field(r, FF_ip), pid = r->l->frame.pid;
	bool client = at_screen(r) || r->l->server == FOREIGN_EXIM;
	int n = snprintf(room, size, "%u %.*s %.*s %.*s", r->place, STR_ARG(at_screen(r) ? STR("") : str_take(pid, 32)),
			 STR_ARG(client ? str_take(ip, 64) : STR("")), STR_ARG(client ? str_take(port, 8) : STR("")));

	return str_mem(room, n > 0 && (size_t)n < size ? (size_t)n : 0);
}

bool talk_is_named(const struct foreign_reader *r)
{
	return mail_field(r, FF_ip).n > 0 && (mail_field(r, FF_port).n > 0 || r->l->frame.pid.n > 0);
}

struct talk *talk_known(struct foreign_reader *r)
{
	char room[192];
	struct talk *t = map_get(&r->talks, talk_key(r, room, sizeof(room)));

	if (t == NULL)
		return NULL;
	if (r->l->server == FOREIGN_EXIM && r->line->local - t->seen > TALK_SILENCE)
		return NULL;
	t->seen = r->line->local;
	return t;
}

struct talk *talk_new(struct foreign_reader *r)
{
	char room[192];
	struct talk *t = arena_alloc(&r->b->mem, sizeof(*t));

	t->seen = r->line->local;
	map_put(&r->talks, arena_str(&r->b->mem, talk_key(r, room, sizeof(room))), t);
	return t;
}

struct talk *talk_of(struct foreign_reader *r)
{
	struct talk *t = talk_known(r);

	return t != NULL ? t : talk_new(r);
}

void talk_line(struct foreign_reader *r, struct talk *t)
{
	struct line *x = line_new(r->b, r->line);

	lines_add(&t->lines, x);
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

/* How the connection began stands with each visit of it. */
static void copy_lines(struct foreign_reader *r, struct visit *v, const struct talk *t)
{
	const struct line *x = t->lines.first;

	for (int i = 0; i < TALK_LINES && x != NULL; i++, x = x->next)
		lines_add(&v->lines, line_new(r->b, x));
}

void talk_begins(struct foreign_reader *r, struct talk *t, struct mail *m)
{
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
	char room[192];

	if (!t->busy && t->lines.first != NULL && (!at_screen(r) || t->found)) {
		v = mail_visit(r);
		copy_client(v, t);
		v->lines = t->lines;
		v->ended = t->ended.n > 0 ? t->ended : how;
		mail_book(r, v);
		if (r->made.lines == &t->lines)
			r->made.lines = &v->lines;
	}
	map_del(&r->talks, talk_key(r, room, sizeof(room)));
}

/* Before a queue id there is only the connection: refusals in a row with one sender are one transaction. */
struct visit *talk_refused(struct foreign_reader *r, struct talk *t)
{
	const struct name *from = mail_field(r, FF_sender).p != NULL ? book_name(r->b, mail_field(r, FF_sender)) : NULL;

	if (t->refused != NULL && (from == NULL || t->refused->from != from || t->refused->from_code > 0))
		t->refused = NULL;
	if (t->refused == NULL) {
		t->refused = mail_visit(r);
		copy_client(t->refused, t);
		copy_lines(r, t->refused, t);
		mail_book(r, t->refused);
		t->refused->from = from;
	}
	t->busy = true;
	return t->refused;
}
