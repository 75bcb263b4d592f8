#include "trace/explain_parts.h"

#include "base/clock.h"

struct said {
	uint64_t code; /* 0: a text without a number */
	struct str number, enhanced, text;
};

static bool is_enhanced(struct str s)
{
	return str_chr(s, '.') > 0 && status_class(s) != NULL;
}

/* reply = 3DIGIT [ ( " " / "-" ) [ enhanced " " ] text ], the text perhaps in one pair of quotes, or with
 * its code at the end as qmail writes it: "text (#x.y.z)" */
static void read_text(struct str text, struct said *out)
{
	struct str rest = text, word = str_word(&rest);
	ptrdiff_t at;

	if (is_enhanced(word)) {
		out->enhanced = word;
		text = str_trim(rest);
	}
	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = str_mem(text.p + 1, text.n - 2);
	out->text = text;
	at = str_find(text, STR("(#"));
	if (out->enhanced.n == 0 && at >= 0) {
		word = str_skip(text, (size_t)at + 2);
		at = str_chr(word, ')');
		if (at > 0 && is_enhanced(str_take(word, (size_t)at)))
			out->enhanced = str_take(word, (size_t)at);
	}
}

static bool read_reply(struct str text, struct said *out)
{
	*out = (struct said){ .number = str_take(text, 3) };
	if (out->number.n < 3 || !str_u64(out->number, 599, &out->code) || out->code < 100)
		return false;
	if (text.n > 3 && text.p[3] != ' ' && text.p[3] != '-')
		return false;
	read_text(str_trim(str_skip(text, 4)), out);
	return true;
}

void explain_queued(struct explaining *x, struct str epoch, struct str qp)
{
	uint64_t seconds;
	BUF(utc);
	BUF(local);

	explain_number(x, "epoch", epoch);
	if (str_u64(epoch, UINT64_C(253402300799), &seconds)) {
		int64_t t = (int64_t)seconds;
		int offset = zone_offset(t);

		stamp_put(&utc, civil_of_seconds(t));
		stamp_put(&local, civil_of_seconds(t + offset));
		buf_addc(&local, ' ');
		zone_put(&local, offset);
		explain_field(x, "utc", arena_str(x->mem, buf_str(&utc)));
		explain_field(x, "local", arena_str(x->mem, buf_str(&local)));
		explain_add(x, "%.*s counts the seconds since 1970: %s UTC, which is %s here.", STR_ARG(epoch),
			    buf_z(&utc), buf_z(&local));
	}
	explain_number(x, "qp", qp);
	explain_add(
	    x,
	    "qp %.*s is the number of the process that put the message into the queue (on a Telltale server: the "
	    "message's own number, never used twice). The same pair stands in the reason of the gate's ALLOWED line "
	    "(250_ok_%.*s_qp_%.*s), and a Telltale delivery log repeats the number (info, ..., qp %.*s).",
	    STR_ARG(qp), STR_ARG(epoch), STR_ARG(qp), STR_ARG(qp));
}

/* "ok EPOCH qp QP" */
static bool read_queued(struct str text, struct str *epoch, struct str *qp)
{
	struct str rest = text;
	uint64_t n;
	bool shape = str_eqz(str_word(&rest), "ok");

	*epoch = str_word(&rest);
	shape = shape && str_eqz(str_word(&rest), "qp");
	*qp = str_word(&rest);
	return shape && str_u64(*epoch, UINT64_MAX, &n) && str_u64(*qp, UINT64_MAX, &n) && str_trim(rest).n == 0;
}

static const struct word *gate_word(const struct said *r)
{
	const struct reason_row *row = reason_by_reply((int)r->code, r->text);

	return row != NULL ? &row->word : NULL;
}

