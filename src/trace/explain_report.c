#include "trace/explain_parts.h"

/* What the parts of one report say together. */
struct report {
	struct str decoded;                   /* lines, '\n' between them */
	const struct report_row *main;        /* the first part that tells an outcome, else the first known one */
	const struct report_row *over;        /* the queue's lifetime was over */
	struct str files, forwards, programs; /* of did A+B+C */
	struct str qp;                        /* of the forwarded copy */
	struct str folder;                    /* that the message lies in */
	struct str remote;                    /* what the remote host said */
	bool authenticated, junk, lmtp, known;
};

static bool digits(struct str s)
{
	uint64_t n;

	return s.n > 0 && s.n <= 16 && str_u64(s, UINT64_MAX, &n);
}

/* did = "did " 1*DIGIT "+" 1*DIGIT "+" 1*DIGIT */
static bool read_did(struct str part, struct report *r)
{
	struct str a, b, c, rest;

	if (!str_starts(part, STR("did ")) || !str_cut(str_skip(part, 4), STR("+"), &a, &rest) ||
	    !str_cut(rest, STR("+"), &b, &c) || !digits(a) || !digits(b) || !digits(c))
		return false;
	r->files = a;
	r->forwards = b;
	r->programs = c;
	r->main = report_match(part);
	return true;
}

/* A folder's name has no space: it was a _ before the report was decoded. */
static struct str folder_name(struct explaining *x, struct str decoded)
{
	char *name = arena_alloc(x->mem, decoded.n + 1);

	for (size_t i = 0; i < decoded.n; i++)
		name[i] = decoded.p[i] == ' ' ? '_' : decoded.p[i];
	return str_mem(name, decoded.n);
}

static void read_part(struct explaining *x, struct str part, struct report *r)
{
	const struct report_row *row;
	struct str remote = STR("Remote host said: ");
	ptrdiff_t at = str_find(part, remote);

	if (read_did(part, r)) {
		r->known = true;
		return;
	}
	if (str_eqz(part, "junk")) {
		r->junk = true;
		return;
	}
	if (str_starts(part, STR("folder ")) && part.n < 200) {
		r->folder = folder_name(x, str_skip(part, 7));
		return;
	}
	if (str_starts(part, STR("qp ")) && digits(str_skip(part, 3))) {
		r->qp = str_skip(part, 3);
		r->known = true;
		return;
	}
	if (at >= 0 && r->remote.n == 0)
		r->remote = str_trim(str_skip(part, (size_t)at + remote.n));
	r->lmtp = r->lmtp || str_eqz(part, "The LMTP server took the message.");
	row = report_match(part);
	if (row == NULL || str_starts(str_of(row->pattern), STR("did ")) ||
	    str_starts(str_of(row->pattern), STR("qp ")))
		return;
	r->known = true;
	if (str_eqz(part, "smtp auth"))
		r->authenticated = true;
	else if (str_find(part, STR("in the queue too long")) >= 0)
		r->over = row;
	else if (r->main == NULL || (r->main->outcome[0] == '\0' && row->outcome[0] != '\0'))
		r->main = row;
}

static void read_report(struct explaining *x, struct str text, struct report *r)
{
	struct str rest, part;

	*r = (struct report){ .decoded = log_report_plain(x->mem, text) };
	for (rest = r->decoded; rest.n > 0;) {
		str_cut(rest, STR("\n"), &part, &rest);
		if (str_trim(part).n > 0)
			read_part(x, str_trim(part), r);
	}
	if (r->main == NULL && !r->known) { /* a text with a `/` of its own ("/bin/sh") */
		char *whole = arena_alloc(x->mem, r->decoded.n + 1);

		for (size_t i = 0; i < r->decoded.n; i++)
			whole[i] = r->decoded.p[i] == '\n' ? '/' : r->decoded.p[i];
		r->main = report_match(str_mem(whole, r->decoded.n));
		r->known = r->main != NULL && r->main->outcome[0] != '\0' && r->main->pattern[0] != 'd';
	}
}

static const char *plural(struct str n, const char *one, const char *many)
{
	return str_eqz(n, "1") ? one : many;
}

/* did A+B+C in words, so that 0+0+1 needs no key. */
static void say_did(struct explaining *x, const struct report *r)
{
	bool none = str_eqz(r->files, "0") && str_eqz(r->forwards, "0") && str_eqz(r->programs, "0");

	explain_number(x, "mailboxes", r->files);
	explain_number(x, "forwards", r->forwards);
	explain_number(x, "programs", r->programs);
	x->out->meaning =
	    arena_fmt(x->mem, "A successful delivery on this server: %.*s %s, %.*s %s, %.*s %s.", STR_ARG(r->files),
		      plural(r->files, "mailbox written", "mailboxes written"), STR_ARG(r->forwards),
		      plural(r->forwards, "forward sent", "forwards sent"), STR_ARG(r->programs),
		      plural(r->programs, "program delivery", "program deliveries"));
	if (none)
		explain_add(x, "So the message was accepted and dropped: the address's rules are empty.");
	if (!str_eqz(r->programs, "0"))
		explain_add(
		    x,
		    "A program delivery means that a delivery agent or filter took the message; what it decided (which "
		    "folder, an automatic answer, to discard) stands in that program's own log.");
	if (!str_eqz(r->forwards, "0"))
		explain_add(x, "Each forwarded copy is a message of its own with its own fate.");
	if (none)
		x->out->advice = STR("If the message was wanted, our postmaster looks at the rules of the address.");
	else if (!str_eqz(r->programs, "0"))
		x->out->advice = STR(
		    "Nothing. If the recipient misses the message, look in the junk folder and at the filter rules.");
}

