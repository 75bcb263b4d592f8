/* What became of it: facts in, one word out. */
#include "mail/addr.h"
#include "trace/moment.h"
#include "trace/story.h"

#define V(id, word) [VERDICT_##id] = word,
const char *const verdict_words[VERDICT_COUNT] = { VERDICTS(V) };
#undef V

const char *const grade_words[3] = { "guess", "strong", "exact" };

enum { SILENCE = 60 }; /* a log that goes on this long after a line has nothing more to add to it */

/* The digits at *at; false: none stand there, or too many. */
static bool number_at(const char **at, const char *end, uint64_t *out)
{
	const char *p = *at;
	uint64_t n = 0;

	for (; p < end && ascii_isdigit(*p) && n < (uint64_t)1 << 50; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (p == *at || n > (uint64_t)1 << 53 || (p < end && ascii_isdigit(*p)))
		return false;
	*at = p;
	*out = n;
	return true;
}

/* counts = 1*DIGIT "+" 1*DIGIT "+" 1*DIGIT */
static bool counts_at(const char **at, const char *end, struct did *d)
{
	return number_at(at, end, &d->files) && *at < end && *(*at)++ == '+' && number_at(at, end, &d->forwards) &&
	       *at < end && *(*at)++ == '+' && number_at(at, end, &d->programs);
}

/* report = ... "folder_" name "/"; the name as the log has it. */
static struct str folder_of(struct str report)
{
	struct str last = report.n > 0 ? str_take(report, report.n - 1) : report;
	ptrdiff_t slash = str_rchr(last, '/');

	last = str_skip(last, (size_t)(slash + 1));
	return str_starts(last, STR("folder_")) ? str_skip(last, 7) : STR("");
}

bool did_of(struct str report, struct did *out)
{
	static const struct str tag = STR_INIT("did_");
	ptrdiff_t found = str_starts(report, tag) ? 0 : str_find(report, tag);
	const char *at, *end;
	struct str before;
	struct did d = { 0 };

	if (found < 0)
		return false; /* no report at all, perhaps */
	before = str_take(report, (size_t)found);
	at = report.p + before.n + tag.n;
	end = report.p + report.n;
	if ((found > 0 && !str_ends(before, STR("/"))) || !counts_at(&at, end, &d))
		return false;
	if (str_starts(str_mem(at, (size_t)(end - at)), STR("/qp_"))) {
		at += 4;
		if (!number_at(&at, end, &d.qp))
			d.qp = 0;
	}
	d.authenticated = str_find(report, STR("smtp_auth/")) >= 0;
	d.junk = str_ends(before, STR("/junk/")) || str_eqz(before, "junk/");
	d.lmtp = str_find(str_skip(report, before.n), STR("/The_LMTP_server_took_the_message./")) >= 0;
	d.folder = folder_of(before);
	*out = d;
	return true;
}

uint8_t did_flags(struct str report)
{
	struct did d;

	if (!did_of(report, &d))
		return DID_LOOKED;
	return (uint8_t)(DID_LOOKED | DID | (d.files > 0 ? DID_FILES : 0) | (d.forwards > 0 ? DID_FORWARDS : 0) |
			 (d.programs > 0 ? DID_PROGRAMS : 0) | (d.qp > 0 ? DID_QP : 0));
}

/* A forward of ours names the other server's address in its try: only the report says that a copy was made. */
static enum verdict of_success(const struct attempt *a)
{
	static const enum verdict where[] = { [WENT_HERE] = VERDICT_DELIVERED,
					      [WENT_AWAY] = VERDICT_RELAYED,
					      [WENT_FORWARDED] = VERDICT_FORWARDED,
					      [WENT_DISCARDED] = VERDICT_DISCARDED };
	unsigned did;

	if (a->went != WENT_UNSAID)
		return where[a->went];
	did = attempt_did(a);
	if (a->remote && (did & DID) == 0)
		return VERDICT_RELAYED;
	if ((did & DID) == 0 || (did & (DID_FILES | DID_PROGRAMS)) != 0)
		return VERDICT_DELIVERED;
	return (did & DID_FORWARDS) != 0 ? VERDICT_FORWARDED : VERDICT_DISCARDED;
}

bool attempt_deleted(const struct attempt *a)
{
	return str_find(a->report, STR("deleted_by_the_postmaster/")) >= 0;
}

/* Its sender had asked to hear of no failure. */
bool attempt_unwanted(const struct attempt *a)
{
	return str_find(a->report, STR("The_sender_asked_not_to_be_told_of_failures")) >= 0;
}

/* No bounce is made of a message without a sender, nor of what was deleted. */
static bool nobody_told(const struct story *s, const struct attempt *a)
{
	const struct name *from = s->from != NULL ? s->from : a->from;

	return attempt_deleted(a) || attempt_unwanted(a) || (from != NULL && addr_is_nobody(from->text));
}

/* Some bounce of the message is not older than this failure: it tells of it. */
static bool bounced_since(const struct book *b, const struct story *s, const struct attempt *a)
{
	return ties_of(s)->bounce != NULL && moment_joined(b, ties_of(s)->bounce->line) >= a->ended;
}

static const struct foreign *foreign_of(const struct story *s)
{
	return s->visit != NULL ? s->visit->foreign : NULL;
}

/* What another server's queue holds while its log does not say that the message is removed. */
static enum verdict held(const struct foreign *f)
{
	return f->deleted ? VERDICT_DISCARDED : f->queued && !f->removed ? VERDICT_WAITING : VERDICT_UNKNOWN;
}

enum verdict verdict_of_attempt(const struct book *b, const struct story *s, const struct attempt *a)
{
	bool failed = a->resulted && (a->outcome == OUTCOME_FAILURE || a->gave_up);

	if (foreign_of(s) != NULL && (!a->resulted || foreign_of(s)->deleted) && !failed &&
	    (!a->resulted || a->outcome == OUTCOME_DEFERRAL))
		return held(foreign_of(s));
	if (!a->resulted)
		return a->qp > 0 ? VERDICT_WAITING : VERDICT_UNKNOWN;
	if (a->outcome == OUTCOME_SUCCESS)
		return a->beyond > 0 ? (enum verdict)(a->beyond - 1) : of_success(a);
	if (!failed)
		return VERDICT_WAITING;
	if (nobody_told(s, a))
		return VERDICT_DISCARDED;
	/* Our own log tells of the bounce too: as long as it does not, the message is still ours. */
	return a->qp > 0 && !bounced_since(b, s, a) ? VERDICT_WAITING : VERDICT_RETURNED;
}

/* An alias has several targets: trouble with one is what must be told. */
static int weight(enum verdict v)
{
	static const enum verdict order[] = { VERDICT_DISCARDED, VERDICT_RELAYED, VERDICT_FORWARDED, VERDICT_DELIVERED,
					      VERDICT_UNKNOWN,   VERDICT_WAITING, VERDICT_RETURNED };

	for (int i = 0; i < (int)COUNT(order); i++)
		if (order[i] == v)
			return i;
	return -1;
}

/* Of each target only the latest attempt counts. */
static enum verdict of_attempts(const struct book *b, const struct story *s, const struct party *p)
{
	enum verdict worst = VERDICT_UNKNOWN;
	int heaviest = -1;
	uint32_t i = 0;

	for (struct attempt *a = p->attempts; a != NULL; a = a->next)
		a->to->mark = ++i;
	i = 0;
	for (struct attempt *a = p->attempts; a != NULL; a = a->next) {
		enum verdict v = verdict_of_attempt(b, s, a);

		if (a->to->mark != ++i || weight(v) <= heaviest)
			continue;
		heaviest = weight(v);
		worst = v;
	}
	return worst;
}

void verdict_beyond(const struct book *b, struct story *s)
{
	if (s->settled || !s->onward)
		return;
	s->settled = true;
	for (struct party *p = s->parties.first; p != NULL; p = p->next) {
		for (struct attempt *a = p->attempts; a != NULL; a = a->next) {
			const struct party *there;

			if (a->onward == NULL)
				continue;
			verdict_beyond(b, a->onward); /* chains are short and never circles (join_child) */
			if (a->onward->joined)
				story_join(s, (struct join){ .grade = a->onward->confidence });
			there = story_party(a->onward, a->to);
			if (there != NULL && there->attempts != NULL)
				a->beyond = (int)of_attempts(b, a->onward, there) + 1;
			if (a->beyond == VERDICT_UNKNOWN + 1)
				a->beyond = 0;
		}
	}
}

static enum verdict of_code(int code)
{
	return code >= 500 ? VERDICT_REFUSED : VERDICT_REFUSED_TEMPORARILY;
}

bool verdict_unsettled(const struct book *b, const struct visit *v)
{
	const struct line *last = v->lines.last;

	if (v->ended.n > 0)
		return false;
	return last == NULL || (v->connection == 0 && b->source->files[last->file].log_last <= last->local + SILENCE);
}

/* No reply to the message: did the client leave, or do the logs end? */
static enum verdict unfinished(const struct book *b, const struct visit *v)
{
	return verdict_unsettled(b, v) ? VERDICT_UNKNOWN : VERDICT_ABANDONED;
}

/* Accepted, and no attempt seen.  Our queue holds it, if our delivery log was there to be read. */
static enum verdict untried(const struct book *b, const struct visit *v)
{
	if (v->foreign != NULL)
		return held(v->foreign);
	return v->connection > 0 && source_has(b->source, LOG_DELIVERY) ? VERDICT_WAITING : VERDICT_UNKNOWN;
}

/* The gate alone: whether its refusal is final the stock reply says, where every server that is known gives it. */
static enum verdict of_gate(const struct gate *g)
{
	const struct reason_row *row = reason_by_code(g->code);

	if (str_eqz(g->code, "ALLOWED"))
		return VERDICT_UNKNOWN;
	if (g->reason.n > 3 && ascii_isdigit(g->reason.p[0]) && str_eqz(g->code, "DENIED_OTHER"))
		return g->reason.p[0] == '4' ? VERDICT_REFUSED_TEMPORARILY : VERDICT_REFUSED;
	if (row == reason_row(REASON_TLS_ENCRYPTED))
		return VERDICT_UNKNOWN;
	return row != NULL && row->word.final == FINAL_NO ? VERDICT_REFUSED_TEMPORARILY : VERDICT_REFUSED;
}

enum verdict verdict_of_party(const struct book *b, const struct story *s, const struct party *p)
{
	const struct visit *v = p->visit;

	if (p->attempts != NULL)
		return of_attempts(b, s, p);
	if (v == NULL)
		return p->gates != NULL ? of_gate(p->last_gate) : VERDICT_UNKNOWN;
	if (p->code >= 400)
		return of_code(p->code);
	if (v->final == NULL)
		return unfinished(b, v);
	return v->size_code >= 400 ? of_code(v->size_code) : untried(b, v);
}

static enum verdict without_party(const struct book *b, const struct story *s)
{
	if (s->visit == NULL)
		return VERDICT_UNKNOWN;
	if (s->visit->from_code >= 400)
		return of_code(s->visit->from_code);
	if (s->visit->size_code >= 400)
		return of_code(s->visit->size_code);
	if (s->visit->foreign != NULL && s->visit->foreign->queued)
		return held(s->visit->foreign);
	return unfinished(b, s->visit);
}

void verdict_settle(const struct book *b, struct story *s)
{
	const struct party *p = s->parties.first;

	if (p == NULL) {
		s->verdict = without_party(b, s);
		return;
	}
	s->verdict = verdict_of_party(b, s, p);
	for (p = p->next; p != NULL; p = p->next)
		if (verdict_of_party(b, s, p) != s->verdict)
			s->verdict = VERDICT_MIXED;
}
