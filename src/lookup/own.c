#include "lookup/own.h"

#include "base/clock.h"
#include "base/utf8.h"

enum { DAY = 86400, WEEK = 7, THURSDAY = 3 /* days since Monday, of 1970-01-01 */ };

int lookup_told_own(const struct lookup_done *told, struct own_told *out, struct err *e)
{
	if (told->status > OWN_ASKS)
		return err_set(e, "telltale-lookup sent a malformed answer");
	*out = (struct own_told){ (int)told->status, told->output, told->message };
	return 0;
}

int lookup_own(struct ipc_client *c, struct str words, struct lookup_call *call, struct own_told *out)
{
	struct lookup_own question = { words };
	struct lookup_done told;

	call->answer = &told;
	if (lookup_call(c, &lookup_own_type, &question, &lookup_done_type, call) < 0)
		return -1;
	if (lookup_told_own(&told, out, call->e) < 0)
		return -1;
	out->output = arena_str(call->mem, out->output);
	out->message = arena_str(call->mem, out->message);
	return 0;
}

static int64_t floor_of(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

int64_t digest_week(int64_t seconds)
{
	return floor_of(floor_of(seconds + zone_offset(seconds), DAY) + THURSDAY, WEEK);
}

/* Of two offsets on that day the one that holds at midnight. */
int64_t digest_week_begin(int64_t week)
{
	int64_t local = (week * WEEK - THURSDAY) * DAY, utc = local - zone_offset(local);

	return local - zone_offset(utc);
}
