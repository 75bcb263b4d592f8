#include "trace/explain_parts.h"

struct line_row {
	const char *what;
	struct word word;
};

static const struct line_row rows[LOG_KINDS] = {
#define LINE(family, id, f, w, t, m, a) \
	[LOG_##family##_##id] = { (t), { .final = (f), .who = (w), .meaning = (m), .advice = (a) } },
#include "trace/lines.def"
#undef LINE
};

static const char *const field_names[] = {
#define LOG_FIELD(name, class) [LOG_F_##name] = #name,
#include "logs/fields.def"
#undef LOG_FIELD
};

static bool is_count(enum log_field f)
{
	static const enum log_field counts[] = {
		LOG_F_epoch, LOG_F_connection, LOG_F_port,      LOG_F_bytes,  LOG_F_qp,
		LOG_F_code,  LOG_F_delivery,   LOG_F_attempt,   LOG_F_millis, LOG_F_parent,
		LOG_F_times, LOG_F_connect,    LOG_F_handshake, LOG_F_reply,
	};

	for (size_t i = 0; i < COUNT(counts); i++)
		if (counts[i] == f)
			return true;
	return false;
}

/* A spamdyke line's prefix may be missing in what people paste, and a comma line's stamp too. */
static const struct {
	enum log_family family;
	const char *kind, *stamp;
} families[] = {
	{ LOG_SMTP, "smtp-log-line", "" },
	{ LOG_DELIVERY, "delivery-log-line", "" },
	{ LOG_SPAMDYKE, "spamdyke-log-line", "" },
	{ LOG_SMTP, "smtp-log-line", "2000-01-01 00:00:00, " },
	{ LOG_DELIVERY, "delivery-log-line", "2000-01-01 00:00:00, " },
	{ LOG_SPAMDYKE, "spamdyke-log-line", "Jan  1 00:00:00 - spamdyke[0]: " },
};

/* The parsed line and its kind, NULL when no log has such a line. */
static const char *read_line(struct arena *a, struct str text, struct log_line *l, bool *stamped)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		*stamped = families[i].stamp[0] == '\0';
		log_parse(families[i].family,
			  *stamped ? text : arena_fmt(a, "%s%.*s", families[i].stamp, STR_ARG(text)), l);
		if (l->kind > LOG_EMPTY)
			return families[i].kind;
	}
	return NULL;
}

static void say_stamp(struct explaining *x, const struct log_line *l)
{
	BUF(b);

	if (!l->stamped)
		return;
	if (l->stamp.year != 0)
		stamp_put(&b, l->stamp);
	else if (l->stamp.month >= 1 && l->stamp.month <= 12)
		buf_fmt(&b, "%s %d %02d:%02d:%02d", month_names[l->stamp.month - 1], l->stamp.day, l->stamp.hour,
			l->stamp.minute, l->stamp.second);
	explain_field(x, "time", arena_str(x->mem, buf_str(&b)));
	if (l->host.n > 0)
		explain_field(x, "server", l->host);
	if (l->connection.n > 0)
		explain_number(x, "connection", l->connection);
	if (l->again.n > 0)
		explain_number(x, "times", l->again);
}

static void say_fields(struct explaining *x, const struct log_line *l)
{
	for (int f = 0; f < LOG_FIELDS; f++) {
		if (l->field[f].p == NULL || f == LOG_F_cont || (f == LOG_F_epoch && l->kind == LOG_SMTP_RESP_QUEUED) ||
		    (f == LOG_F_qp && l->kind == LOG_SMTP_RESP_QUEUED))
			continue;
		if (is_count((enum log_field)f))
			explain_number(x, field_names[f], l->field[f]);
		else
			explain_field(x, field_names[f], l->field[f]);
	}
}

/* Explain a part of the line and let its words be the line's; fields of the line stay. */
static bool part(struct explaining *x, bool (*explain)(struct explaining *, struct str), struct str text)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };

	if (!explain(&y, text))
		return false;
	x->out->meaning = inner.meaning;
	x->out->final = inner.final;
	x->out->who = inner.who;
	x->out->advice = inner.advice;
	x->out->passes = inner.passes;
	for (size_t i = 0; i < inner.nfields; i++) {
		bool told = false;

		for (size_t k = 0; k < x->out->nfields; k++)
			told = told || str_eqz(str_of(x->out->fields[k].name), inner.fields[i].name);
		if (!told && x->out->nfields < EXPLAIN_FIELDS)
			x->out->fields[x->out->nfields++] = inner.fields[i];
	}
	return true;
}

