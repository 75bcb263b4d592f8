#include "dns/resolver.h"

#include <fcntl.h>
#include <string.h>
#include <unbound-event.h>
#include <unistd.h>

#include "base/io.h"
#include "base/map.h"
#include "dns/zone.h"

#define TRUST_ANCHOR "/usr/share/dns/root.key"

enum { ANCHOR_MAX = 64 * 1024 };

struct setting {
	const char *option, *value;
};

static const struct setting always[] = {
	{ "outgoing-range:", "512" },  { "num-queries-per-thread:", "4096" },
	{ "msg-cache-size:", "16m" },  { "rrset-cache-size:", "32m" },
	{ "rrset-roundrobin:", "no" }, { "module-config:", "validator iterator" },
};

/* A server that was named is to be asked about everything, wherever it is.  Many
 * of them drop signatures: what cannot be validated is then insecure, not bogus;
 * a wrong signature stays bogus. */
static const struct setting with_servers[] = {
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ "harden-dnssec-stripped:", "no" },
};

/* What libunbound answers by itself even with unblock-lan-zones. */
static const char *const built_in[] = {
	"localhost",
	"127.in-addr.arpa",
	"test",
	"invalid",
	"onion",
	"home.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
};

static int set_all(struct ub_ctx *ub, const struct setting *s, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int code = ub_ctx_set_option(ub, s[i].option, s[i].value);

		if (code != 0)
			return err_set(e, "resolver option %s %s: %s", s[i].option, s[i].value, ub_strerror(code));
	}
	return 0;
}

static int use_servers(struct ub_ctx *ub, struct conf_list servers, struct err *e)
{
	for (size_t i = 0; i < servers.n; i++) {
		int code = ub_ctx_set_fwd(ub, conf_z(servers.at[i]));

		if (code != 0)
			return err_set(e, "dns.server %s: %s", conf_z(servers.at[i]), ub_strerror(code));
	}
	for (size_t i = 0; i < COUNT(built_in); i++)
		(void)ub_ctx_zone_remove(ub, built_in[i]);
	return 0;
}

/* Reading one zone file. */
struct zone_load {
	struct ub_ctx *ub;
	const char *file;
	struct map names; /* owners met so far: the built-in records of each are dropped once */
	struct arena mem;
	enum zone_kind kind; /* what this pass is about */
};

static int add_record(struct zone_load *l, const struct zone_line *z)
{
	struct str key = arena_lower(&l->mem, z->name);
	BUF(text);

	if (key.n > 1 && key.p[key.n - 1] == '.')
		key.n--;
	if (map_put(&l->names, key, l) == NULL)
		(void)ub_ctx_data_remove(l->ub, arena_z(&l->mem, key));
	zone_put_line(&text, z);
	return ub_ctx_data_add(l->ub, buf_z(&text));
}

static int load_line(struct zone_load *l, struct str line, size_t number, struct err *e)
{
	struct zone_line z;
	const char *why;
	int code = 0;

	if (zone_parse_line(line, &z, &why) < 0)
		return err_set(e, "%s:%zu: %s", l->file, number, why);
	if (z.kind != l->kind)
		return 0;
	if (z.kind == ZONE_STATIC)
		code = ub_ctx_zone_add(l->ub, arena_z(&l->mem, z.name), "static");
	else if (z.kind == ZONE_RECORD)
		code = add_record(l, &z);
	return code == 0 ? 0 : err_set(e, "%s:%zu: not a record of type %.*s", l->file, number, STR_ARG(z.type));
}

static int load_pass(struct zone_load *l, struct str text, struct err *e)
{
	struct str line;

	for (size_t number = 1; text.n > 0; number++) {
		str_cut(text, STR("\n"), &line, &text);
		if (load_line(l, line, number, e) < 0)
			return -1;
	}
	return 0;
}

/* Static names first: a record then joins the zone that lies over it, wherever it stands in the file. */
static int load_zone(struct ub_ctx *ub, const char *file, struct err *e)
{
	struct zone_load l = { .ub = ub, .file = file, .kind = ZONE_STATIC };
	BUF(text);
	int rc = io_slurp(AT_FDCWD, file, ZONE_FILE_MAX, &text, e);

	if (rc == 0)
		rc = load_pass(&l, buf_str(&text), e);
	l.kind = ZONE_RECORD;
	if (rc == 0)
		rc = load_pass(&l, buf_str(&text), e);
	map_clear(&l.names);
	arena_clear(&l.mem);
	return rc;
}

/* Those that were named count instead of the root's, and whoever names one wants it kept: what lies below it and comes
 * without signatures is bogus. */
static int use_anchors(struct ub_ctx *ub, struct conf_list anchors, struct err *e)
{
	static const struct setting strict[] = { { "harden-dnssec-stripped:", "yes" } };

	for (size_t i = 0; i < anchors.n; i++)
		if (ub_ctx_add_ta(ub, conf_z(anchors.at[i])) != 0)
			return err_set(e, "dns.trust-anchor \"%s\" is no DS or DNSKEY record", conf_z(anchors.at[i]));
	return set_all(ub, strict, COUNT(strict), e);
}

/* A record a line.  We read the file ourselves: libunbound tries for ever to read one that a disk gives no more. */
static int load_anchor(struct ub_ctx *ub, struct err *e)
{
	ARENA(mem);
	BUF(text);
	struct str rest, line, record, comment;
	int code = 0;

	if (access(TRUST_ANCHOR, R_OK) < 0)
		return 0;
	if (io_slurp(AT_FDCWD, TRUST_ANCHOR, ANCHOR_MAX, &text, e) < 0)
		return -1;
	for (rest = buf_str(&text); rest.n > 0 && code == 0;) {
		str_cut(rest, STR("\n"), &line, &rest);
		str_cut(line, STR(";"), &record, &comment);
		record = str_trim(record);
		if (record.n > 0)
			code = ub_ctx_add_ta(ub, arena_z(&mem, record));
	}
	return code == 0 ? 0 : err_set(e, "trust anchor %s: %s", TRUST_ANCHOR, ub_strerror(code));
}

static int set_up(struct ub_ctx *ub, const struct conf_dns *set, struct err *e)
{
	if (set_all(ub, always, COUNT(always), e) < 0)
		return -1;
	if (set->server.n > 0 && set_all(ub, with_servers, COUNT(with_servers), e) < 0)
		return -1;
	/* Before any zone is touched: from then on libunbound takes no anchor. */
	if ((set->trust_anchor.n > 0 ? use_anchors(ub, set->trust_anchor, e) : load_anchor(ub, e)) < 0)
		return -1;
	if (set->server.n > 0 && use_servers(ub, set->server, e) < 0)
		return -1;
	/* Built in as a zone that takes no name below it. */
	if (set->server.n == 0)
		(void)ub_ctx_zone_add(ub, "localhost", "static");
	return set->zone.n == 0 ? 0 : load_zone(ub, conf_z(set->zone), e);
}

struct ub_ctx *resolver_new(struct event_base *base, const struct conf_dns *set, struct err *e)
{
	struct ub_ctx *ub = ub_ctx_create_event(base);

	if (ub == NULL) {
		err_set(e, "the resolver cannot be set up");
		return NULL;
	}
	if (set_up(ub, set, e) < 0) {
		ub_ctx_delete(ub);
		return NULL;
	}
	return ub;
}
