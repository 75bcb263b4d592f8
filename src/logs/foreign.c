#include <pthread.h>
#include <string.h>

#include "base/cur.h"
#include "logs/foreign_fit.h"

const char *const foreign_servers[FOREIGN_SERVERS] = {
	[FOREIGN_NOBODY] = "nobody", [FOREIGN_POSTFIX] = "Postfix",   [FOREIGN_QMAIL] = "qmail",
	[FOREIGN_EXIM] = "Exim",     [FOREIGN_SPAMDYKE] = "spamdyke", [FOREIGN_CHKUSER] = "chkuser",
};

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

/* Programs whose lines may be a mail server's: `*` at the end stands for any more. */
static const struct {
	const char *program;
	enum foreign_server server;
} programs[] = {
	{ "postfix*", FOREIGN_POSTFIX },  { "exim*", FOREIGN_EXIM },  { "qmail*", FOREIGN_QMAIL },
	{ "spamdyke", FOREIGN_SPAMDYKE }, { "smtpd", FOREIGN_QMAIL }, { "smtp", FOREIGN_QMAIL },
	{ "submission", FOREIGN_QMAIL },
};

static bool is_upper_hex(char c)
{
	return ascii_isdigit(c) || (c >= 'A' && c <= 'F');
}

/* Digits and consonants: no id is a word. */
static bool is_base52(char c)
{
	return ascii_isdigit(c) || (ascii_isalpha(c) && strchr("aeiouAEIOU", c) == NULL);
}

static bool all(struct str s, bool (*is)(char))
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
	return s.n >= 12 && s.n <= 24 && all(s, is_base52) && str_rchr(s, 'z') >= 10 &&
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

static bool try_row(const struct foreign_table *t, size_t row, struct str text, struct foreign_line *out)
{
	struct str id = out->field[FF_id];

	memset(out->field, 0, sizeof(out->field));
	out->field[FF_id] = id;
	return foreign_fits(t, row, text, out);
}

/* ID or NOQUEUE in front: what is left is the text. */
static char take_lead(struct str *text, struct foreign_line *out)
{
	struct str head, tail;

	if (!str_cut(*text, STR(": "), &head, &tail))
		return '-';
	if (str_eqz(head, "NOQUEUE")) {
		*text = tail;
		return 'n';
	}
	if (!foreign_is_postfix_id(head))
		return '-';
	out->field[FF_id] = head;
	*text = tail;
	return 'q';
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

static bool twice(struct str text, const char *what)
{
	ptrdiff_t at = str_find(text, str_of(what));

	return at >= 0 && str_find(str_skip(text, (size_t)at + 1), str_of(what)) >= 0;
}

/* Old versions write addresses as they came, and answers of others stand in the line: what parts the fields must
 * stand there once, or anybody could write them.  Then a refusal keeps its words alone, and all else is not
 * believed. */
static bool is_plain(struct foreign_line *out, struct str text)
{
	static const enum foreign_field named[] = { FF_sender, FF_rcpt, FF_helo };

	if (out->kind == FOREIGN_RESULT)
		return !twice(text, ">, relay=") && !twice(text, ", status=");
	if (out->kind == FOREIGN_QUEUED)
		return !twice(text, ">, size=");
	if (out->kind != FOREIGN_REJECT ||
	    (!twice(text, "; from=<") && !twice(text, "> to=<") && !twice(text, ">, to=<")))
		return true;
	for (size_t i = 0; i < COUNT(named); i++)
		out->field[named[i]] = (struct str){ NULL, 0 };
	return true;
}

static bool leads(char row, char line)
{
	return row == line || row == '*' || (row == '.' && line != '-');
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
	const struct foreign_table *t = &postfix_table;
	struct str program = out->frame.program, text = out->frame.rest;
	char lead = take_lead(&text, out);

	program = str_skip(program, (size_t)(str_rchr(program, '/') + 1));
	out->server = FOREIGN_POSTFIX;
	for (size_t i = foreign_next(t, 0, text); i < t->n; i = foreign_next(t, i + 1, text)) {
		const struct foreign_row *r = &t->rows[i];

		if (leads(r->lead, lead) && (r->program.p[0] == '*' || str_eq(program, r->program)) &&
		    try_row(t, i, text, out))
			return settle_postfix(out, program, text);
	}
	return false;
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
	const struct foreign_table *t = &qmail_table;
	struct str text = out->frame.rest;

	for (size_t i = foreign_next(t, 0, text); i < t->n; i = foreign_next(t, i + 1, text)) {
		if (!try_row(t, i, text, out))
			continue;
		if (out->kind == FOREIGN_CHECK)
			split_chkuser(out);
		return true;
	}
	return false;
}

static enum foreign_server server_of(struct str program)
{
	for (size_t i = 0; i < COUNT(programs); i++)
		if (str_glob(str_of(programs[i].program), program))
			return programs[i].server;
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

bool foreign_read(struct str text, struct foreign_line *out)
{
	pthread_once(&once, compile_tables);
	memset(out, 0, sizeof(*out));
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (!frame_read(text, &out->frame))
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
