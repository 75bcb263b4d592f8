/* A message and the key records that all its signatures find (input: 4 bytes that cut the body, records, each with an
 * LF, an LF, the message): what comes out is whole and does not depend on how the body was cut. */
#include <string.h>
#include "base/err.h"
#include "vouch/signatures.h"

enum { RECORDS = 3 };

struct input {
	struct str cuts, records[RECORDS], header, body;
	size_t n;
};

static void read_input(struct str in, struct input *out)
{
	struct str line;

	*out = (struct input){ .cuts = str_take(in, 4) };
	in = str_skip(in, 4);
	while (out->n < RECORDS && str_cut(in, STR("\n"), &line, &in) && line.n > 0)
		out->records[out->n++] = str_take(line, 255);
	if (!str_cut(in, STR("\r\n\r\n"), &out->header, &out->body))
		return;
	out->header.n += 4;
}

/* Every name has the records, but those with an 'x' do not exist and those with a 'q' are silent. */
static void answer(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	const struct input *in = with;

	(void)deadline;
	MUST(n > 0 && n <= KEYSET_MAX);
	for (size_t i = 0; i < n; i++) {
		MUST(str_find(q[i].name, STR("._domainkey.")) > 0);
		q[i].status = str_chr(q[i].name, 'x') >= 0   ? DNS_NONE
			      : str_chr(q[i].name, 'q') >= 0 ? DNS_FAILED
							     : DNS_FOUND;
		q[i].rdata = arena_alloc(a, RECORDS * sizeof(*q[i].rdata));
		for (size_t r = 0; q[i].status == DNS_FOUND && r < in->n; r++) {
			char *wire = arena_alloc(a, in->records[r].n + 1);

			wire[0] = (char)in->records[r].n;
			memcpy(wire + 1, in->records[r].p, in->records[r].n);
			q[i].rdata[q[i].n++] = str_mem(wire, in->records[r].n + 1);
		}
	}
}

static void run(struct input *in, bool in_pieces, struct arena *a, struct signatures *s)
{
	struct vouch_ask ask = { answer, in };
	struct str body = in->body;

	signatures_begin(s, a, in->header, 1700000000);
	for (size_t k = 0; body.n > 0; k++) {
		size_t n = in_pieces && in->cuts.n > 0 ? 1 + (unsigned char)in->cuts.p[k % in->cuts.n] % 32 : body.n;
		struct str piece = str_take(body, n);

		signatures_body(s, piece);
		body = str_skip(body, piece.n);
	}
	signatures_end(s, &ask, 0);
}

static void must_be_tame(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		MUST(ascii_isalnum(s.p[i]) || strchr("-_.+/=", s.p[i]) != NULL);
}

static void check_dkim(const struct dkim_signature *x, const struct dkim_signature *y)
{
	MUST(x->result != DKIM_NONE && (x->result == DKIM_PASS) == (x->why.n == 0));
	MUST(x->result == y->result && str_eq(x->why, y->why) && x->bits == y->bits &&
	     x->body_unsigned == y->body_unsigned);
	must_be_tame(x->domain);
	must_be_tame(x->selector);
	must_be_tame(x->algorithm);
	must_be_tame(x->b);
	if (x->result == DKIM_PASS)
		MUST(x->domain.n > 0 && x->selector.n > 0 && x->identity.n > 0 && x->b.n > 0 && x->bits > 0);
}

static void check_arc(const struct arc *x, const struct arc *y)
{
	MUST((x->result == ARC_FAIL) == (x->why.n > 0) && x->n <= ARC_SETS_MAX && x->oldest_pass <= x->n);
	MUST(x->result == y->result && str_eq(x->why, y->why) && x->failed == y->failed &&
	     x->oldest_pass == y->oldest_pass);
	if (x->result == ARC_PASS)
		for (unsigned i = 0; i < x->n; i++)
			MUST(x->sets[i].seal.domain.n > 0 && x->sets[i].message.domain.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signatures whole, pieces;
	struct input in;
	ARENA(a);

	read_input(str_mem(data, size), &in);
	run(&in, false, &a, &whole);
	run(&in, true, &a, &pieces);
	MUST(whole.dkim.n == pieces.dkim.n && whole.dkim.n <= DKIM_LISTED_MAX && whole.dkim.n <= whole.dkim.total);
	for (size_t i = 0; i < whole.dkim.n; i++)
		check_dkim(&whole.dkim.list[i], &pieces.dkim.list[i]);
	check_arc(&whole.arc, &pieces.arc);
	signatures_clear(&whole);
	signatures_clear(&pieces);
	return 0;
}
