#include "dns/zone.h"

#include <fcntl.h>

#include "base/inet.h"
#include "base/io.h"
#include "dns/name.h"

static bool is_a(struct str rdata)
{
	unsigned char bytes[INET_BYTES_MAX];

	return inet_bytes(AF_INET, rdata, bytes);
}

static bool is_aaaa(struct str rdata)
{
	unsigned char bytes[INET_BYTES_MAX];

	return inet_bytes(AF_INET6, rdata, bytes);
}

/* Backslashes are left to the resolver's own reader, so that hostile names can be written in tests. */
static bool is_name(struct str rdata)
{
	struct str name = str_word(&rdata);

	return name.n > 0 && name.n <= 4 * DNS_NAME_TEXT_MAX && str_trim(rdata).n == 0;
}

static bool is_mx(struct str rdata)
{
	uint64_t preference;

	return str_u64(str_word(&rdata), 65535, &preference) && is_name(rdata);
}

static bool is_text(struct str rdata)
{
	bool quoted = false;

	for (size_t i = 0; i < rdata.n; i++) {
		if (rdata.p[i] == '\\')
			i++;
		else if (rdata.p[i] == '"')
			quoted = !quoted;
	}
	return rdata.n > 0 && !quoted;
}

static bool is_something(struct str rdata)
{
	return rdata.n > 0;
}

static const struct {
	struct str type;
	bool (*ok)(struct str rdata);
	const char *why;
} types[] = {
	{ STR_INIT("A"), is_a, "A wants an IPv4 address" },
	{ STR_INIT("AAAA"), is_aaaa, "AAAA wants an IPv6 address" },
	{ STR_INIT("PTR"), is_name, "PTR wants one name" },
	{ STR_INIT("CNAME"), is_name, "CNAME wants one name" },
	{ STR_INIT("NS"), is_name, "NS wants one name" },
	{ STR_INIT("MX"), is_mx, "MX wants a preference and a name" },
	{ STR_INIT("TXT"), is_text, "TXT wants a text, its quotes closed" },
	{ STR_INIT("TLSA"), is_something, "TLSA wants three numbers and data" },
	{ STR_INIT("SRV"), is_something, "SRV wants three numbers and a name" },
	{ STR_INIT("CAA"), is_something, "CAA wants a number, a tag and a value" },
	{ STR_INIT("SOA"), is_something, "SOA wants two names and five numbers" },
};

/* Up to a `;` that stands neither in quotes nor behind a backslash. */
static struct str without_comment(struct str line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == ';' && !quoted)
			return str_take(line, i);
	}
	return line;
}

static int wrong(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static bool has_controls(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return true;
	return false;
}

static bool owner_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_' && name.p[i] != '.')
			return false;
	return dns_name_ok(name) || str_eqz(name, ".");
}

static int check_type(struct zone_line *z, const char **why)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (!str_ieq(z->type, types[i].type))
			continue;
		z->type = types[i].type;
		return types[i].ok(z->rdata) ? 0 : wrong(why, types[i].why);
	}
	return wrong(why, z->type.n == 0 ? "a type is missing (A, PTR, MX, TXT ...)" : "unknown type");
}

int zone_parse_line(struct str line, struct zone_line *out, const char **why)
{
	struct str rest = str_trim(without_comment(line)), word;
	struct zone_line z = { .kind = ZONE_RECORD, .ttl = ZONE_TTL };
	uint64_t ttl;

	if (has_controls(rest))
		return wrong(why, "control bytes");
	z.name = str_word(&rest);
	if (z.name.n == 0) {
		*out = (struct zone_line){ .kind = ZONE_BLANK };
		return 0;
	}
	if (!owner_ok(z.name) || str_ieq(z.name, STR("IN")))
		return wrong(why, "a line begins with a domain name (letters, digits, '-', '_', '.')");
	word = str_word(&rest);
	if (str_ieq(word, STR("static")) && str_trim(rest).n == 0) {
		z.kind = ZONE_STATIC;
		*out = z;
		return 0;
	}
	if (str_u64(word, ZONE_TTL_MAX, &ttl)) {
		z.ttl = (uint32_t)ttl;
		word = str_word(&rest);
	}
	if (str_ieq(word, STR("IN")))
		word = str_word(&rest);
	z.type = word;
	z.rdata = str_trim(rest);
	if (check_type(&z, why) < 0)
		return -1;
	*out = z;
	return 0;
}

void zone_put_line(struct buf *out, const struct zone_line *z)
{
	if (z->kind == ZONE_STATIC)
		buf_fmt(out, "%.*s static", STR_ARG(z->name));
	else if (z->kind == ZONE_RECORD)
		buf_fmt(out, "%.*s %u IN %.*s %.*s", STR_ARG(z->name), (unsigned)z->ttl, STR_ARG(z->type),
			STR_ARG(z->rdata));
}

int zone_check_file(const char *file, struct err *e)
{
	BUF(text);
	struct str line, rest;

	if (io_slurp(AT_FDCWD, file, ZONE_FILE_MAX, &text, e) < 0)
		return -1;
	rest = buf_str(&text);
	for (size_t number = 1; rest.n > 0; number++) {
		struct zone_line z;
		const char *why;

		str_cut(rest, STR("\n"), &line, &rest);
		if (zone_parse_line(line, &z, &why) < 0)
			return err_set(e, "%s:%zu: %s", file, number, why);
	}
	return 0;
}
