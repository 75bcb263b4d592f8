/* A line of another mail server's log. */
#include "logs/foreign.h"
#include "trace/explain_parts.h"

static const struct {
	const char *what, *meaning;
} rows[FOREIGN_KINDS] = {
#define FOREIGN_KIND(id, w, m) [FOREIGN_##id] = { (w), (m) },
#include "logs/foreign.def"
#undef FOREIGN_KIND
};

static const char *const field_names[FOREIGN_FIELDS] = {
#define FOREIGN_FIELD(name) [FF_##name] = #name,
#include "logs/foreign.def"
#undef FOREIGN_FIELD
};

static const char *const kinds[FOREIGN_SERVERS] = {
	[FOREIGN_POSTFIX] = "postfix-log-line",
	[FOREIGN_QMAIL] = "qmail-log-line",
	[FOREIGN_EXIM] = "exim-log-line",
	[FOREIGN_CHKUSER] = "chkuser-log-line",
};

static void say_fields(struct explaining *x, const struct foreign_line *l)
{
	const struct frame *f = &l->frame;
	BUF(b);

	if (f->stamp.year > 0)
		stamp_put(&b, f->stamp);
	else
		buf_fmt(&b, "%s %d %02d:%02d:%02d", month_names[f->stamp.month - 1], f->stamp.day, f->stamp.hour,
			f->stamp.minute, f->stamp.second);
	explain_field(x, "time", arena_str(x->mem, buf_str(&b)));
	if (f->host.n > 0)
		explain_field(x, "server", f->host);
	if (f->program.n > 0)
		explain_field(x, "program", f->program);
	for (int i = 0; i < FOREIGN_FIELDS; i++)
		if (l->field[i].p != NULL && i != FF_skip && i != FF_client)
			explain_field(x, field_names[i], l->field[i]);
}

static void use(struct explaining *x, const struct explanation *inner)
{
	x->out->meaning = inner->meaning;
	x->out->final = inner->final;
	x->out->who = inner->who;
	x->out->advice = inner->advice;
}

/* A reply that the line quotes, or one made of its status code and its words. */
static bool say_reply(struct explaining *x, const struct foreign_line *l)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };
	struct str text = foreign_answer(l->field[FF_text]), dsn = l->field[FF_dsn];
	int code = foreign_reply(l, &(struct str){ 0 });

	if (code == 0 && l->server == FOREIGN_EXIM && l->kind == FOREIGN_RESULT)
		code = str_eqz(l->field[FF_status], "==") ? 450 : str_eqz(l->field[FF_status], "**") ? 550 : 0;
	if (text.n == 0 && (code > 0 || dsn.n > 0))
		text = arena_fmt(x->mem, "%d %.*s %.*s", code > 0 ? code : (dsn.p[0] - '0') * 100 + 50, STR_ARG(dsn),
				 STR_ARG(l->field[FF_text]));
	if (text.n == 0 || !explain_reply(&y, text))
		return false;
	use(x, &inner);
	return true;
}

static void say_report(struct explaining *x, const struct foreign_line *l)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };

	if (explain_report(&y, l->field[FF_text], l->field[FF_status]))
		use(x, &inner);
}

static void say_check(struct explaining *x, const struct foreign_line *l)
{
	const struct check_row *row = check_by_words(l->field[FF_title], l->field[FF_text]);

	if (row != NULL)
		explain_word(x, &row->word);
}

static void say_content(struct explaining *x, const struct foreign_line *l)
{
	if (l->kind == FOREIGN_CHECK)
		say_check(x, l);
	else if (l->kind == FOREIGN_RESULT && l->server == FOREIGN_QMAIL)
		say_report(x, l);
	else if (l->kind == FOREIGN_RESULT || l->kind == FOREIGN_REJECT)
		say_reply(x, l);
	if (l->kind == FOREIGN_EXPIRED || l->kind == FOREIGN_REMOVED)
		x->out->final = FINAL_YES;
}

bool explain_foreign(struct explaining *x, struct str text)
{
	struct foreign_line l;

	if (!foreign_read(text, &l) || kinds[l.server] == NULL || l.frame.stamp.month == 0)
		return false;
	x->out->kind = kinds[l.server];
	x->out->what = arena_fmt(x->mem, "%s, in a log of %s", rows[l.kind].what, foreign_servers[l.server]);
	x->out->meaning = str_of(rows[l.kind].meaning);
	x->out->who = WHO_NOBODY;
	say_fields(x, &l);
	say_content(x, &l);
	return true;
}
