/* Whatever telltale-lookup sends, what is handed on is an answer that fits its question. */
#include "lookup/settings.h"
#include "lookup/told.h"
#include "lookup/who.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void resolved(struct str body)
{
	struct lookup_resolved told;
	struct lookup_answer out;
	struct err e;
	ARENA(a);

	if (ipc_unpack(body, &lookup_resolved_type, &told, NULL) < 0)
		return;
	if (lookup_told_read(&told, STR("bob@here"), &a, &out, &e) < 0)
		MUST(out.result == RESOLVED_TEMPORARY);
	MUST(out.result <= RESOLVED_TEMPORARY && out.n <= LOOKUP_TARGETS_MAX);
	MUST((out.result <= RESOLVED_CATCHALL) == (out.n > 0));
	MUST(settings_fit(out.settings));
	for (size_t i = 0; i < out.n; i++)
		MUST(out.targets[i].final.n > 0 && str_chr(out.targets[i].final, '\n') < 0);
}

static void gray(struct str body)
{
	struct lookup_gray_told told;
	struct gray_known out;

	if (ipc_unpack(body, &lookup_gray_told_type, &told, NULL) < 0 || lookup_told_gray(&told, &out, NULL) < 0)
		return;
	MUST(out.first >= 0 && out.passed >= 0 && out.wrote >= 0 && (out.first > 0 || out.passed == 0));
}

static void login(struct str body)
{
	struct lookup_login_told told;
	struct login_answer out;
	struct err e;
	ARENA(a);

	if (ipc_unpack(body, &lookup_login_told_type, &told, NULL) < 0)
		return;
	if (lookup_told_login(&told, STR("Bob@Here"), &a, &out, &e) < 0)
		MUST(out.result == LOGIN_TEMPORARY);
	MUST(out.result <= LOGIN_TEMPORARY && out.wait >= 0 && out.wait <= LOGIN_WAIT_MAX);
	MUST(out.account.n == 0 || str_ieq(out.account, STR("bob@here")));
	MUST(out.result != LOGIN_YES || out.account.n > 0);
}

static void quota(struct str body)
{
	struct lookup_quota_told told;
	uint64_t limit = 0;

	if (ipc_unpack(body, &lookup_quota_told_type, &told, NULL) == 0 && lookup_told_quota(&told, &limit, NULL) == 0)
		MUST(told.known == 1 && limit == told.limit && limit <= INT64_MAX);
}

static void leaves(struct str body)
{
	struct lookup_leaves_told told;
	struct leaves_answer out;
	struct addr x;
	ARENA(a);

	if (ipc_unpack(body, &lookup_leaves_told_type, &told, NULL) < 0)
		return;
	if (lookup_told_leaves(&told, &a, &out, NULL) < 0)
		MUST(out.result == LEAVES_LATER);
	MUST(out.result <= LEAVES_NEVER);
	if (out.result == LEAVES_AS)
		MUST(addr_is_nobody(out.sender) || addr_parse(out.sender, &a, &x) == 0);
}

static void who(struct str body)
{
	struct lookup_who_told told;
	struct account_now out = { 0 };
	enum account_known known;
	ARENA(a);

	if (ipc_unpack(body, &lookup_who_told_type, &told, NULL) < 0)
		return;
	known = lookup_told_who(&told, &a, &out, NULL);
	MUST(known <= ACCOUNT_HERE && out.ndomains <= WHO_DOMAINS_MAX && (known == ACCOUNT_HERE || out.ndomains == 0));
	for (size_t i = 0; i < out.ndomains; i++)
		MUST(out.domains[i].n > 0 && str_chr(out.domains[i], '\n') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_mem(data, size);

	resolved(body);
	login(body);
	quota(body);
	gray(body);
	leaves(body);
	who(body);
	return 0;
}
