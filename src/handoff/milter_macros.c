/* Macros: what sendmail tells its filters beside the commands themselves. */
#include "handoff/milter_inside.h"

struct macro {
	enum milter_step step;
	const char *name;
	struct str value;
};

static void put_macro(struct buf *b, struct str name, struct str value)
{
	bool braces = name.n > 1;

	if (braces)
		buf_addc(b, '{');
	buf_addstr(b, name);
	if (braces)
		buf_addc(b, '}');
	buf_addc(b, '\0');
	milter_z(b, value);
}

static void put_wanted(struct buf *b, const struct macro *table, size_t n, struct str wanted)
{
	struct str name;

	for (int asked = 0; asked < MILTER_MACROS_MAX && (name = str_word(&wanted)).n > 0; asked++) {
		if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
			name = str_mem(name.p + 1, name.n - 2);
		for (size_t i = 0; i < n; i++) {
			if (!str_eqz(name, table[i].name) || table[i].value.n == 0)
				continue;
			put_macro(b, name, table[i].value);
			break;
		}
	}
}

static void put_usual(struct buf *b, const struct macro *table, size_t n, enum milter_step s)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].step == s && table[i].value.n > 0)
			put_macro(b, str_of(table[i].name), table[i].value);
}

void milter_macros(struct milter *m, enum milter_step s)
{
	const struct milter_facts *facts = m->facts;
	const struct milter_step_row *row = milter_step(s);
	struct milter_path mail = m->mail, rcpt = m->rcpt;
	BUF(name_mem);
	BUF(peer_mem);
	struct str name = milter_client_name(facts, &name_mem), peer = name;
	size_t at;

	if (facts->name.n > 0 && facts->ip.n > 0) {
		buf_fmt(&peer_mem, "%.*s [%.*s]", STR_ARG(name), STR_ARG(facts->ip));
		peer = buf_str(&peer_mem);
	}

	const struct macro table[] = {
#define MILTER_MACRO(step, name, field) { MILTER_STEP_##step, name, field },
#include "handoff/milter.def"
	};

	at = milter_open(&m->out, 'D');
	buf_addc(&m->out, row->letter);
	if (row->stage >= 0 && m->deal.macros[row->stage].p != NULL)
		put_wanted(&m->out, table, COUNT(table), m->deal.macros[row->stage]);
	else
		put_usual(&m->out, table, COUNT(table), s);
	milter_close(&m->out, at);
}
