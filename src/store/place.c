#include "store/place.h"

#include <string.h>

#include "base/clock.h"

static enum found find_name(struct store *s, int64_t domain, struct str name, struct err *e)
{
	const struct db_value v[] = { DB_NUM(domain), DB_TEXT(name) };
	int64_t id;
	int rc = db_find(s, SQL_ACCOUNT_FIND, v, COUNT(v), &id, e);

	if (rc != 0)
		return rc > 0 ? FOUND_MAILBOX : FOUND_ERROR;
	rc = db_begin(s, SQL_ALIAS_TARGETS, v, COUNT(v), e);
	if (rc == 0)
		rc = db_row(s, SQL_ALIAS_TARGETS, e);
	db_end(s, SQL_ALIAS_TARGETS);
	if (rc == 0 && name.n > 0 && (rc = db_find(s, SQL_LIST_FIND, v, COUNT(v), &id, e)) > 0)
		return FOUND_LIST;
	return rc < 0 ? FOUND_ERROR : rc > 0 ? FOUND_ALIAS : FOUND_NOTHING;
}

/* LIST-bounces and the like are the list's owner, unless somebody has that name; p->name is the list then. */
static void find_owner(struct store *s, struct str local, struct place *p, struct err *e)
{
	static const char *const ends[] = { "-bounces", "-owner", "-request" };

	for (size_t i = 0; i < COUNT(ends) && p->found == FOUND_NOTHING; i++) {
		struct str end = str_of(ends[i]);
		enum found found;

		if (local.n <= end.n || !str_ends(local, end))
			continue;
		found = find_name(s, p->domain_id, str_take(local, local.n - end.n), e);
		if (found != FOUND_LIST && found != FOUND_ERROR)
			continue;
		p->name = str_take(local, local.n - end.n);
		p->found = found == FOUND_LIST ? FOUND_LIST_OWNER : found;
	}
}

/* Of what one of our secrets may have signed nothing goes to a +extension or a catch-all. */
static bool find_srs(struct store *s, struct str local, struct arena *a, struct place *p, struct err *e)
{
	if (p->found != FOUND_NOTHING)
		return false;
	if (srs_check(s, local, clock_wall() / 1000, a, &p->srs, &p->sender, e) < 0)
		p->found = FOUND_ERROR;
	else if (p->srs == SRS_GOOD)
		p->found = FOUND_SRS;
	return p->srs != SRS_NONE;
}

/* sent: as it was named, for what is told by its letters' case. */
static void find_local(struct store *s, struct str local, struct str sent, struct arena *a, struct place *p,
		       struct err *e)
{
	ptrdiff_t plus = str_chr(local, '+');

	p->name = local;
	if (local.n > 0)
		p->found = find_name(s, p->domain_id, p->name, e);
	find_owner(s, local, p, e);
	if (find_srs(s, sent, a, p, e))
		return;
	if (p->found == FOUND_NOTHING && plus > 0) {
		p->name = str_take(local, (size_t)plus);
		p->found = find_name(s, p->domain_id, p->name, e);
	}
	if (p->found == FOUND_NOTHING) {
		p->name = STR("");
		p->found = find_name(s, p->domain_id, p->name, e);
		if (p->found == FOUND_ALIAS)
			p->found = FOUND_CATCHALL;
	}
}

struct place place_find(struct store *s, struct str address, struct arena *a, struct err *e)
{
	struct str key = arena_lower(a, address);
	ptrdiff_t at = str_rchr(key, '@');
	struct place p = { .found = FOUND_FOREIGN };
	struct db_value v;
	int rc;

	if (at < 0)
		return p;
	p.domain = str_skip(key, (size_t)at + 1);
	v = (struct db_value)DB_TEXT(p.domain);
	rc = db_find(s, SQL_DOMAIN_FIND, &v, 1, &p.domain_id, e);
	if (rc <= 0) {
		p.found = rc < 0 ? FOUND_ERROR : FOUND_FOREIGN;
		return p;
	}
	p.found = FOUND_NOTHING;
	find_local(s, str_take(key, (size_t)at), str_take(address, (size_t)at), a, &p, e);
	return p;
}

struct str place_address(struct arena *a, const struct place *p)
{
	size_t n = p->name.n + 1 + p->domain.n;
	char *z = arena_alloc(a, n + 1);

	memcpy(z, p->name.p, p->name.n);
	z[p->name.n] = '@';
	memcpy(z + p->name.n + 1, p->domain.p, p->domain.n);
	return str_mem(z, n);
}