static const struct word *our_word(const struct said *r)
{
	const struct check_row *check = check_by_reply((int)r->code, r->text);
	const struct reply_row *row = reply_match((int)r->code, r->text);

	if (check != NULL)
		return &check->word;
	if (row == NULL || r->enhanced.n == 0 || str_eqz(r->enhanced, row->enhanced))
		return row != NULL ? &row->word : NULL;
	for (int i = 0; i < REPLY_COUNT; i++) { /* "250 2.1.5 ok": the code tells what was ok */
		const struct reply_row *other = reply_row((enum reply_id)i);

		if (other->code == row->code && str_eqz(r->enhanced, other->enhanced) &&
		    str_ieq(str_of(other->text), r->text))
			return &other->word;
	}
	return &row->word;
}

/* The class of a refusal's cause. */
static const char *cause_of(const struct said *r, bool foreign)
{
	const struct hint_row *hint = foreign ? hint_match_beside(r->enhanced, r->text) : NULL;
	enum cause_id cause = hint != NULL ? hint_cause(hint) : cause_by_status(r->enhanced);

	if (cause == CAUSE_UNKNOWN)
		cause = cause_by_status(r->number);
	return cause_row(cause)->name;
}

/* Other servers' words: the best that the number, the code and the text together say. */
static void foreign_word(struct explaining *x, const struct said *r)
{
	const struct status_row *class = status_class(r->number);
	const struct status_row *status = r->enhanced.n > 0 ? status_match(r->enhanced) : NULL;
	const struct status_row *code = status_match(r->number);
	const struct hint_row *hint = r->code >= 400 ? hint_match_beside(r->enhanced, r->text) : NULL;

	explain_word(x, code != NULL ? &code->word : &class->word);
	if (status != NULL && r->code >= 400)
		explain_word(x, &status->word);
	if (hint != NULL)
		explain_word(x, hint_word(hint));
	if (code == NULL || status != NULL || hint != NULL)
		explain_add(x, "%s", class->word.meaning);
}

static void say_parts(struct explaining *x, const struct said *r, const char *cause)
{
	const struct status_row *status = r->enhanced.n > 0 && r->code >= 400 ? status_match(r->enhanced) : NULL;
	const struct status_row *class = status_class(r->number);

	explain_number(x, "code", r->number);
	if (class != NULL)
		explain_field(x, "class", str_of(class->title));
	if (cause != NULL)
		explain_field(x, "cause", str_of(cause));
	if (r->enhanced.n > 0)
		explain_field(x, "enhanced", r->enhanced);
	if (status != NULL)
		explain_field(x, "status", str_of(status->title));
	if (r->text.n > 0)
		explain_field(x, "text", r->text);
}

bool explain_reply(struct explaining *x, struct str text)
{
	struct said r;
	struct str epoch, qp;
	const struct word *word;
	const struct status_row *class;

	if (!read_reply(explain_spaces(x->mem, text), &r))
		return false;
	class = status_class(r.number);
	x->out->kind = r.text.n > 0 || r.enhanced.n > 0 ? "smtp-reply" : "reply-code";
	x->out->what =
	    r.text.n > 0 || r.enhanced.n > 0 ? STR("a reply of a mail server") : STR("the number of a reply");
	word = gate_word(&r);
	if (word == NULL)
		word = r.text.n > 0 ? our_word(&r) : NULL;
	say_parts(x, &r, r.code >= 400 ? cause_of(&r, word == NULL) : NULL);
	if (r.code == 250 && read_queued(r.text, &epoch, &qp)) {
		explain_word(x, &reply_row(REPLY_QUEUED)->word);
		explain_queued(x, epoch, qp);
	} else if (word != NULL) {
		explain_word(x, word);
	} else {
		foreign_word(x, &r);
	}
	if (r.code >= 400 || x->out->final == FINAL_UNKNOWN)
		x->out->final = class->word.final; /* the number decides, whatever the text says elsewhere */
	if (r.code >= 400 && r.code < 500 && (word == NULL || word->final != FINAL_NO))
		explain_soften(x);
	return true;
}

