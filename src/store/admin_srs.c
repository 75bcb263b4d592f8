/* `telltale srs rotate|list|show`: the secrets behind forwards' senders. */
#include <sodium.h>

#include "base/clock.h"
#include "store/admin.h"
#include "store/srs.h"

enum { DAY = 86400, SECRET_BYTES = 32 };

static int64_t now(void)
{
	return clock_wall() / 1000;
}

static struct str day_of(struct arena *a, int64_t seconds)
{
	struct civil t = civil_of_seconds(seconds);

	return arena_fmt(a, "%04d-%02d-%02d", t.year, t.month, t.day);
}

/* All from the first on that has a successor so old. */
static int forget_old(struct admin *a)
{
	int64_t over = 0, id = 0;
	int rc = db_begin(a->store, SQL_SRS_LIST, NULL, 0, &a->err);

	while (rc == 0 && id == 0 && (rc = db_row(a->store, SQL_SRS_LIST, &a->err)) == 1) {
		if (over != 0 && now() - over >= (int64_t)SRS_KEPT_DAYS * DAY)
			id = db_num(a->store, SQL_SRS_LIST, 0);
		over = db_num(a->store, SQL_SRS_LIST, 2);
		rc = 0;
	}
	db_end(a->store, SQL_SRS_LIST);
	if (rc < 0 || id == 0)
		return rc < 0 ? -1 : 0;
	return db_do(a->store, SQL_SRS_REMOVE, &(struct db_value)DB_NUM(id), 1, &a->err);
}

int admin_srs_rotate(struct admin *a)
{
	unsigned char bytes[SECRET_BYTES];
	char text[2 * SECRET_BYTES + 1] = "";
	const struct db_value v[] = { DB_TEXT(str_mem(text, sizeof(text) - 1)), DB_NUM(now()) };
	bool by_itself = a->n == 3 && str_eqz(a->words[2], "due");
	int rc = 1;

	if (a->n == 3 && !by_itself)
		return admin_no(a, "srs rotate takes no words");
	if (by_itself)
		rc = srs_due(a->store, now(), &a->err);
	if (rc == 0)
		return admin_yes(a, "the newest secret is younger than %d days", SRS_ROTATE_DAYS);
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(text, sizeof(text), bytes, sizeof(bytes));
	if (rc < 0 || forget_old(a) < 0 || db_do(a->store, SQL_SRS_ADD, v, COUNT(v), &a->err) < 0)
		rc = -1;
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(text, sizeof(text));
	if (rc < 0)
		return admin_broken(a);
	return admin_yes(a, "senders are signed with a new secret; what the former ones signed is good for %d days",
			 SRS_DAYS);
}

static void put_secret(struct admin *a, struct json *j, int64_t over)
{
	int64_t until = over + (int64_t)(SRS_DAYS + 1) * DAY;
	struct str note = STR("signs");

	if (over != 0)
		note = arena_fmt(&a->mem, until > now() ? "believed until %.*s" : "believed no more since %.*s",
				 STR_ARG(day_of(&a->mem, until)));
	json_begin_object(j);
	json_key(j, "secret"), json_num(j, db_num(a->store, SQL_SRS_LIST, 0));
	json_key(j, "made"), json_str(j, day_of(&a->mem, db_num(a->store, SQL_SRS_LIST, 2)));
	json_key(j, "note"), json_str(j, note);
	json_end_object(j);
}

int admin_srs_list(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	int64_t over = 0;
	int rc = db_begin(a->store, SQL_SRS_LIST, NULL, 0, &a->err);

	json_begin_array(&j);
	while (rc == 0 && (rc = db_row(a->store, SQL_SRS_LIST, &a->err)) == 1) {
		put_secret(a, &j, over);
		over = db_num(a->store, SQL_SRS_LIST, 2);
		rc = 0;
	}
	db_end(a->store, SQL_SRS_LIST);
	json_end_array(&j);
	return rc < 0 ? admin_broken(a) : 0;
}

static void put_shown(struct admin *a, const struct srs *x, const struct addr *sender)
{
	struct json j = json_to(&a->done->output);

	json_begin_object(&j);
	json_key(&j, "stands-for"), json_str(&j, addr_text(&a->mem, sender));
	if (x->level == 0) {
		int age = srs_age(x->stamp, now());

		json_key(&j, "made"), json_str(&j, day_of(&a->mem, now() - (int64_t)age * DAY));
		json_key(&j, "good-until"), json_str(&j, day_of(&a->mem, now() + (int64_t)(SRS_DAYS - age) * DAY));
	}
	json_end_object(&j);
}

int admin_srs_show(struct admin *a)
{
	struct addr at, sender;
	enum srs_word word;
	struct srs x;

	if (addr_parse(a->words[2], &a->mem, &at) < 0 || !srs_parse(at.local, &x))
		return admin_no(a, "\"%.*s\" is no address of the form SRS0=HASH=DAY=DOMAIN=NAME@DOMAIN",
				STR_ARG(str_take(a->words[2], 300)));
	if (srs_check(a->store, at.local, now(), &a->mem, &word, &sender, &a->err) < 0)
		return admin_broken(a);
	if (word == SRS_EXPIRED)
		return admin_no(a, "we signed it for %.*s %d days ago: it has expired",
				STR_ARG(addr_text(&a->mem, &sender)), srs_age(x.stamp, now()));
	if (word != SRS_GOOD)
		return admin_no(a, "no secret of ours signed it: it is forged, another server's, or older than %d days",
				SRS_KEPT_DAYS);
	put_shown(a, &x, &sender);
	return 0;
}
