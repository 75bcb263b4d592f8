/* A bounce is on disk before its line is in the delivery log.  Recovery finds it, and the next checkpoint knows it:
 * whoever starts after that sees nothing new in it, so the log itself is asked. */
#include "deliver/recovered.h"

#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"
#include "logs/logs.h"

enum { YOUNG = 60 * 1000 };    /* ms: an older one that is no news was there at a start that lasted */
#define TAIL (4 * 1024 * 1024) /* of the delivery log: more than is written meanwhile */

struct child {
	uint64_t parent;
	enum dlog_notice kind;
};

/* The young bounces and other notices, by their numbers. */
static void gather(struct depot *d, struct map *young, struct arena *mem)
{
	int64_t now = clock_wall();
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;) {
		struct envelope v;
		struct err e = { 0 };
		struct child *child;

		if ((now - it->born >= YOUNG && !it->recovered) || it->held || depot_envelope(d, it, mem, &v, &e) < 0)
			continue;
		if (v.parent_qp == 0 || v.forward)
			continue;
		child = arena_alloc(mem, sizeof(*child));
		*child = (struct child){ v.parent_qp, dlog_notice_of(&v) };
		map_putn(young, v.qp, child);
	}
}

/* Whose line stands there needs no other. */
static void look(struct map *young, struct str text)
{
	struct str line;

	while (young->n > 0 && str_cut(text, STR("\n"), &line, &text)) {
		struct log_line l;
		uint64_t qp;

		if (str_find(line, STR(", bounce, ")) < 0 && str_find(line, STR("-notice, ")) < 0 &&
		    str_find(line, STR(", autoreply, ")) < 0)
			continue;
		log_parse(LOG_DELIVERY, line, &l);
		if ((l.kind == LOG_DELIVERY_BOUNCE || l.kind == LOG_DELIVERY_DELAY_NOTICE ||
		     l.kind == LOG_DELIVERY_SUCCESS_NOTICE || l.kind == LOG_DELIVERY_AUTOREPLY) &&
		    str_u64(l.field[LOG_F_qp], UINT64_MAX, &qp))
			map_deln(young, qp);
	}
}

void recovered_bounces(const struct conf *c, struct depot *d, struct dlog *log)
{
	ARENA(mem);
	BUF(tail);
	struct map young = MAP_INIT;
	struct err e = { 0 };
	struct str key;
	struct child *child;
	uint64_t qp;

	gather(d, &young, &mem);
	if (young.n > 0 && log_tail(arena_fmt(&mem, "%s/delivery.log", conf_z(c->top.log_dir)).p, TAIL, &tail, &e) < 0)
		say(SAY_WARNING, "which bounces the delivery log names is not known: %s", e.text);
	else
		look(&young, buf_str(&tail));
	for (size_t i = 0; (child = map_next(&young, &i, &key)) != NULL;) {
		memcpy(&qp, key.p, sizeof(qp));
		dlog_notice(log, child->kind, child->parent, qp);
	}
	map_clear(&young);
}
