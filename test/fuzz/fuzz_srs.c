/* Any bytes as an SRS address: what is written reads the same, and who it stands for is an address. */
#include "base/err.h"
#include "mail/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct srs *a, const struct srs *b)
{
	MUST(a->level == b->level && str_eq(a->hash, b->hash) && str_eq(a->stamp, b->stamp));
	MUST(str_eq(a->domain, b->domain) && str_eq(a->rest, b->rest));
}

static void parts(struct str local)
{
	struct srs x, y;
	struct addr to, again;
	BUF(b);
	ARENA(a);

	if (!srs_parse(local, &x))
		return;
	MUST(srs_tagged(local) && x.level <= 1 && x.hash.n > 0 && x.domain.n > 0 && x.rest.n > 0);
	MUST((x.level == 0) == (x.stamp.n > 0));
	MUST(srs_age(x.stamp, 1577836860) >= -1 && srs_age(x.stamp, 1577836860) < SRS_WRAP);
	srs_put(&b, &x);
	MUST(srs_parse(buf_str(&b), &y));
	same(&x, &y);
	if (srs_sender(&x, &a, &to) && to.local.n + to.domain.n < ADDR_LOCAL_MAX)
		MUST(addr_parse(addr_text(&a, &to), &a, &again) == 0 && str_eq(again.local, to.local));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_mem(data, size);
	struct addr at, who;
	struct srs x;
	ARENA(a);

	parts(s);
	if (addr_parse(s, &a, &at) < 0)
		return 0;
	parts(at.local);
	if (srs_again(&at, &x))
		MUST(x.level == 1 && x.rest.n > 1 && x.domain.n > 0);
	if (srs_origin(s, &a, &who))
		MUST(srs_tagged(at.local) && addr_domain_ok(who.domain) && who.local.n > 0);
	return 0;
}
