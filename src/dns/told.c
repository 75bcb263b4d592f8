#include "dns/told.h"

#include "base/cur.h"
#include "dns/name.h"

static bool is_a(struct str r)
{
	return r.n == 4;
}

static bool is_aaaa(struct str r)
{
	return r.n == 16;
}

static bool is_name(struct str r)
{
	BUF(text);

	return dns_name_put(&text, r) == r.n && r.n > 0;
}

static bool is_mx(struct str r)
{
	return r.n > 2 && is_name(str_skip(r, 2));
}

static bool is_srv(struct str r)
{
	return r.n > 6 && is_name(str_skip(r, 6));
}

/* One or more character strings that end exactly with the record. */
static bool is_txt(struct str r)
{
	struct cur c = cur_of(r);

	do
		cur_take(&c, cur_next(&c) & 0xff, "cut off");
	while (!cur_end(&c));
	return r.n > 0 && cur_ok(&c);
}

/* RFC 6698 2.1: usage, selector, matching type and at least one byte of data. */
static bool is_tlsa(struct str r)
{
	return r.n > 3;
}

static const struct {
	int type;
	bool (*ok)(struct str rdata);
} checks[] = {
	{ DNS_A, is_a },   { DNS_AAAA, is_aaaa }, { DNS_NS, is_name },   { DNS_CNAME, is_name },   { DNS_PTR, is_name },
	{ DNS_MX, is_mx }, { DNS_TXT, is_txt },   { DNS_TLSA, is_tlsa }, { 33 /* SRV */, is_srv },
};

bool dns_rdata_ok(int type, struct str rdata)
{
	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i].type == type)
			return checks[i].ok(rdata);
	return true;
}

static size_t count_records(struct str records, bool *whole)
{
	struct cur c = cur_of(records);
	size_t n = 0;

	while (!cur_end(&c)) {
		cur_take(&c, cur_u16(&c), "cut off");
		n++;
	}
	*whole = cur_ok(&c) && n <= DNS_RECORDS_MAX;
	return n;
}

static void take_records(struct str records, struct dns_question *q, struct arena *a, size_t n)
{
	struct cur c = cur_of(arena_str(a, records));

	q->rdata = arena_alloc(a, (n > 0 ? n : 1) * sizeof(*q->rdata));
	while (!cur_end(&c)) {
		struct str r = cur_take(&c, cur_u16(&c), "cut off");

		if (dns_rdata_ok(q->type, r))
			q->rdata[q->n++] = r;
	}
}

static void fail(struct dns_question *q, struct str why)
{
	q->status = DNS_FAILED;
	q->why = why;
}

void dns_told_read(const struct dns_told *told, struct dns_question *q, struct arena *a)
{
	bool whole;
	size_t n = count_records(told->records, &whole);

	q->n = 0;
	q->rdata = NULL;
	q->secure = q->nowhere = false;
	q->why = q->canonical = STR("");
	if (told->status == DNS_FAILED) {
		fail(q, told->why.n > 0 ? arena_str(a, str_take(told->why, 200)) : STR("no reason given"));
		return;
	}
	if (told->status > DNS_FAILED || !whole) {
		fail(q, STR("telltale-dns sent a malformed answer"));
		return;
	}
	q->secure = told->secure == 1;
	if (told->status == DNS_FOUND)
		take_records(told->records, q, a, n);
	q->status = q->n > 0 ? DNS_FOUND : DNS_NONE;
	if (q->status == DNS_FOUND && dns_name_ok(told->canonical))
		q->canonical = arena_lower(a, told->canonical);
	q->nowhere = told->status == DNS_NONE && told->nowhere == 1;
	if (told->status == DNS_FOUND && q->n == 0)
		q->why = STR("its records are unusable");
}
