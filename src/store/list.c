/* Mailing lists: who may write to one, and where its members' mail goes, a page at a time. */
#include "store/db.h"

enum { PAGE_TARGETS = 800, PAGE_MEMBERS = 400 }; /* a member of ours may lead to STORE_TARGETS_MAX addresses */

struct page {
	struct recipient *at;
	size_t n, room;
};

static int find_list(struct store *s, struct str list, struct arena *a, int64_t *id, struct str *owner,
		     struct str *post, struct err *e)
{
	struct str key = arena_lower(a, list);
	ptrdiff_t at = str_rchr(key, '@');
	const struct db_value v[] = { DB_TEXT(str_skip(key, (size_t)(at + 1))),
				      DB_TEXT(str_take(key, at < 0 ? 0 : (size_t)at)) };
	int rc = db_begin(s, SQL_LIST_SHOW, v, COUNT(v), e);

	if (rc == 0)
		rc = db_row(s, SQL_LIST_SHOW, e);
	if (rc == 1) {
		*id = db_num(s, SQL_LIST_SHOW, 0);
		*owner = arena_str(a, db_text(s, SQL_LIST_SHOW, 1));
		*post = arena_str(a, db_text(s, SQL_LIST_SHOW, 2));
	}
	db_end(s, SQL_LIST_SHOW);
	return rc;
}

int store_list_may_post(struct store *s, struct str list, struct str sender, struct err *e)
{
	ARENA(a);
	struct str owner = STR(""), post = STR("");
	int64_t id = 0, one;
	int rc = find_list(s, list, &a, &id, &owner, &post, e);
	const struct db_value v[] = { DB_NUM(id), DB_TEXT(arena_lower(&a, sender)) };

	if (rc <= 0 || sender.n == 0)
		return rc < 0 ? -1 : 0;
	if (str_eqz(post, "anyone") || str_ieq(sender, owner))
		return 1;
	return str_eqz(post, "members") ? db_find(s, SQL_MEMBER_FIND, v, COUNT(v), &one, e) : 0;
}

static void add(struct page *p, struct arena *a, const struct recipient *r)
{
	if (p->n == p->room) {
		size_t room = p->room > 0 ? 2 * p->room : 64;

		p->at = arena_grow(a, p->at, p->n, room, sizeof(*p->at));
		p->room = room;
	}
	p->at[p->n++] = *r;
}

/* All of a page at once: the statement's rows must not be open while addresses are looked up. */
static int load(struct store *s, int64_t list, struct str after, struct arena *a, struct str *out, size_t *n,
		struct err *e)
{
	const struct db_value v[] = { DB_NUM(list), DB_TEXT(after), DB_NUM(PAGE_MEMBERS) };
	int rc = db_begin(s, SQL_MEMBER_NEXT, v, COUNT(v), e);

	*n = 0;
	while (rc == 0 && (rc = db_row(s, SQL_MEMBER_NEXT, e)) == 1) {
		out[(*n)++] = arena_str(a, db_text(s, SQL_MEMBER_NEXT, 0));
		rc = 0;
	}
	db_end(s, SQL_MEMBER_NEXT);
	return rc < 0 ? -1 : 0;
}

static int add_member(struct store *s, struct str address, struct arena *a, struct page *p, struct err *e)
{
	struct lookup_answer to;
	struct recipient elsewhere = { .final = address, .channel = CHANNEL_REMOTE };

	switch (store_resolve(s, address, a, &to, e)) {
	case RESOLVED_TEMPORARY:
		return -1;
	case RESOLVED_NOT_OURS:
		add(p, a, &elsewhere);
		break;
	default:
		for (size_t i = 0; i < to.n; i++)
			add(p, a, &to.targets[i]);
	}
	return 0;
}

static void read_members(struct store *s, struct str list, struct str after, struct arena *a, struct lookup_answer *out,
			 struct err *e)
{
	struct str owner, post, *members = arena_alloc(a, PAGE_MEMBERS * sizeof(*members));
	struct page p = { 0 };
	size_t n = 0, i = 0;
	int64_t id;
	int rc = find_list(s, list, a, &id, &owner, &post, e);

	if (rc == 0)
		out->result = RESOLVED_NO_MAILBOX;
	if (rc <= 0 || load(s, id, after, a, members, &n, e) < 0)
		return;
	for (; i < n && p.n < PAGE_TARGETS; i++)
		if (add_member(s, members[i], a, &p, e) < 0)
			return;
	out->result = p.n > 0 ? RESOLVED_ALIAS : RESOLVED_NO_MAILBOX;
	out->targets = p.at;
	out->n = p.n;
	if (i < n || n == PAGE_MEMBERS)
		out->text = arena_lower(a, members[i - 1]);
}

/* In one transaction: some thousand statements, each of which would take and leave the file's locks. */
enum resolved store_list_members(struct store *s, struct str list, struct str after, struct arena *a,
				 struct lookup_answer *out, struct err *e)
{
	static const struct lookup_answer later = { .result = RESOLVED_TEMPORARY };

	*out = later;
	if (store_read(s, e) < 0)
		return out->result;
	read_members(s, list, after, a, out, e);
	if (store_rest(s, e) < 0)
		*out = later;
	return out->result;
}
