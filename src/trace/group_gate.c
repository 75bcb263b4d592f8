/* One line of the gate, whichever log it stands in. */
#include "trace/group.h"

/* "250_ok_1615286631_qp_15309" */
static void reason_numbers(struct gate *g)
{
	struct str rest = g->reason, epoch, qp;

	if (!str_starts(rest, STR("250_ok_")) || !str_cut(str_skip(rest, 7), STR("_qp_"), &epoch, &qp))
		return;
	g->epoch = group_number(epoch);
	g->qp = group_number(qp);
}

/* The line that it repeats was not read: it stands for that one and for the others. */
static void stand_for_others(struct book *b, struct gate *g, uint64_t times)
{
	if (times < 2)
		return;
	g->repeat = arena_alloc(&b->mem, sizeof(*g->repeat));
	g->repeat->times = times - 1;
}

static void link_gate(struct book *b, struct gate *g)
{
	if (b->last_gate != NULL)
		b->last_gate->next = g;
	else
		b->gates = g;
	b->last_gate = g;
}

static struct gate *new_gate(struct book *b, const struct line *ln, const struct log_line *l)
{
	struct gate *g = arena_alloc(&b->pools.gates, sizeof(*g));

	*g = (struct gate){ .line = line_new(b, ln),
			    .from = book_name(b, l->field[LOG_F_sender]),
			    .to = book_name(b, l->field[LOG_F_rcpt]),
			    .code = l->field[LOG_F_verdict],
			    .allowed = str_eqz(l->field[LOG_F_verdict], "ALLOWED"),
			    .ip = l->field[LOG_F_ip],
			    .rdns = l->field[LOG_F_rdns],
			    .user = l->field[LOG_F_user],
			    .encryption = l->field[LOG_F_encryption],
			    .reason = l->field[LOG_F_reason],
			    .connection = group_number(l->connection) };
	reason_numbers(g);
	return g;
}

struct gate *group_gate(struct repeat_reader *r, const struct line *ln, const struct log_line *l)
{
	struct gate *g = new_gate(r->b, ln, l);

	if (l->again.n > 0 && repeat_of(r, ln, l, g))
		return NULL;
	stand_for_others(r->b, g, group_number(l->again));
	repeat_see(r, ln, g);
	link_gate(r->b, g);
	return g;
}
