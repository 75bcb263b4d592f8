#include "deliver/recovered.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"
#include "logs/logs.h"

enum {
	PATIENCE = 5000,    /* ms: a session that lives has told its message anew by then */
	YOUNG = 10 * 1000,  /* ms: no session takes longer from telling to logging */
	NOTES_MOST = 10000, /* the last of them */
	MOST = 20000        /* suspects; more are not worth the memory */
};
#define TAIL (16 * 1024 * 1024) /* of the SMTP log */

struct lost {
	uint64_t qp;
	int64_t due;
	char *label; /* of the listener; the configuration may change meanwhile */
	struct buf group;
	bool found;
};

/* What was told of lately, a ring. */
struct note {
	uint64_t size;
	int64_t at;
	char *packed;
	size_t n;
};

struct recovered {
	struct note notes[NOTES_MOST];
	size_t first, count;
	const struct conf *conf; /* for its labels; it may be replaced */
	char *log_dir;           /* where the logs are for the life of the program */
	struct map lost;         /* by qp */
	int64_t next;
};

struct recovered *recovered_new(const struct conf *c)
{
	struct recovered *r = mem_alloc(sizeof(*r));

	*r = (struct recovered){ .conf = c, .log_dir = mem_dupz(conf_z(c->top.log_dir)), .next = INT64_MAX };
	return r;
}

/* A label is part of a file's name, and comes from another program: only the configuration's own will do. */
static bool label_known(const struct recovered *r, struct str label)
{
	for (size_t i = 0; i < r->conf->nports; i++)
		if (str_eq(r->conf->ports[i].label, label))
			return true;
	return false;
}

static void put(struct buf *b, enum log_kind kind, enum log_field f, struct str value, int64_t at)
{
	ARENA(a);
	struct log_line l;

	log_begin(&l, kind, at);
	if (value.p != NULL)
		log_set(&l, f, &a, value);
	log_print(b, &l);
}

static void put_session(struct buf *b, const struct envelope *v)
{
	ARENA(a);
	struct log_line l;

	log_begin(&l, LOG_SMTP_SESSION, v->time);
	log_setn(&l, LOG_F_connection, &a, v->connection);
	log_set(&l, LOG_F_ip, &a, v->ip);
	log_setn(&l, LOG_F_port, &a, 0);
	log_set_moment(&l, LOG_F_moment, &a, v->time);
	log_print(b, &l);
	if (v->helo.n > 0)
		put(b, LOG_SMTP_HELO, LOG_F_helo, v->helo, v->time);
}

static void put_resp(struct buf *b, const struct envelope *v)
{
	ARENA(a);
	struct log_line l;

	log_begin(&l, LOG_SMTP_RESP, v->time);
	log_setn(&l, LOG_F_code, &a, 250);
	log_set(&l, LOG_F_cont, &a, STR(" "));
	log_set(&l, LOG_F_text, &a, STR("ok"));
	log_print(b, &l);
}

/* An alias that was expanded stands once, as the client named it. */
static void put_rcpts(struct buf *b, const struct envelope *v)
{
	ARENA(a);
	struct map seen = MAP_INIT;

	for (size_t i = 0; i < v->nrcpts; i++) {
		struct str key = arena_lower(&a, v->rcpts[i].original);

		if (map_put(&seen, key, b) != NULL)
			continue;
		put(b, LOG_SMTP_TO, LOG_F_path, arena_fmt(&a, "<%.*s>", STR_ARG(v->rcpts[i].original)), v->time);
		put_resp(b, v);
	}
	map_clear(&seen);
}

static void put_group(struct buf *b, uint64_t size, const struct envelope *v)
{
	ARENA(a);
	struct log_line l;

	put_session(b, v);
	put(b, LOG_SMTP_FROM, LOG_F_sender, v->sender, v->time);
	put_resp(b, v);
	put_rcpts(b, v);
	log_begin(&l, LOG_SMTP_SIZE, v->time);
	log_setn(&l, LOG_F_bytes, &a, size);
	log_print(b, &l);
	log_begin(&l, LOG_SMTP_RESP_QUEUED, v->time);
	log_setn(&l, LOG_F_epoch, &a, (uint64_t)v->time / 1000);
	log_setn(&l, LOG_F_qp, &a, v->qp);
	log_print(b, &l);
	put(b, LOG_SMTP_RECOVERED, LOG_F_text, (struct str){ NULL, 0 }, v->time);
}

static void suspect(struct recovered *r, uint64_t size, const struct envelope *v)
{
	struct lost *x;

	if (v->parent_qp != 0 || !label_known(r, v->label) || r->lost.n >= MOST || map_getn(&r->lost, v->qp) != NULL)
		return;
	x = mem_alloc(sizeof(*x));
	*x = (struct lost){ .qp = v->qp, .due = deadline_in(PATIENCE), .label = mem_dup(v->label) };
	put_group(&x->group, size, v);
	map_putn(&r->lost, v->qp, x);
	if (x->due < r->next)
		r->next = x->due;
}

