/* Whatever records and DNS answers say, a check ends within its limits, and what it says can be shown. */
#include "base/err.h"
#include "vouch/spf.h"
#include "vouch/spf_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is read as lines; each answers one question: "0" nothing, "1" failure, else records separated by \2. */
struct world {
	struct str lines;
	unsigned asked, rounds;
};

static struct str wire_of(struct str text, int type, struct arena *a)
{
	char *out;
	size_t n;

	if (type == DNS_A || type == DNS_AAAA)
		return arena_str(a, str_take(text, type == DNS_A ? 4 : 16));
	if (type != DNS_TXT)
		return arena_str(a, text);
	text = str_take(text, 255);
	n = text.n;
	out = arena_alloc(a, n + 1);
	out[0] = (char)n;
	for (size_t i = 0; i < n; i++)
		out[i + 1] = text.p[i];
	return str_mem(out, n + 1);
}

static void answer(struct world *w, struct dns_question *q, struct arena *a)
{
	struct str line, record;

	str_cut(w->lines, STR("\n"), &line, &w->lines);
	q->why = line;
	q->status = str_eqz(line, "1") ? DNS_FAILED : DNS_NONE;
	if (line.n < 2)
		return;
	q->rdata = arena_alloc(a, line.n * sizeof(*q->rdata));
	while (line.n > 0) {
		str_cut(line, STR("\2"), &record, &line);
		q->rdata[q->n++] = wire_of(record, q->type, a);
	}
	q->status = DNS_FOUND;
}

static void all(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct world *w = with;

	(void)deadline;
	w->rounds++;
	for (size_t i = 0; i < n; i++, w->asked++)
		answer(w, &q[i], a);
}

static void check_shown(struct str s, size_t max)
{
	MUST(s.n <= max + 3);
	for (size_t i = 0; i < s.n; i++)
		MUST(ascii_isprint(s.p[i]));
}

static void check_record(struct str text)
{
	struct spf_record r;
	struct str rest;
	struct spf_term t;
	const char *why = NULL;

	if (!spf_record_is(text) || !spf_record_read(text, &r))
		return;
	for (rest = r.terms; spf_term_next(&rest, &t, &why);) {
		MUST(why == NULL && t.text.n > 0);
		MUST(t.modifier.n > 0 || (t.prefix4 <= 32 && t.prefix6 <= 128));
		MUST(spf_macros_ok(t.spec, false));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct world w = { .lines = str_mem(data, size) };
	struct vouch_ask ask = { all, &w };
	struct spf_question q = { .ip = size % 2 ? STR("192.0.2.1") : STR("2001:db8::1"), .host = STR("us.example") };
	struct spf spf;

	check_record(w.lines);
	str_cut(w.lines, STR("\n"), &q.helo, &w.lines);
	str_cut(w.lines, STR("\n"), &q.sender, &w.lines);
	spf_check(&ask, &q, &a, &spf);
	MUST(spf.result <= SPF_PERMERROR && spf.lookups <= SPF_LOOKUPS_MAX && spf.voids <= SPF_VOIDS_MAX + 1);
	MUST(w.rounds <= 2 + 2 * SPF_LOOKUPS_MAX + 2);
	MUST(w.asked <= 2 + SPF_LOOKUPS_MAX * (1 + SPF_HOSTS_MAX) + 1 + SPF_HOSTS_MAX);
	check_shown(spf.domain, SPF_SHOWN_MAX);
	check_shown(spf.where, SPF_SHOWN_MAX);
	check_shown(spf.term, SPF_SHOWN_MAX);
	check_shown(spf.via, (SPF_LOOKUPS_MAX + 1) * (SPF_SHOWN_MAX + 6));
	check_shown(spf.explanation, SPF_EXPLANATION_MAX);
	check_shown(spf.why, 1000);
	return 0;
}
