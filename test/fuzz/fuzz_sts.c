/* A policy, the record that announces it, and what comes over telltale-policy's socket: whatever is believed fits. */
#include "sts/report.h"
#include "sts/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct str *mx, size_t n)
{
	MUST(n <= STS_MX_MOST);
	for (size_t i = 0; i < n; i++) {
		struct str name = str_starts(mx[i], STR("*.")) ? str_skip(mx[i], 2) : mx[i];

		MUST(sts_domain_ok(name));
		MUST(str_chr(name, '*') < 0 && str_chr(name, '/') < 0 && str_find(name, STR("..")) < 0);
		MUST(name.p != mx[i].p || sts_names(mx, n, name));
	}
}

static void policy(struct str text)
{
	struct sts_policy p;
	ARENA(a);

	if (sts_policy_read(text, &a, &p) != NULL) {
		MUST(p.mode == STS_NONE && p.nmx == 0);
		return;
	}
	MUST(p.max_age >= 0 && p.max_age <= STS_AGE_MAX && (p.nmx > 0 || p.mode == STS_NONE));
	check_names(p.mx, p.nmx);
}

static void record(struct str rdata)
{
	struct dns_question q = { .status = DNS_FOUND, .type = DNS_TXT, .rdata = &rdata, .n = 1 };
	ARENA(a);
	struct str id = sts_record_id(&q, &a);

	MUST(id.n == 0 || sts_id_ok(id));
}

static void answer(struct str body)
{
	struct sts_told told;
	struct sts_answer out;
	ARENA(a);

	if (ipc_unpack(body, &sts_told_type, &told, NULL) < 0)
		return;
	if (sts_told_read(&told, &a, &out) < 0)
		MUST(out.mode == STS_NONE && out.nmx == 0);
	check_names(out.mx, out.nmx);
}

/* An address goes into a mail's head and over SMTP, a host and a path into a URL. */
static void ruas(struct str text)
{
	struct str rua[REPORT_RUAS_MOST], host, path;
	size_t n = report_ruas(text, rua, REPORT_RUAS_MOST);

	for (size_t i = 0; i < n; i++) {
		struct str address = report_mailto(rua[i]);

		for (size_t k = 0; k < address.n; k++)
			MUST(ascii_isprint(address.p[k]) && address.p[k] != ' ' && address.p[k] != '>');
		if (report_https(rua[i], &host, &path))
			MUST(sts_domain_ok(host) && str_starts(path, STR("/")));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_mem(data, size);

	policy(s);
	record(s);
	ruas(s);
	answer(s);
	return 0;
}
