#include "mail/srs.h"

#include <string.h>

enum { TAG = 4, DAY = 86400 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static bool parts(char c)
{
	return c == '=' || c == '+' || c == '-';
}

bool srs_tagged(struct str local)
{
	return local.n > TAG && (str_istarts(local, STR("SRS0")) || str_istarts(local, STR("SRS1"))) &&
	       parts(local.p[TAG]);
}

/* The next part, and the `=` behind it. */
static bool cut(struct str *rest, struct str *part)
{
	return str_cut(*rest, STR("="), part, rest) && part->n > 0;
}

bool srs_parse(struct str local, struct srs *out)
{
	struct srs x = { .level = srs_tagged(local) && local.p[TAG - 1] == '1' };

	if (!srs_tagged(local))
		return false;
	x.rest = str_skip(local, TAG + 1);
	if (!cut(&x.rest, &x.hash) || (x.level == 0 && !cut(&x.rest, &x.stamp)) || !cut(&x.rest, &x.domain))
		return false;
	if (x.rest.n == 0 || (x.level == 1 && (x.rest.n == 1 || !parts(x.rest.p[0]))))
		return false;
	*out = x;
	return true;
}

void srs_put(struct buf *b, const struct srs *x)
{
	buf_adds(b, x->level == 0 ? "SRS0=" : "SRS1=");
	buf_addstr(b, x->hash);
	if (x->level == 0) {
		buf_addc(b, '=');
		buf_addstr(b, x->stamp);
	}
	buf_addc(b, '=');
	buf_addstr(b, x->domain);
	buf_addc(b, '=');
	buf_addstr(b, x->rest);
}

bool srs_again(const struct addr *x, struct srs *out)
{
	struct srs was;

	if (!srs_tagged(x->local))
		return false;
	*out = (struct srs){ .level = 1, .domain = x->domain, .rest = str_skip(x->local, TAG) };
	if (x->local.p[TAG - 1] == '0')
		return out->rest.n > 1;
	if (!srs_parse(x->local, &was))
		return false;
	out->domain = was.domain;
	out->rest = was.rest;
	return true;
}

static bool is_text(struct str local)
{
	for (size_t i = 0; i < local.n; i++)
		if (!ascii_isprint(local.p[i]))
			return false;
	return local.n > 0 && local.n <= ADDR_LOCAL_MAX;
}

bool srs_sender(const struct srs *x, struct arena *a, struct addr *out)
{
	struct addr to = { .local = x->rest, .domain = x->domain };

	if (x->level == 1)
		to.local = arena_fmt(a, "SRS0%.*s", STR_ARG(x->rest));
	if (!is_text(to.local) || !addr_domain_ok(to.domain))
		return false;
	to.quoted = !addr_local_plain(to.local);
	*out = to;
	return true;
}

bool srs_origin(struct str address, struct arena *a, struct addr *out)
{
	struct addr at;
	struct srs x;

	if (address.n == 0 || (address.p[0] != '"' && !srs_tagged(address)))
		return false; /* as nearly all are */
	if (addr_parse(address, a, &at) < 0 || !srs_parse(at.local, &x) || !srs_sender(&x, a, &at))
		return false;
	if (x.level == 1 && (!srs_parse(at.local, &x) || x.level != 0 || !srs_sender(&x, a, &at)))
		return false;
	*out = at;
	return true;
}

void srs_stamp(int64_t seconds, char out[SRS_STAMP])
{
	uint64_t day = (uint64_t)(seconds > 0 ? seconds / DAY : 0) % SRS_WRAP;

	out[0] = digits[day >> 5];
	out[1] = digits[day & 31];
}

static int digit(char c)
{
	const char *at = ascii_isalnum(c) ? strchr(digits, c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) : NULL;

	return at == NULL ? -1 : (int)(at - digits);
}

int srs_age(struct str stamp, int64_t seconds)
{
	int high, low, today;

	if (stamp.n != SRS_STAMP)
		return -1;
	high = digit(stamp.p[0]);
	low = digit(stamp.p[1]);
	if (high < 0 || low < 0)
		return -1;
	today = (int)((seconds > 0 ? seconds / DAY : 0) % SRS_WRAP);
	return (today - (high << 5 | low) + SRS_WRAP) % SRS_WRAP;
}