/* "resp, 250 ok EPOCH qp QP" has a local time and an absolute one: together they tell the log's zone. */
static void say_zone(struct explaining *x, const struct log_line *l)
{
	const int64_t quarter = 900, widest = 14 * 3600;
	uint64_t epoch;
	int64_t apart, offset;
	BUF(zone);

	if (!l->stamped || l->stamp.year < 1970 || !str_u64(l->field[LOG_F_epoch], UINT64_C(253402300799), &epoch))
		return;
	apart = civil_to_seconds(l->stamp) - (int64_t)epoch;
	offset = (apart + (apart < 0 ? -quarter / 2 : quarter / 2)) / quarter * quarter;
	if (offset > widest || offset < -widest) {
		int64_t days = ((apart < 0 ? -apart : apart) + 43200) / 86400;

		explain_add(x,
			    "Beware: the date of the line and this number are %lld day%s apart; one of them is wrong.",
			    (long long)days, days == 1 ? "" : "s");
		return;
	}
	zone_put(&zone, (int)offset);
	explain_field(x, "log_zone", arena_str(x->mem, buf_str(&zone)));
	explain_add(x, "So the times of this log are %s from UTC.", buf_z(&zone));
}

static bool say_verdict(struct explaining *x, const struct log_line *l)
{
	const struct reason_row *row = reason_by_code(l->field[LOG_F_verdict]);
	struct str reason = l->field[LOG_F_reason];

	if (row == NULL)
		return false;
	explain_word(x, &row->word);
	if (row == reason_row(REASON_OTHER) && part(x, explain_reply, reason))
		explain_add(x, "(The gate had no objection: the mail server behind it said this.)");
	else if (row == reason_row(REASON_ALLOWED) && part(x, explain_reply, reason))
		x->out->meaning = arena_fmt(x->mem, "%s %.*s", row->word.meaning, STR_ARG(x->out->meaning));
	return true;
}

static bool say_check(struct explaining *x, const struct log_line *l)
{
	const struct check_row *row = check_by_words(l->field[LOG_F_title], l->field[LOG_F_description]);

	if (row == NULL)
		return false;
	explain_word(x, &row->word);
	return true;
}

static void say_refusal(struct explaining *x, const struct log_line *l)
{
	const struct reason_row *row = reason_by_name(l->field[LOG_F_filter]);

	if (row == NULL)
		return;
	explain_word(x, &row->word);
	explain_field(x, "code", str_of(row->code));
}

/* A whitelist's hit: what the list means. */
static void say_allowed(struct explaining *x, const struct log_line *l)
{
	const struct filter_row *row = filter_by_gate(l->field[LOG_F_filter]);

	if (row != NULL)
		x->out->meaning = str_of(row->meaning);
}

static void say_end(struct explaining *x, const struct log_line *l)
{
	const struct end_row *row = end_match(l->field[LOG_F_reason]);

	if (row != NULL)
		explain_word(x, &row->word);
}

static void say_result(struct explaining *x, const struct log_line *l)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };

	if (!explain_report(&y, l->field[LOG_F_report], l->field[LOG_F_outcome]))
		return;
	x->out->meaning = inner.meaning;
	x->out->final = inner.final;
	x->out->who = inner.who;
	x->out->advice = inner.advice;
	x->out->passes = inner.passes;
	for (size_t i = 0; i + 1 < inner.nfields && x->out->nfields < EXPLAIN_FIELDS;
	     i++) /* the last one is the report */
		x->out->fields[x->out->nfields++] = inner.fields[i];
}

/* What the line carries: a code, a reply, a report.  False when the log's words are not known. */
static bool say_content(struct explaining *x, const struct log_line *l, bool stamped)
{
	switch (l->kind) {
	case LOG_SPAMDYKE_VERDICT:
		return say_verdict(x, l);
	case LOG_SPAMDYKE_FILTER:
		return part(x, explain_code,
			    arena_fmt(x->mem, "FILTER_%.*s %.*s", STR_ARG(l->field[LOG_F_filter]),
				      STR_ARG(l->field[LOG_F_text])));
	case LOG_SPAMDYKE_ERROR:
		part(x, explain_trouble, l->field[LOG_F_text]);
		return true;
	case LOG_SMTP_CHECK:
		return say_check(x, l);
	case LOG_SMTP_END:
		say_end(x, l);
		return true;
	case LOG_SMTP_GATE_REFUSED:
		say_refusal(x, l);
		return true;
	case LOG_SMTP_GATE_ALLOWED:
		say_allowed(x, l);
		return true;
	case LOG_SMTP_RESP:
		return part(
		    x, explain_reply,
		    arena_fmt(x->mem, "%.*s %.*s", STR_ARG(l->field[LOG_F_code]), STR_ARG(l->field[LOG_F_text])));
	case LOG_SMTP_RESP_QUEUED:
		explain_word(x, &reply_row(REPLY_QUEUED)->word);
		explain_number(x, "code", STR("250"));
		explain_queued(x, l->field[LOG_F_epoch], l->field[LOG_F_qp]);
		if (stamped)
			say_zone(x, l);
		return true;
	case LOG_DELIVERY_RESULT:
		say_result(x, l);
		return true;
	default:
		return true;
	}
}

bool explain_line(struct explaining *x, struct str text)
{
	struct log_line l;
	bool stamped;
	const char *kind = read_line(x->mem, text, &l, &stamped);

	if (kind == NULL)
		return false;
	x->out->kind = kind;
	x->out->what = str_of(rows[l.kind].what);
	explain_word(x, &rows[l.kind].word);
	if (stamped)
		say_stamp(x, &l);
	say_fields(x, &l);
	return say_content(x, &l, stamped);
}
