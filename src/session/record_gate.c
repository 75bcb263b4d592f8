/* The gate's own verb in the SMTP log: one line for each refusal, error and whitelist hit, one summary per stage;
 * and spamdyke's notes, a FILTER_ line for each filter that matched. */
#include <string.h>
#include "base/clock.h"
#include "session/session.h"

static enum log_kind kind_of(enum found f)
{
	static const enum log_kind kinds[] = {
		[FOUND_PASSED] = LOG_SMTP_GATE_PASSED,   [FOUND_REFUSED] = LOG_SMTP_GATE_REFUSED,
		[FOUND_ALLOWED] = LOG_SMTP_GATE_ALLOWED, [FOUND_ERROR] = LOG_SMTP_GATE_ERROR,
		[FOUND_SKIPPED] = LOG_SMTP_GATE_SKIPPED,
	};

	return kinds[f];
}

void record_finding(struct session *s, const struct finding *f, struct str rcpt)
{
	struct arena *a = &s->record.mem;
	struct log_line l;

	log_begin(&l, kind_of(f->found), clock_wall());
	log_set(&l, LOG_F_filter, a, str_of(f->filter->name));
	log_set(&l, LOG_F_host, a, record_host(s));
	log_set(&l, LOG_F_ip, a, str_of(s->peer.ip));
	log_set(&l, LOG_F_rcpt, a, rcpt);
	if (f->found == FOUND_SKIPPED)
		log_set(&l, LOG_F_description, a, f->seen);
	else
		log_setf(&l, LOG_F_description, a, "%.*s%s%lld ms", STR_ARG(f->seen), f->seen.n > 0 ? ", " : "",
			 (long long)f->ms);
	log_print(&s->record.text, &l);
	arena_reset(a);
}

/* What the postmaster has turned off is no check of this message: a summary leaves it out. */
static bool is_off(const struct finding *f)
{
	return f->found == FOUND_SKIPPED && str_eqz(f->seen, GATE_OFF);
}

/* A reason is one word there: spaces are `_`, as in spamdyke's log. */
static void put_token(struct buf *b, struct str words)
{
	for (size_t i = 0; i < words.n; i++)
		buf_addc(b, (char)(words.p[i] == ' ' ? '_' : words.p[i]));
}

/* "passed A 3 B 12": the names of one outcome, with what each took or why it did not run. */
static void put_outcome(struct buf *b, const struct ruling *r, enum found which)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		if (f->found != which || is_off(f))
			continue;
		if (n++ == 0) {
			buf_adds(b, b->n > 0 ? ", " : "");
			buf_addstr(b, found_word(which));
		}
		buf_addc(b, ' ');
		buf_adds(b, f->filter->name);
		buf_addc(b, ' ');
		if (which == FOUND_SKIPPED)
			put_token(b, f->seen);
		else
			buf_num(b, (uint64_t)f->ms);
	}
}

static void summary(struct session *s, const struct ruling *r)
{
	struct arena *a = &s->record.mem;
	struct log_line l;
	BUF(b);

	for (int f = FOUND_PASSED; f <= FOUND_SKIPPED; f++)
		put_outcome(&b, r, (enum found)f);
	if (b.n == 0)
		return;
	log_begin(&l, LOG_SMTP_GATE_STAGE, clock_wall());
	log_set(&l, LOG_F_stage, a, stage_name(r->at));
	log_set(&l, LOG_F_summary, a, buf_str(&b));
	log_print(&s->record.text, &l);
	arena_reset(a);
}

/* A refusal counts for its recipient; one of an earlier stage is written where it is delivered. */
static bool worth_a_line(const struct ruling *r, const struct finding *f)
{
	if (f->found == FOUND_REFUSED)
		return r->at >= AT_RECIPIENT;
	return f->found == FOUND_ERROR || f->found == FOUND_ALLOWED || f->noted;
}

void record_stage(struct session *s, const struct ruling *r, struct str rcpt)
{
	bool all = s->server->every_check;

	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		if (worth_a_line(r, f) || (all && f->found != FOUND_REFUSED))
			record_finding(s, f, rcpt);
	}
	if (!all)
		summary(s, r);
}

/* ---- spamdyke's notes ---- */

