/* Who was answered by itself, and when: once in a period for each sender, and not too many in an hour. */
#include "base/clock.h"
#include "store/db.h"

enum {
	HOUR = 60 * 60 * 1000,
	HOUR_MOST = 60,     /* answers of a mailbox in an hour, */
	KNOWN_MOST = 20000, /* and senders of a period: nobody is answered beyond */
	SENDER_MAX = 320
};

int store_autoreply(struct store *s, struct str address, struct arena *a, struct autoreply_text *out, struct err *e)
{
	const struct db_value v = DB_TEXT(address);
	int rc = db_begin(s, SQL_AUTOREPLY_SHOW, &v, 1, e);

	if (rc == 0)
		rc = db_row(s, SQL_AUTOREPLY_SHOW, e);
	if (rc == 1)
		*out = (struct autoreply_text){ .subject = arena_str(a, db_text(s, SQL_AUTOREPLY_SHOW, 0)),
						.text = arena_str(a, db_text(s, SQL_AUTOREPLY_SHOW, 1)),
						.since = db_num(s, SQL_AUTOREPLY_SHOW, 2),
						.until = db_num(s, SQL_AUTOREPLY_SHOW, 3),
						.every = db_num(s, SQL_AUTOREPLY_SHOW, 4) };
	db_end(s, SQL_AUTOREPLY_SHOW);
	return rc;
}

static int count_since(struct store *s, struct str address, int64_t since, int64_t *n, struct err *e)
{
	const struct db_value v[] = { DB_TEXT(address), DB_NUM(since) };

	return db_find(s, SQL_REPLIED_COUNT, v, COUNT(v), n, e);
}

/* 1: the sender is noted as answered; 0: he was already, or too many were. */
static int note(struct store *s, struct str address, struct str sender, int64_t every, struct err *e)
{
	int64_t now = clock_wall(), at = 0, lately = 0, known = 0;
	const struct db_value old[] = { DB_TEXT(address), DB_NUM(now - every) };
	const struct db_value who[] = { DB_TEXT(address), DB_TEXT(sender), DB_NUM(now) };
	int rc;

	if (db_do(s, SQL_REPLIED_FORGET, old, COUNT(old), e) < 0)
		return -1;
	rc = db_find(s, SQL_REPLIED_FIND, who, 2, &at, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (count_since(s, address, now - HOUR, &lately, e) < 0 || count_since(s, address, 0, &known, e) < 0)
		return -1;
	if (lately >= HOUR_MOST || known >= KNOWN_MOST)
		return 0;
	return db_do(s, SQL_REPLIED_SET, who, COUNT(who), e) < 0 ? -1 : 1;
}

static int claim(struct store *s, struct str address, struct str sender, struct arena *a, struct autoreply_text *out,
		 struct err *e)
{
	int64_t now = clock_wall();
	int rc = store_autoreply(s, address, a, out, e);

	if (rc <= 0)
		return rc;
	if (now < out->since || (out->until > 0 && now >= out->until) || sender.n == 0 || sender.n > SENDER_MAX)
		return 0;
	return note(s, address, arena_lower(a, sender), out->every, e);
}

static int claim_one(struct store *s, struct str address, struct str sender, struct arena *a,
		     struct autoreply_text *out, struct err *e)
{
	int rc;

	if (db_do(s, SQL_BEGIN, NULL, 0, e) < 0)
		return -1;
	rc = claim(s, arena_lower(a, address), sender, a, out, e);
	if (rc >= 0 && db_do(s, SQL_COMMIT, NULL, 0, e) >= 0)
		return rc;
	db_do(s, SQL_ROLLBACK, NULL, 0, NULL);
	return -1;
}

enum resolved store_autoreply_give(struct store *s, struct str address, struct str sender, struct arena *a,
				   struct lookup_answer *out, struct err *e)
{
	struct autoreply_text t;
	int rc;

	if (store_resolve(s, sender, a, out, e) == RESOLVED_TEMPORARY)
		return RESOLVED_TEMPORARY;
	rc = claim_one(s, address, sender, a, &t, e);
	if (rc <= 0)
		*out = (struct lookup_answer){ .result = rc < 0 ? RESOLVED_TEMPORARY : RESOLVED_NO_MAILBOX };
	if (rc > 0) {
		out->subject = t.subject;
		out->text = t.text;
	}
	return out->result;
}
