#include <pthread.h>
#include <string.h>

#include "base/cur.h"
#include "logs/foreign_fit.h"

const char *const foreign_servers[FOREIGN_SERVERS] = {
	[FOREIGN_NOBODY] = "nobody", [FOREIGN_POSTFIX] = "Postfix",   [FOREIGN_QMAIL] = "qmail",
	[FOREIGN_EXIM] = "Exim",     [FOREIGN_SPAMDYKE] = "spamdyke", [FOREIGN_CHKUSER] = "chkuser",
};

enum { ID_MAX = 24 }; /* bytes of a queue id of Postfix */

static const struct foreign_row postfix_rows[] = {
#define POSTFIX(p, l, k, x) { STR_INIT(p), (l), FOREIGN_POSTFIX, FOREIGN_##k, (x) },
#include "logs/postfix.def"
#undef POSTFIX
};

static const struct foreign_row qmail_rows[] = {
#define QMAIL(s, k, x) { STR_INIT("*"), '-', FOREIGN_##s, FOREIGN_##k, (x) },
#include "logs/qmail.def"
#undef QMAIL
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct foreign_table postfix_table, qmail_table;

static void compile_tables(void)
{
	foreign_compile(&postfix_table, postfix_rows, COUNT(postfix_rows));
	foreign_compile(&qmail_table, qmail_rows, COUNT(qmail_rows));
}

static const struct foreign_table *table_of(const struct foreign_table *t)
{
	pthread_once(&once, compile_tables);
	return t;
}

/* Programs whose lines may be a mail server's, in any case; `more`: whatever follows. */
static const struct {
	struct str program;
	bool more;
	enum foreign_server server;
} programs[] = {
	{ STR_INIT("postfix"), true, FOREIGN_POSTFIX },   { STR_INIT("exim"), true, FOREIGN_EXIM },
	{ STR_INIT("qmail"), true, FOREIGN_QMAIL },       { STR_INIT("spamdyke"), false, FOREIGN_SPAMDYKE },
	{ STR_INIT("smtpd"), false, FOREIGN_QMAIL },      { STR_INIT("smtp"), false, FOREIGN_QMAIL },
	{ STR_INIT("submission"), false, FOREIGN_QMAIL },
};

static bool is_upper_hex(char c)
{
	return ascii_isdigit(c) || (c >= 'A' && c <= 'F');
}

/* Digits and consonants: no id is a word. */
static bool is_base52(char c)
{
	const unsigned vowels =
	    1u << ('a' - 'a') | 1u << ('e' - 'a') | 1u << ('i' - 'a') | 1u << ('o' - 'a') | 1u << ('u' - 'a');

	return ascii_isdigit(c) || (ascii_isalpha(c) && (vowels >> (ascii_lower(c) - 'a') & 1) == 0);
}

static inline bool all(struct str s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return s.n > 0;
}

/* long = 6*seconds 4microseconds "z" 1*inode: the first `z` behind the time parts it from the inode, which has none. */
bool foreign_is_postfix_id(struct str s)
{
	if (s.n >= 6 && s.n <= 21 && all(s, is_upper_hex))
		return true;
	return s.n >= 12 && s.n <= ID_MAX && all(s, is_base52) && str_rchr(s, 'z') >= 10 &&
	       (size_t)str_rchr(s, 'z') + 1 < s.n;
}

bool foreign_is_exim_id(struct str s)
{
	size_t second = s.n == 23 ? 18 : 13;

	if ((s.n != 16 && s.n != 23) || s.p[6] != '-' || s.p[second] != '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i != 6 && i != second && !ascii_isalnum(s.p[i]))
			return false;
	return true;
}

/* The first of those rows that fits; t->n: none.  Of what others left in the fields only the id is kept. */
static size_t fit_row(const struct foreign_table *t, struct foreign_rows may, struct str text, struct foreign_line *out)
{
	struct str id = out->field[FF_id];
	size_t row;

	while ((row = foreign_next(t, &may, text)) < t->n && !foreign_fits(t, row, text, out)) {
		memset(out->field, 0, sizeof(out->field));
		out->field[FF_id] = id;
	}
	return row;
}

/* ID or NOQUEUE in front: what is left is the text. */
static int take_lead(struct str *text, struct foreign_line *out)
{
	ptrdiff_t at = str_chr(str_take(*text, ID_MAX + 1), ':');
	struct str head = str_take(*text, at < 0 ? 0 : (size_t)at), tail = str_skip(*text, head.n + 2);

	if (head.n == 0 || head.n + 1 >= text->n || text->p[at + 1] != ' ')
		return FOREIGN_BARE;
	if (str_eqz(head, "NOQUEUE")) {
		*text = tail;
		return FOREIGN_NOQUEUE;
	}
	if (!foreign_is_postfix_id(head))
		return FOREIGN_BARE;
	out->field[FF_id] = head;
	*text = tail;
	return FOREIGN_QUEUE_ID;
}

/* "reject" and "milter-reject" refuse, "discard" throws away; "hold", "filter", "warning" ... only tell. */
static void judge_action(struct foreign_line *out)
{
	struct str what = out->field[FF_status];

	if (str_eqz(what, "discard"))
		out->kind = FOREIGN_DISCARD;
	else if (!str_ends(what, STR("reject")))
		out->kind = FOREIGN_NOTE;
}

static bool twice(struct str text, struct str what)
{
	ptrdiff_t at = str_find(text, what);

	return at >= 0 && str_find(str_skip(text, (size_t)at + 1), what) >= 0;
}

/* Old versions write addresses as they came, and answers of others stand in the line: what parts the fields must
 * stand there once, or anybody could write them.  Then a refusal keeps its words alone, and all else is not
 * believed. */
static bool is_plain(struct foreign_line *out, struct str text)
{
	static const enum foreign_field named[] = { FF_sender, FF_rcpt, FF_helo };

	if (out->kind == FOREIGN_RESULT)
		return !twice(text, STR(">, relay=")) && !twice(text, STR(", status="));
	if (out->kind == FOREIGN_QUEUED)
		return !twice(text, STR(">, size="));
	if (out->kind != FOREIGN_REJECT ||
	    (!twice(text, STR("; from=<")) && !twice(text, STR("> to=<")) && !twice(text, STR(">, to=<"))))
		return true;
	for (size_t i = 0; i < COUNT(named); i++)
		out->field[named[i]] = (struct str){ NULL, 0 };
	return true;
}

/* What the fields alone do not say. */
static bool settle_postfix(struct foreign_line *out, struct str program, struct str text)
{
	if (!is_plain(out, text)) {
		out->kind = FOREIGN_UNKNOWN;
		return false;
	}
	if (out->kind == FOREIGN_RESULT)
		out->field[FF_channel] = program;
	if (out->kind == FOREIGN_REMOVED && str_eqz(program, "postsuper"))
		out->field[FF_status] = STR("deleted");
	if (out->kind == FOREIGN_REJECT)
		judge_action(out);
	return true;
}

static bool read_postfix(struct foreign_line *out)
{
	const struct foreign_table *t = table_of(&postfix_table);
	struct str program = out->frame.program, text = out->frame.rest;
	int lead = take_lead(&text, out);

	program = str_skip(program, (size_t)(str_rchr(program, '/') + 1));
	out->server = FOREIGN_POSTFIX;
	return fit_row(t, foreign_rows(t, program, lead, text), text, out) < t->n && settle_postfix(out, program, text);
}

/* SENDER:REMOTEINFO:IDENTIFY and HELO:HOST:IP of the original chkuser; the sender and the names have no colons. */
static void split_chkuser(struct foreign_line *out)
{
	struct str part, rest = out->field[FF_relay];

	if (rest.p == NULL)
		return;
	str_cut(out->field[FF_sender], STR(":"), &out->field[FF_sender], &part);
	str_cut(part, STR(":"), &out->field[FF_user], &part);
	str_cut(rest, STR(":"), &out->field[FF_helo], &rest);
	str_cut(rest, STR(":"), &out->field[FF_peer], &out->field[FF_ip]);
	out->field[FF_relay] = (struct str){ NULL, 0 };
}

static bool read_qmail(struct foreign_line *out)
{
	const struct foreign_table *t = table_of(&qmail_table);
	struct str text = out->frame.rest;

	if (fit_row(t, foreign_rows(t, STR(""), FOREIGN_BARE, text), text, out) == t->n)
		return false;
	if (out->kind == FOREIGN_CHECK)
		split_chkuser(out);
	return true;
}

static enum foreign_server server_of(struct str program)
{
	for (size_t i = 0; i < COUNT(programs); i++) {
		struct str name = programs[i].program, head = str_take(program, name.n);

		if ((programs[i].more || program.n == name.n) && (str_eq(head, name) || str_ieq(head, name)))
			return programs[i].server;
	}
	return FOREIGN_NOBODY;
}

static bool read_gate(struct foreign_line *out)
{
	struct log_line l;

	log_parse_gate(out->frame.rest, &l);
	out->kind = l.kind == LOG_UNKNOWN ? FOREIGN_UNKNOWN : FOREIGN_GATE;
	return l.kind != LOG_UNKNOWN;
}

/* Without a program the words tell. */
static bool read_untagged(struct foreign_line *out)
{
	if (read_qmail(out) || foreign_read_exim(out))
		return true;
	out->server = FOREIGN_NOBODY;
	return false;
}

/* A line of syslog itself: no program wrote it. */
static void read_syslogs_own(struct foreign_line *out)
{
	struct cur c = cur_of(out->frame.rest);
	struct str times;

	out->kind = FOREIGN_STRANGER; /* "-- MARK --" */
	cur_wantz(&c, "last message repeated ", "repeated");
	times = cur_span(&c, ascii_isdigit, "number");
	cur_wantz(&c, " times", "times");
	if (!cur_ok(&c) || c.p < c.end || times.n > 9)
		return;
	out->kind = FOREIGN_REPEATED;
	out->field[FF_count] = times;
}

bool foreign_read_next(struct str text, struct foreign_line *out)
{
	out->kind = FOREIGN_UNKNOWN;
	out->server = FOREIGN_NOBODY;
	memset(out->field, 0, sizeof(out->field));
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (!frame_next(text, &out->frame))
		return false;
	if (out->frame.program.n == 0 && out->frame.host.n > 0) {
		read_syslogs_own(out);
		return true;
	}
	if (out->frame.program.n == 0)
		return read_untagged(out);
	out->server = server_of(out->frame.program);
	switch (out->server) {
	case FOREIGN_POSTFIX:
		return read_postfix(out);
	case FOREIGN_EXIM:
		return foreign_read_exim(out);
	case FOREIGN_QMAIL:
		return read_qmail(out);
	case FOREIGN_SPAMDYKE:
		return read_gate(out);
	default:
		out->kind = FOREIGN_STRANGER;
		return true;
	}
}

bool foreign_read(struct str text, struct foreign_line *out)
{
	out->frame = (struct frame){ 0 };
	return foreign_read_next(text, out);
}