struct str record_hit(const struct hit *h, struct arena *a)
{
	if (h->file.n == 0)
		return h->entry;
	return h->line == 0 ? h->file : arena_fmt(a, "%.*s:%d", STR_ARG(h->file), h->line);
}

/* What a note may tell of, besides what the session knows. */
struct note {
	const char *filter;
	const struct hit *hit;
	struct str rcpt, reply, about;
};

static struct str hit_words(const struct hit *h, struct arena *a)
{
	if (h->file.n == 0)
		return arena_fmt(a, "entry: %.*s", STR_ARG(h->entry));
	if (h->line == 0)
		return arena_fmt(a, "path: %.*s", STR_ARG(h->file));
	return arena_fmt(a, "file: %.*s(%d)", STR_ARG(h->file), h->line);
}

static struct str hit_file(const struct hit *h, struct arena *a)
{
	return h->file.n == 0 ? STR("(none)") : arena_fmt(a, "%.*s(%d)", STR_ARG(h->file), h->line);
}

static struct str known(struct str value, struct arena *a)
{
	return value.n > 0 ? log_reason(a, value) : STR("(unknown)");
}

/* The places that a row of words/filters.def may have. */
static struct str place(const struct session *s, struct str name, const struct note *n, struct arena *a)
{
	const struct conf_gate *set = &s->facts.policy->set;
	const struct hit none = { 0 }, *hit = n->hit != NULL ? n->hit : &none;
	const struct {
		const char *name;
		struct str words;
	} places[] = {
		{ "ip", str_of(s->peer.ip) },
		{ "rdns", known(s->facts.rdns, a) },
		{ "sender", known(s->t.sender_key, a) },
		{ "user", known(s->facts.user, a) },
		{ "rcpt", known(arena_lower(a, n->rcpt), a) },
		{ "hit", hit_words(hit, a) },
		{ "entry", hit->entry },
		{ "file", hit_file(hit, a) },
		{ "about", n->about },
		{ "reply", n->reply },
		{ "delay", arena_num(a, (uint64_t)set->greeting_delay_secs) },
		{ "most", arena_num(a, (uint64_t)set->max_recipients) },
	};

	for (size_t i = 0; i < COUNT(places); i++)
		if (str_eqz(name, places[i].name))
			return places[i].words;
	BUG("a place {%.*s} in words/filters.def", STR_ARG(name));
}

static void note(struct session *s, const struct note *n)
{
	const struct filter_row *row = filter_by_gate(str_of(n->filter));
	struct arena *a = &s->record.mem;
	struct str shape, head, name;
	struct log_line l;
	BUF(text);

	if (!s->server->verbose || !s->port->policy.on || row == NULL)
		return;
	for (shape = str_of(row->shape); str_cut(shape, STR("{"), &head, &shape);) {
		buf_addstr(&text, head);
		str_cut(shape, STR("}"), &name, &shape);
		buf_addstr(&text, place(s, name, n, a));
	}
	buf_addstr(&text, head);
	log_begin(&l, LOG_SPAMDYKE_FILTER, clock_wall());
	log_set(&l, LOG_F_filter, a, str_skip(str_of(row->name), strlen("FILTER_")));
	if (text.n > 0)
		log_set(&l, LOG_F_text, a, buf_str(&text));
	record_spamdyke(s, &l);
}

void record_notes(struct session *s, const struct ruling *r, struct str rcpt)
{
	if (r->at == AT_CONNECT && s->visit.relay.entry.n > 0)
		note(s, &(struct note){ .filter = s->visit.relay_by_name ? "rdns-relay" : "ip-relay",
					.hit = &s->visit.relay });
	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->findings[i];

		if (f->found == FOUND_REFUSED || f->found == FOUND_ALLOWED)
			note(s, &(struct note){ .filter = f->filter->note != NULL ? f->filter->note : f->filter->name,
						.hit = &f->hit,
						.rcpt = rcpt,
						.about = f->about });
	}
}

void record_other(struct session *s, const struct reply *r, struct str rcpt)
{
	struct str words = record_words(r, &s->scratch);

	note(s, &(struct note){ .filter = "recipient-check", .rcpt = rcpt, .reply = words });
	record_verdict(s, REASON_OTHER, rcpt, words);
}