void recovered_see(struct recovered *r, struct depot *d, struct item *it)
{
	ARENA(mem);
	struct envelope v;
	struct err e = { 0 };

	if (!it->recovered || depot_envelope(d, it, &mem, &v, &e) < 0)
		return;
	suspect(r, it->size, &v);
}

void recovered_begin(struct recovered *r, struct depot *d)
{
	int64_t now = clock_wall();
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;) {
		ARENA(mem);
		struct envelope v;
		struct err e = { 0 };

		if (now - it->born < 6 * YOUNG && !it->held && depot_envelope(d, it, &mem, &v, &e) == 0)
			suspect(r, it->size, &v);
	}
}

static void drop_first(struct recovered *r)
{
	free(r->notes[r->first].packed);
	r->first = (r->first + 1) % NOTES_MOST;
	r->count--;
}

void recovered_note(struct recovered *r, const struct item *it, struct str envelope)
{
	int64_t now = clock_mono();
	struct note *n;

	while (r->count == NOTES_MOST || (r->count > 0 && now - r->notes[r->first].at > YOUNG))
		drop_first(r);
	n = &r->notes[(r->first + r->count++) % NOTES_MOST];
	*n = (struct note){ .size = it->size, .at = now, .packed = mem_dup(envelope), .n = envelope.n };
}

void recovered_suspect(struct recovered *r)
{
	int64_t now = clock_mono();

	for (; r->count > 0; drop_first(r)) {
		ARENA(mem);
		const struct note *n = &r->notes[r->first];
		struct envelope v;
		struct err e = { 0 };

		if (now - n->at <= YOUNG && envelope_unpack(str_mem(n->packed, n->n), &mem, &v, &e) == 0)
			suspect(r, n->size, &v);
	}
}

/* Whose number stands in the log is not lost. */
static void look_at(struct recovered *r, struct str line)
{
	struct log_line l;
	struct lost *x;
	uint64_t qp;

	log_parse(LOG_SMTP, line, &l);
	if (l.kind != LOG_SMTP_RESP_QUEUED || !str_u64(l.field[LOG_F_qp], UINT64_MAX, &qp))
		return;
	x = map_getn(&r->lost, qp);
	if (x != NULL)
		x->found = true;
}

/* Only the lines that can matter are looked at: the tail is long. */
static void look_for(struct recovered *r, struct str text)
{
	ptrdiff_t at;

	while ((at = str_find(text, STR(", resp, 250 ok "))) >= 0) {
		size_t begin = (size_t)at;
		struct str line;

		while (begin > 0 && text.p[begin - 1] != '\n')
			begin--;
		str_cut(str_skip(text, begin), STR("\n"), &line, &text);
		look_at(r, line);
	}
}

static int write_port(struct recovered *r, const struct conf_port *port, int64_t now, struct err *e)
{
	ARENA(a);
	BUF(tail);
	const char *path = arena_fmt(&a, "%s/smtp-%.*s.log", r->log_dir, STR_ARG(port->label)).p;
	struct log_writer *w;
	struct lost *x;
	int rc = log_tail(path, TAIL, &tail, e);

	look_for(r, buf_str(&tail));
	w = rc == 0 ? log_writer_open(path, LOG_SMTP, e) : NULL;
	for (size_t i = 0; w != NULL && rc == 0 && (x = map_next(&r->lost, &i, NULL)) != NULL;)
		if (str_eqz(port->label, x->label) && !x->found && x->due <= now)
			rc = log_append(w, buf_str(&x->group), STR(""), e);
	log_writer_close(w);
	return w == NULL ? -1 : rc;
}

static bool any_due(const struct recovered *r, const struct conf_port *port, int64_t now)
{
	const struct lost *x;

	for (size_t i = 0; (x = map_next(&r->lost, &i, NULL)) != NULL;)
		if (str_eqz(port->label, x->label) && x->due <= now)
			return true;
	return false;
}

static void forget(struct recovered *r, int64_t now)
{
	struct lost *x;

	r->next = INT64_MAX;
	for (size_t i = 0; (x = map_next(&r->lost, &i, NULL)) != NULL;) {
		if (x->due > now) {
			r->next = x->due < r->next ? x->due : r->next;
			continue;
		}
		map_deln(&r->lost, x->qp);
		buf_clear(&x->group);
		free(x->label);
		free(x);
	}
}

void recovered_write(struct recovered *r, int64_t now)
{
	if (now < r->next)
		return;
	for (size_t i = 0; i < r->conf->nports; i++) {
		struct err e = { 0 };

		if (any_due(r, &r->conf->ports[i], now) && write_port(r, &r->conf->ports[i], now, &e) < 0)
			say(SAY_WARNING, "a recovered message has no group in its SMTP log: %s", e.text);
	}
	forget(r, now);
}

int64_t recovered_next(const struct recovered *r)
{
	return r->next;
}

void recovered_free(struct recovered *r)
{
	recovered_write(r, INT64_MAX);
	while (r->count > 0)
		drop_first(r);
	map_clear(&r->lost);
	free(r->log_dir);
	free(r);
}
