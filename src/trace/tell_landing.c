/* The final step of a delivery: where the message lies, which rule led there, how full the mailbox was. */
#include "trace/tell_parts.h"

/* "512/1024" as per cent; false: it is not told. */
static bool per_cent(struct str quota, uint64_t *out)
{
	struct str used, limit;
	uint64_t u, l;

	if (!str_cut(quota, STR("/"), &used, &limit) || !str_u64(used, UINT64_MAX, &u) ||
	    !str_u64(limit, UINT64_MAX, &l) || l == 0)
		return false;
	/* No product that could be too great: a log line may say anything. */
	*out = l >= 100 ? u / (l / 100) : u * 100 / l;
	return true;
}

struct str tell_landing(struct told *t, const struct attempt *a)
{
	struct str box, rule;
	uint64_t full;
	BUF(b);

	if (a->filed == NULL || a->filed->box.n == 0)
		return STR("");
	box = log_plain(t->mem, a->filed->box);
	rule = log_plain(t->mem, a->filed->rule);
	if (str_starts(box, STR("list ")))
		buf_fmt(&b, "it went to the %.*s of the %.*s", STR_ARG(rule), STR_ARG(box));
	else if (str_find(rule, STR("program ")) >= 0)
		buf_fmt(&b, "it was given to the %.*s", STR_ARG(rule));
	else if (!scope_all(t->scope)) /* the path names the mailbox, whosever it is */
		buf_fmt(&b, "rule: %.*s", STR_ARG(rule));
	else if (str_find(rule, STR("lmtp")) >= 0)
		buf_fmt(&b, "%.*s has it (rule: %.*s)", STR_ARG(box), STR_ARG(rule));
	else
		buf_fmt(&b, "it lies in %.*s (rule: %.*s)", STR_ARG(box), STR_ARG(rule));
	if (per_cent(a->filed->quota, &full))
		buf_fmt(&b, ", and the mailbox was %llu %% full then", (unsigned long long)full);
	return arena_str(t->mem, buf_str(&b));
}
