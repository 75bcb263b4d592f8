/* Whatever From, signatures and DNS say, the check asks a bounded number of questions and its answer fits together. */
#include "base/err.h"
#include "vouch/author.h"
#include "vouch/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIGNATURES = 4 };

/* Lines: From, SPF domain, four DKIM domains; then each answers one question: "1" failure, "" nothing, else TXT
 * records separated by \2. */
struct world {
	struct str lines;
	unsigned asked;
};

static struct str take_line(struct world *w)
{
	struct str line;

	str_cut(w->lines, STR("\n"), &line, &w->lines);
	return line;
}

static struct str txt(struct str text, struct arena *a)
{
	char *out = arena_alloc(a, 256);

	text = str_take(text, 255);
	out[0] = (char)text.n;
	for (size_t i = 0; i < text.n; i++)
		out[i + 1] = text.p[i];
	return str_mem(out, text.n + 1);
}

static void all(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct world *w = with;

	(void)deadline;
	for (size_t i = 0; i < n; i++, w->asked++) {
		struct str line = take_line(w), record;

		q[i].status = str_eqz(line, "1") ? DNS_FAILED : line.n == 0 ? DNS_NONE : DNS_FOUND;
		q[i].nowhere = line.n == 0 && i % 2 == 0;
		q[i].rdata = arena_alloc(a, (line.n + 1) * sizeof(*q[i].rdata));
		while (q[i].status == DNS_FOUND && line.n > 0) {
			str_cut(line, STR("\2"), &record, &line);
			q[i].rdata[q[i].n++] = txt(record, a);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct world w = { .lines = str_mem(data, size) };
	struct vouch_ask ask = { all, &w };
	struct str from = take_line(&w);
	struct dmarc_signature dkim[SIGNATURES];
	struct dmarc_question q = { .from = &from, .from_n = 1, .spf_pass = size % 2, .spf_temperror = size % 3 == 0 };
	struct dmarc d;
	bool aligned;

	q.spf_domain = take_line(&w);
	for (size_t i = 0; i < SIGNATURES; i++)
		dkim[i] = (struct dmarc_signature){ take_line(&w), i != 1, i == 1 };
	q.dkim = dkim;
	q.dkim_n = SIGNATURES;
	dmarc_check(&ask, &q, &a, &d);
	MUST(w.asked <= AUTHORS_MAX * (DMARC_STEPS_MAX * (1 + SIGNATURES + 1) + 1));
	aligned = d.spf_aligned;
	for (size_t i = 0; i < SIGNATURES; i++) {
		MUST(!d.dkim_aligned[i] || dkim[i].pass);
		aligned = aligned || d.dkim_aligned[i];
	}
	MUST(!d.spf_aligned || q.spf_pass);
	MUST(d.result <= DMARC_PERMERROR && (d.result != DMARC_PASS || aligned) &&
	     (d.result != DMARC_FAIL || !aligned));
	MUST(d.policy == DMARC_POLICY_NONE || d.result == DMARC_FAIL);
	MUST(d.policy <= d.asked && d.why.n > 0 && d.why.n < 4096);
	return 0;
}
