#include "base/conf.h"

#include <string.h>

#include "base/inet.h"

/* Decimal digits and at most one unit letter, multiplied; never 0, never over 2^53. */
static bool scaled(struct str s, const char *units, const int64_t *factors, int64_t *out)
{
	const char *unit = s.n > 0 ? memchr(units, s.p[s.n - 1], strlen(units)) : NULL;
	int64_t factor = unit != NULL ? factors[unit - units] : factors[strlen(units)];
	uint64_t n;

	if (unit != NULL)
		s.n--;
	if (!str_u64(s, (UINT64_C(1) << 53) / (uint64_t)factor, &n) || n == 0)
		return false;
	*out = (int64_t)n * factor;
	return true;
}

static const char times[] = "smhd";
static const int64_t time_factors[] = { 1000, 60000, 3600000, 86400000, 1000 };

bool conf_duration(struct str s, int64_t *ms)
{
	return scaled(s, times, time_factors, ms);
}

bool conf_size(struct str s, int64_t *bytes)
{
	static const int64_t factors[] = { 1 << 10, 1 << 20, 1 << 30, 1 };

	return scaled(s, "KMG", factors, bytes);
}

static bool is_port(struct str s, uint16_t *port)
{
	uint64_t n;

	if (!str_u64(s, UINT16_MAX, &n) || n == 0)
		return false;
	*port = (uint16_t)n;
	return true;
}

bool conf_bind(struct str s, struct str *address, uint16_t *port)
{
	ptrdiff_t colon = str_rchr(s, ':');
	bool v6 = s.n > 0 && s.p[0] == '[';
	unsigned char bytes[INET_BYTES_MAX];
	struct str host;

	if (colon < 1 || !is_port(str_skip(s, (size_t)colon + 1), port))
		return false;
	host = str_take(s, (size_t)colon);
	if (v6 && host.p[host.n - 1] != ']')
		return false;
	if (v6)
		host = str_mem(host.p + 1, host.n - 2);
	if (!inet_bytes(v6 ? AF_INET6 : AF_INET, host, bytes))
		return false;
	*address = host;
	return true;
}

bool conf_server(struct str s, struct str *address, uint16_t *port)
{
	ptrdiff_t at = str_chr(s, '@');
	struct str host = at < 0 ? s : str_take(s, (size_t)at);

	*port = 53;
	if (at >= 0 && !is_port(str_skip(s, (size_t)at + 1), port))
		return false;
	if (!inet_is(host))
		return false;
	*address = host;
	return true;
}

bool conf_rate(struct str s, struct conf_rate *out)
{
	struct str many, unit;
	const char *letter;
	uint64_t n;

	if (str_eqz(s, "off")) {
		*out = (struct conf_rate){ 0, 1000 };
		return true;
	}
	if (!str_cut(s, STR("/"), &many, &unit) || unit.n != 1)
		return false;
	letter = memchr(times, unit.p[0], strlen(times));
	if (letter == NULL || !str_u64(many, (uint64_t)time_factors[letter - times], &n) || n == 0)
		return false;
	*out = (struct conf_rate){ (int64_t)n, time_factors[letter - times] };
	return true;
}