static void say_marks(struct explaining *x, const struct report *r)
{
	if (r->authenticated) {
		explain_field(x, "authenticated", STR("yes"));
		explain_add(x, "The sender had logged in (smtp_auth) when handing the message to this server.");
	}
	if (r->folder.n > 0) {
		explain_field(x, "folder", r->folder);
		explain_add(x, "It lies in the mailbox's folder %.*s: the address named it behind the plus.",
			    STR_ARG(r->folder));
	}
	if (r->lmtp)
		explain_add(x,
			    "The server that keeps the mailboxes took it over LMTP; into which folder, its log says.");
	if (r->junk) {
		explain_add(
		    x, "The gate doubted the message, so it lies in the mailbox's Junk folder; the gate lines of the "
		       "SMTP log say why.");
		x->out->advice = STR("If it was wanted, the recipient moves it out of the Junk folder.");
	}
	if (r->qp.n > 0) {
		explain_number(x, "qp", r->qp);
		explain_add(x, "%.*s is the queue number of the forwarded copy.", STR_ARG(r->qp));
		x->out->advice =
		    arena_fmt(x->mem, "Nothing. To see what became of the copy, trace qp %.*s.", STR_ARG(r->qp));
	}
}

static bool names_cause(const struct explanation *x)
{
	for (size_t i = 0; i < x->nfields; i++)
		if (str_eqz(str_of(x->fields[i].name), "cause"))
			return !str_eqz(x->fields[i].value, cause_row(CAUSE_UNKNOWN)->name);
	return false;
}

/* "...; what it said stands behind it. 5xx is final, ..." need not stand there where what it said is explained. */
static struct str without_hint(struct arena *a, struct str meaning)
{
	ptrdiff_t at = str_find(meaning, STR("; what it said stands behind it"));

	return at < 0 ? meaning : arena_fmt(a, "%.*s.", (int)at, meaning.p);
}

/* Where the other server's number decides: 4 is tried again, 5 is not. */
static void say_remote(struct explaining *x, const struct report *r)
{
	struct explanation said = { .final = FINAL_UNKNOWN };
	struct explaining inner = { .mem = x->mem, .out = &said };

	if (r->remote.n == 0)
		return;
	explain_field(x, "remote_said", r->remote);
	if (!explain_reply(&inner, r->remote))
		return;
	if (x->out->final != FINAL_UNKNOWN && !names_cause(&said))
		return;
	x->out->meaning = without_hint(x->mem, x->out->meaning);
	if (x->out->final != FINAL_UNKNOWN)
		x->out->meaning = STR(""); /* its words know better than the row, which can only suppose */
	else
		x->out->final = said.final;
	explain_add(x, "The other server's reply means: %.*s", STR_ARG(said.meaning));
	x->out->who = said.who;
	x->out->advice = said.advice;
}

static void say_over(struct explaining *x, const struct report *r)
{
	if (r->over == NULL)
		return;
	explain_add(x, "%s", r->over->word.meaning);
	x->out->final = FINAL_YES;
	x->out->who = WHO_SENDER;
	x->out->advice = str_of(r->over->word.advice);
}

static void say_outcome(struct explaining *x, struct str outcome)
{
	if (outcome.n == 0)
		return;
	x->out->final = str_eqz(outcome, "deferral") ? FINAL_NO : FINAL_YES;
	if (str_eqz(outcome, "deferral"))
		explain_soften(x);
}

/* A program's own words: the status code in them is all that can be known. */
static bool say_unknown(struct explaining *x, const struct report *r, struct str outcome)
{
	ptrdiff_t at = str_find(r->decoded, STR("(#")), end;
	struct str code = at < 0 ? STR("") : str_skip(r->decoded, (size_t)at);

	end = str_chr(code, ')');
	if (end > 0 && explain_status(x, str_take(code, (size_t)end + 1)))
		return true;
	if (outcome.n == 0)
		return false;
	return explain_code(x, outcome);
}

static struct str on_one_line(struct arena *a, struct str lines)
{
	BUF(b);

	for (size_t i = 0; i < lines.n; i++)
		if (lines.p[i] == '\n')
			buf_adds(&b, " / ");
		else
			buf_addc(&b, lines.p[i]);
	return arena_str(a, buf_str(&b));
}

bool explain_report(struct explaining *x, struct str text, struct str outcome)
{
	struct report r;

	read_report(x, text, &r);
	if (!r.known) {
		if (!say_unknown(x, &r, outcome))
			return false;
	} else if (r.files.n > 0) {
		explain_word(x, &r.main->word);
		say_did(x, &r);
	} else if (r.main != NULL) {
		explain_word(x, &r.main->word);
	}
	x->out->kind = "delivery-report";
	x->out->what = STR("the report of a delivery");
	say_marks(x, &r);
	say_remote(x, &r);
	say_over(x, &r);
	say_outcome(x, outcome);
	explain_field(x, "report", on_one_line(x->mem, str_trim(r.decoded)));
	return true;
}
