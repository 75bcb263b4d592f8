#include "sts/policy.h"

#include "base/cur.h"
#include "dns/name.h"
#include "vouch/text.h"

static const char *const modes[] = { [STS_NONE] = "none", [STS_TESTING] = "testing", [STS_ENFORCE] = "enforce" };

const char *sts_mode_word(enum sts_mode mode)
{
	return modes[mode];
}

bool sts_domain_ok(struct str domain)
{
	for (size_t i = 0; i < domain.n; i++)
		if (!ascii_isalnum(domain.p[i]) && domain.p[i] != '-' && domain.p[i] != '_' && domain.p[i] != '.')
			return false;
	return domain.n > 0 && domain.n <= STS_DOMAIN_MAX && domain.p[domain.n - 1] != '.' && dns_name_ok(domain);
}

/* ---- the text ---- */

struct reader {
	struct arena *mem;
	struct sts_policy p;
	struct str *mx;
	bool version, mode, age; /* met: of what may stand there once, the first counts */
	const char *why;
};

static void read_version(struct reader *r, struct str value)
{
	if (!r->version && !str_eqz(value, "STSv1"))
		r->why = "another version than STSv1";
	r->version = true;
}

static void read_mode(struct reader *r, struct str value)
{
	if (r->mode)
		return;
	for (size_t i = 0; i < COUNT(modes) && !r->mode; i++)
		if (str_ieq(value, str_of(modes[i]))) {
			r->p.mode = (enum sts_mode)i;
			r->mode = true;
		}
	if (!r->mode)
		r->why = "an unknown mode";
}

static void read_age(struct reader *r, struct str value)
{
	uint64_t n;

	if (r->age)
		return;
	if (!str_u64(value, 9999999999, &n))
		r->why = "max_age is no number of at most ten digits";
	r->p.max_age = n < STS_AGE_MAX ? (int64_t)n : STS_AGE_MAX;
	r->age = true;
}

static void read_mx(struct reader *r, struct str value)
{
	struct str name = str_starts(value, STR("*.")) ? str_skip(value, 2) : value;

	if (str_ends(name, STR(".")))
		name.n--;
	if (!sts_domain_ok(name)) {
		r->why = "an mx is no name of a host";
		return;
	}
	if (r->p.nmx >= STS_MX_MOST) {
		r->why = "too many mx";
		return;
	}
	if (r->mx == NULL)
		r->mx = arena_alloc(r->mem, STS_MX_MOST * sizeof(*r->mx));
	r->mx[r->p.nmx++] = arena_lower(r->mem, str_mem(value.p, (size_t)(name.p + name.n - value.p)));
}

static bool is_name_byte(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

static void read_line(struct reader *r, struct str line)
{
	static const struct {
		struct str name;
		void (*read)(struct reader *r, struct str value);
	} fields[] = {
		{ STR_INIT("version"), read_version },
		{ STR_INIT("mode"), read_mode },
		{ STR_INIT("max_age"), read_age },
		{ STR_INIT("mx"), read_mx },
	};
	struct cur c = cur_of(line);
	struct str name = cur_span(&c, is_name_byte, "a line has no name");

	cur_want(&c, ':', "a name is followed by no colon");
	if (!cur_ok(&c)) {
		r->why = c.why;
		return;
	}
	for (size_t i = 0; i < COUNT(fields); i++)
		if (str_ieq(name, fields[i].name))
			fields[i].read(r, str_trim(cur_rest(&c)));
}

static const char *incomplete(const struct reader *r)
{
	if (!r->version)
		return "it has no version";
	if (!r->mode)
		return "it has no mode";
	if (!r->age)
		return "it has no max_age";
	return r->p.mode != STS_NONE && r->p.nmx == 0 ? "it has no mx" : NULL;
}

const char *sts_policy_read(struct str text, struct arena *a, struct sts_policy *out)
{
	struct reader r = { .mem = a };
	struct str line;

	*out = (struct sts_policy){ .mode = STS_NONE };
	if (text.n > STS_TEXT_MAX)
		return "it is longer than 64 KiB";
	while (text.n > 0 && r.why == NULL) {
		str_cut(text, STR("\n"), &line, &text);
		line = str_trim(line);
		if (line.n > 0)
			read_line(&r, line);
	}
	if (r.why == NULL)
		r.why = incomplete(&r);
	if (r.why != NULL)
		return r.why;
	*out = r.p;
	out->mx = r.mx;
	return NULL;
}

static bool fits(struct str pattern, struct str host)
{
	ptrdiff_t dot = str_chr(host, '.');

	if (!str_starts(pattern, STR("*.")))
		return str_ieq(pattern, host);
	return dot > 0 && str_ieq(str_skip(pattern, 1), str_skip(host, (size_t)dot));
}

bool sts_names(const struct str *mx, size_t n, struct str host)
{
	if (str_ends(host, STR(".")))
		host.n--;
	for (size_t i = 0; i < n; i++)
		if (fits(mx[i], host))
			return true;
	return false;
}

/* ---- the record ---- */

bool sts_id_ok(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_isalnum(id.p[i]))
			return false;
	return id.n > 0 && id.n <= STS_ID_MAX;
}

static struct str id_in(struct str text)
{
	struct str field;

	while (text.n > 0) {
		str_cut(text, STR(";"), &field, &text);
		field = str_trim(field);
		if (str_starts(field, STR("id=")))
			return sts_id_ok(str_skip(field, 3)) ? str_skip(field, 3) : STR("");
	}
	return STR("");
}

struct str sts_record_id(const struct dns_question *q, struct arena *a)
{
	struct str found = STR(""), version, rest;
	size_t n = 0;

	for (size_t i = 0; q->status == DNS_FOUND && i < q->n; i++) {
		struct str text = vouch_txt(q->rdata[i], a);

		if (!str_cut(text, STR(";"), &version, &rest) || !str_eqz(str_trim(version), "v=STSv1"))
			continue;
		found = id_in(rest);
		n++;
	}
	return n == 1 ? found : STR("");
}
