/* Who an account is, as the page asks: its owner was let in a while ago. */
#include <openssl/evp.h>

#include "lookup/who.h"
#include "store/db.h"
#include "store/server.h"

/* Eight bytes of a SHA-256: they change with the hash, whose salt nobody can guess from them. */
static int stamp_of(struct str hash, int64_t id, int64_t created, uint64_t *out)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	int rc;
	BUF(b);

	buf_fmt(&b, "%lld %lld ", (long long)id, (long long)created);
	buf_addstr(&b, hash);
	rc = EVP_Digest(b.p, b.n, sum, NULL, EVP_sha256(), NULL);
	explicit_bzero(b.p, b.n);
	memcpy(out, sum, sizeof(*out));
	return rc == 1 ? 0 : -1;
}

static int find(struct store *s, struct str account, int64_t *id, uint64_t *stamp, struct err *e)
{
	ptrdiff_t at = str_rchr(account, '@');
	const struct db_value v[] = { DB_TEXT(str_skip(account, (size_t)(at + 1))),
				      DB_TEXT(str_take(account, at < 0 ? 0 : (size_t)at)) };
	int rc = db_begin(s, SQL_ACCOUNT_WHO, v, COUNT(v), e);

	if (rc == 0)
		rc = db_row(s, SQL_ACCOUNT_WHO, e);
	if (rc == 1) {
		*id = db_num(s, SQL_ACCOUNT_WHO, 0);
		if (stamp_of(db_text(s, SQL_ACCOUNT_WHO, 2), *id, db_num(s, SQL_ACCOUNT_WHO, 1), stamp) < 0)
			rc = err_set(e, "SHA-256 cannot be computed");
	}
	db_end(s, SQL_ACCOUNT_WHO);
	return rc;
}

int store_who(struct store *s, struct str account, struct arena *a, struct account_now *out, struct err *e)
{
	struct db_value v;
	int64_t id = 0;
	int rc;

	*out = (struct account_now){ 0 };
	rc = find(s, arena_lower(a, account), &id, &out->stamp, e);
	if (rc != 1)
		return rc;
	v = (struct db_value)DB_NUM(id);
	rc = db_begin(s, SQL_OWNER_DOMAINS, &v, 1, e);
	while (rc == 0 && out->ndomains < WHO_DOMAINS_MAX && (rc = db_row(s, SQL_OWNER_DOMAINS, e)) == 1) {
		out->domains[out->ndomains++] = arena_str(a, db_text(s, SQL_OWNER_DOMAINS, 0));
		rc = 0;
	}
	db_end(s, SQL_OWNER_DOMAINS);
	return rc < 0 ? -1 : 1;
}

int server_take_who(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_who_told told = { .known = ACCOUNT_LATER };
	struct lookup_who m;
	struct account_now w = { 0 };
	struct err e = { 0 };
	int rc = -1;
	ARENA(mem);
	BUF(domains);

	if (!v->web || ipc_unpack(f->body, &lookup_who_type, &m, NULL) < 0)
		return -1;
	server_look_at_file(s);
	if (s->store != NULL && store_read(s->store, &e) == 0)
		rc = store_who(s->store, m.account, &mem, &w, &e);
	if (rc >= 0)
		server_well(s);
	else if (s->store != NULL)
		server_sick(s, &e);
	for (size_t i = 0; rc > 0 && i < w.ndomains; i++)
		buf_fmt(&domains, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(w.domains[i]));
	if (rc >= 0)
		told = (struct lookup_who_told){ rc > 0 ? ACCOUNT_HERE : ACCOUNT_GONE, w.stamp, buf_str(&domains) };
	ipc_queue(&v->conn, &lookup_who_told_type, f->id, &told, -1);
	return 0;
}