struct str explain_without_class(struct str meaning, struct str number)
{
	const struct status_row *class = status_class(str_take(number, 3));

	if (class == NULL || !str_ends(meaning, str_of(class->word.meaning)))
		return meaning;
	return str_trim(str_take(meaning, meaning.n - str_of(class->word.meaning).n));
}

void explain_words(struct explaining *x, struct str status, struct str text, bool final)
{
	static const struct word no = { FINAL_YES, WHO_SENDER, "",
					"The sender mends what the words name and sends anew.", NULL };
	static const struct word not_now = { FINAL_NO, WHO_NOBODY, "", "", NULL };
	struct said r = { 0 };
	const struct word *word;
	const struct status_row *row;
	const struct hint_row *hint;

	read_text(explain_spaces(x->mem, text), &r);
	if (r.enhanced.n == 0)
		r.enhanced = status;
	row = r.enhanced.n > 0 ? status_match(r.enhanced) : NULL;
	word = gate_word(&r);
	hint = word == NULL ? hint_match_beside(r.enhanced, r.text) : NULL;
	word = word != NULL ? word : hint != NULL ? hint_word(hint) : row != NULL ? &row->word : NULL;
	explain_word(x, word != NULL ? word : final ? &no : &not_now);
	x->out->final = final ? FINAL_YES : FINAL_NO;
	if (!final)
		explain_soften(x);
}

bool explain_status(struct explaining *x, struct str text)
{
	const struct status_row *class, *row;
	struct str code = text;

	if (str_starts(code, STR("(#")) && str_ends(code, STR(")")))
		code = str_mem(code.p + 2, code.n - 3);
	else if (str_starts(code, STR("#")))
		code = str_skip(code, 1);
	class = status_class(code);
	if (class == NULL || !is_enhanced(code))
		return false;
	row = status_match(code);
	x->out->kind = "status-code";
	x->out->what = arena_fmt(x->mem, "an enhanced status code: %s%s%s", class->title, row != NULL ? ", " : "",
				 row != NULL ? row->title : "");
	explain_word(x, row != NULL ? &row->word : &class->word);
	if (row != NULL)
		explain_add(x, "%s", class->word.meaning);
	x->out->final = class->word.final;
	if (code.p[0] == '2')
		x->out->who = WHO_NOBODY, x->out->advice = STR("");
	if (code.p[0] == '4')
		explain_soften(x);
	explain_field(x, "enhanced", code);
	explain_field(x, "class", str_of(class->title));
	if (code.p[0] != '2')
		explain_field(x, "cause", str_of(cause_row(cause_by_status(code))->name));
	if (row != NULL)
		explain_field(x, "status", str_of(row->title));
	return true;
}

static const struct word *known_text(const struct said *r)
{
	const struct check_row *check = check_by_reply(0, r->text);
	const struct reply_row *row = reply_match(0, r->text);

	if (check != NULL)
		return &check->word;
	return row != NULL ? &row->word : NULL;
}

bool explain_said(struct explaining *x, struct str text)
{
	struct said r = { 0 };
	const struct word *word;
	const struct hint_row *hint;

	read_text(explain_spaces(x->mem, text), &r);
	if (r.text.n == 0 || explain_is_name(text))
		return false;
	word = gate_word(&r);
	if (word == NULL)
		word = known_text(&r);
	hint = word == NULL ? hint_match(r.text) : NULL;
	if (word == NULL && hint == NULL)
		return false;
	x->out->kind = "smtp-reply";
	x->out->what = STR("the words of a mail server's reply, without its number");
	explain_word(x, word != NULL ? word : hint_word(hint));
	if (hint != NULL)
		explain_field(x, "cause", str_of(cause_row(hint_cause(hint))->name));
	if (r.enhanced.n > 0)
		explain_field(x, "enhanced", r.enhanced);
	explain_field(x, "text", r.text);
	return true;
}
