/* What gate try prints: the ledger, then each recipient's answer. */
#include <stdio.h>

#include "base/utf8.h"
#include "cli/gate_try.h"

enum { MARGIN = 22, WIDTH = 110 };

struct printer {
	struct buf *out;
	struct trial *t;
	bool colour;
};

static const char *const colours[] = {
	[FOUND_PASSED] = "",        [FOUND_REFUSED] = "\033[31m", [FOUND_ALLOWED] = "\033[32m",
	[FOUND_ERROR] = "\033[33m", [FOUND_SKIPPED] = "\033[2m",
};

static void paint(struct printer *p, const char *colour, const char *text)
{
	bool on = p->colour && colour[0] != '\0';

	buf_fmt(p->out, "%s%s%s", on ? colour : "", text, on ? "\033[0m" : "");
}

static void put(struct printer *p, struct str text)
{
	utf8_show(p->out, text);
}

static bool is_off(const struct finding *f)
{
	return f->found == FOUND_SKIPPED && str_eqz(f->seen, GATE_OFF);
}

static void put_finding(struct printer *p, const struct finding *f)
{
	char word[16] = "", ms[24] = "";
	const char *name = f->found == FOUND_SKIPPED ? "not asked" : found_word(f->found).p;

	if (f->found != FOUND_SKIPPED)
		snprintf(ms, sizeof(ms), "%lld ms", (long long)f->ms);
	snprintf(word, sizeof(word), "%-9s", name);
	buf_fmt(p->out, "  %-26s  ", f->filter->name);
	paint(p, colours[f->found], word);
	buf_fmt(p->out, "  %8s", ms);
	if (f->seen.n > 0) {
		buf_adds(p->out, "  ");
		put(p, f->seen);
	}
	buf_addc(p->out, '\n');
}

static void put_stage(struct printer *p, const struct ruling *r, const struct finding *more, size_t nmore)
{
	size_t n = nmore;

	for (size_t i = 0; i < r->n; i++)
		n += !is_off(&r->findings[i]);
	if (n == 0)
		return;
	paint(p, "\033[1m", stage_name(r->at).p);
	buf_addc(p->out, '\n');
	for (size_t i = 0; i < nmore; i++)
		put_finding(p, &more[i]);
	for (size_t i = 0; i < r->n; i++)
		if (!is_off(&r->findings[i]))
			put_finding(p, &r->findings[i]);
}

/* A label and words, wrapped. */
static void put_more(struct printer *p, const char *label, struct str words)
{
	size_t column = MARGIN;
	struct str word;
	BUF(safe);

	if (words.n == 0)
		return;
	utf8_show(&safe, words);
	words = buf_str(&safe);
	buf_fmt(p->out, "     %-*s", MARGIN - 5, label);
	for (bool first = true; (word = str_word(&words)).n > 0; first = false) {
		if (!first && column + 1 + word.n > WIDTH) {
			buf_fmt(p->out, "\n%*s", MARGIN, "");
			column = MARGIN;
		} else if (!first) {
			buf_addc(p->out, ' ');
			column++;
		}
		buf_addstr(p->out, word);
		column += word.n;
	}
	buf_addc(p->out, '\n');
}

/* The text, and behind it what stands in its line of the spamdyke log. */
static void put_answer(struct printer *p, const struct tried *x)
{
	BUF(reply);

	buf_adds(p->out, "  => ");
	if (x->accepted)
		paint(p, "\033[32m", x->junk ? "taken, into the Junk folder" : "taken");
	else
		paint(p, x->reply.code < 500 ? "\033[33m" : "\033[31m", x->reply.code < 500 ? "put off" : "refused");
	reply_wire(&reply, &x->reply);
	buf_adds(p->out, ": ");
	put(p, str_trim(buf_str(&reply)));
	buf_addc(p->out, '\n');
	put_more(p, "recipient check", x->check);
	if (x->code != NULL)
		put_more(
		    p, "spamdyke code",
		    arena_fmt(&p->t->mem, "%s %.*s", x->code, STR_ARG(x->reason.n > 0 ? x->reason : STR("(empty)"))));
	put_more(p, "what would help", x->passes);
	put_more(p, "what to do", x->advice);
}

static void put_rcpt(struct printer *p, struct tried *x)
{
	bool same = x->view == NULL || !x->own || x->view->told;

	buf_addc(p->out, '\n');
	paint(p, "\033[1m", "to ");
	put(p, x->text);
	buf_adds(p->out, x->own ? ", with settings of its own\n" : "\n");
	if (!same) {
		put_stage(p, &x->view->connect, NULL, 0);
		put_stage(p, &x->view->sender, NULL, 0);
		x->view->told = true;
	}
	if (x->judged)
		put_stage(p, &x->at, NULL, 0);
	if (x->data_judged)
		put_stage(p, &x->data, p->t->vouching, p->t->nvouching);
	put_answer(p, x);
}

void trial_text(struct buf *out, struct trial *t, bool colour)
{
	struct printer p = { out, t, colour };

	put(&p, t->ip);
	buf_fmt(out, " (%.*s)", STR_ARG(t->facts.rdns.n > 0 ? t->facts.rdns : STR("no reverse name is known")));
	buf_adds(out, t->helo.n > 0 ? ", helo " : "");
	put(&p, t->helo);
	buf_adds(out, t->user.n > 0 ? ", logged in as " : "");
	put(&p, t->user);
	buf_fmt(out, ", on listener %.*s\nfrom <", STR_ARG(t->port->label));
	put(&p, t->from);
	buf_adds(out, ">\n\n");
	if (!t->policy.on)
		buf_adds(out, "The gate does not run on this listener: it is for those who log in.\n");
	else if (t->visit.judged)
		put_stage(&p, &t->visit.plain.connect, NULL, 0), put_stage(&p, &t->visit.plain.sender, NULL, 0);
	for (size_t i = 0; i < t->n; i++)
		put_rcpt(&p, &t->rcpts[i]);
	if (t->trouble.n > 0) {
		buf_adds(out, "\nwarning: settings that cannot be used: ");
		put(&p, t->trouble);
		buf_addc(out, '\n');
	}
}

/* ---- for programs ---- */

static void json_finding(struct json *j, const struct finding *f)
{
	if (is_off(f))
		return;
	json_begin_object(j);
	json_key(j, "name"), json_z(j, f->filter->name);
	json_key(j, "outcome"), json_str(j, found_word(f->found));
	json_key(j, "ms");
	if (f->found == FOUND_SKIPPED)
		json_none(j);
	else
		json_num(j, f->ms);
	json_key(j, "seen"), json_str(j, f->seen);
	json_end_object(j);
}

static void json_stage(struct json *j, const struct ruling *r, const struct finding *more, size_t nmore)
{
	json_begin_object(j);
	json_key(j, "stage"), json_str(j, stage_name(r->at));
	json_key(j, "checks"), json_begin_array(j);
	for (size_t i = 0; i < nmore; i++)
		json_finding(j, &more[i]);
	for (size_t i = 0; i < r->n; i++)
		json_finding(j, &r->findings[i]);
	json_end_array(j);
	json_end_object(j);
}

static void json_reply(struct json *j, const struct reply *r)
{
	json_begin_object(j);
	json_key(j, "code"), json_num(j, r->code);
	json_key(j, "enhanced"), json_z(j, r->enhanced);
	json_key(j, "text"), json_str(j, r->text);
	json_end_object(j);
}

static void json_filled(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	if (s.n > 0)
		json_str(j, s);
	else
		json_none(j);
}

static void json_rcpt(struct json *j, const struct trial *t, const struct tried *x)
{
	json_begin_object(j);
	json_key(j, "address"), json_str(j, x->text);
	json_key(j, "accepted"), json_bool(j, x->accepted);
	json_key(j, "junk"), json_bool(j, x->junk);
	json_key(j, "reply"), json_reply(j, &x->reply);
	json_key(j, "code"), json_z(j, x->code);
	json_filled(j, "reason", x->reason);
	json_filled(j, "check", x->check);
	json_filled(j, "passes", x->passes);
	json_filled(j, "advice", x->advice);
	json_key(j, "own_settings"), json_bool(j, x->own);
	json_key(j, "stages"), json_begin_array(j);
	if (x->view != NULL && x->own)
		json_stage(j, &x->view->connect, NULL, 0), json_stage(j, &x->view->sender, NULL, 0);
	if (x->judged)
		json_stage(j, &x->at, NULL, 0);
	if (x->data_judged)
		json_stage(j, &x->data, t->vouching, t->nvouching);
	json_end_array(j);
	json_end_object(j);
}

void trial_json(struct buf *out, struct trial *t)
{
	struct json j = json_to(out);

	json_begin_object(&j);
	json_key(&j, "accepted"), json_bool(&j, trial_taken(t));
	json_key(&j, "ip"), json_str(&j, t->ip);
	json_filled(&j, "rdns", t->facts.rdns);
	json_filled(&j, "helo", t->helo);
	json_filled(&j, "auth", t->user);
	json_key(&j, "from"), json_str(&j, t->from);
	json_key(&j, "listener"), json_str(&j, t->port->label);
	json_key(&j, "gate"), json_bool(&j, t->policy.on);
	json_key(&j, "stages"), json_begin_array(&j);
	if (t->visit.judged)
		json_stage(&j, &t->visit.plain.connect, NULL, 0), json_stage(&j, &t->visit.plain.sender, NULL, 0);
	json_end_array(&j);
	json_key(&j, "recipients"), json_begin_array(&j);
	for (size_t i = 0; i < t->n; i++)
		json_rcpt(&j, t, &t->rcpts[i]);
	json_end_array(&j);
	json_filled(&j, "warning", t->trouble);
	json_end_object(&j);
	buf_addc(out, '\n');
}
