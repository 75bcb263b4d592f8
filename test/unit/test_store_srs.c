/* The senders of forwards: signed, believed, refused; their secrets made, rotated, forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "accounts.h"
#include "base/clock.h"
#include "store/srs.h"
#include "store/workers.h"

enum { DAY = 86400 };

/* The hash as libsrs2 and postsrsd make it: their secret "tops3cr3t", on 2020-01-01. */
static void the_hash_is_the_schemes(void **state)
{
	static const struct {
		struct srs x;
		const char *hash;
	} t[] = {
		{ { 0, STR_INIT(""), STR_INIT("2W"), STR_INIT("otherdomain.com"), STR_INIT("test") }, "vmyz" },
		{ { 0, STR_INIT(""), STR_INIT("2W"), STR_INIT("otherdomain.com"), STR_INIT("sender") }, "9KJ+" },
		{ { 0, STR_INIT(""), STR_INIT("2w"), STR_INIT("OtherDomain.com"), STR_INIT("TEST") }, "vmyz" },
		{ { 1, STR_INIT(""), STR_INIT(""), STR_INIT("otherdomain.com"), STR_INIT("=opaque+string") }, "chaI" },
		{ { 1, STR_INIT(""), STR_INIT(""), STR_INIT("thirddomain.com"), STR_INIT("=opaque+string") }, "JIBX" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		char hash[SRS_HASH];

		srs_hash(STR("tops3cr3t"), &t[i].x, hash);
		assert_memory_equal(hash, t[i].hash, SRS_HASH);
	}
}

/* A secret that was made at that time. */
static void make(struct accounts *x, const char *secret, int64_t made)
{
	const struct db_value v[] = { DB_TEXT(str_of(secret)), DB_NUM(made) };
	struct err e;

	assert_int_equal(db_do(x->store, SQL_SRS_ADD, v, 2, &e), 1);
}

static struct str sign(struct accounts *x, const char *sender, const char *via, int64_t now, struct arena *a)
{
	struct str out;
	struct err e = { 0 };

	if (srs_sign(x->store, str_of(sender), STR("Team@Example.com"), str_of(via), now, a, &out, &e) != SRS_SIGNED)
		fail_msg("%s: %s", sender, e.text);
	return out;
}

static enum srs_word check(struct accounts *x, struct str address, int64_t now, struct arena *a, struct str *sender)
{
	struct addr at, who = { 0 };
	enum srs_word w;
	struct err e;

	assert_int_equal(addr_parse(address, a, &at), 0);
	assert_int_equal(srs_check(x->store, at.local, now, a, &w, &who, &e), 0);
	*sender = w == SRS_GOOD ? addr_text(a, &who) : STR("");
	return w;
}

static const int64_t new_year = 1577836860; /* 2020-01-01, day "2W" */

static void senders_are_rewritten(void **state)
{
	static const struct {
		const char *sender, *via, *out;
	} t[] = {
		{ "test@otherdomain.com", "", "SRS0=vmyz=2W=otherdomain.com=test@example.com" },
		{ "test@otherdomain.com", "Srs.Example.com", "SRS0=vmyz=2W=otherdomain.com=test@srs.example.com" },
		{ "test@otherdomain.com", "elsewhere.example", "SRS0=vmyz=2W=otherdomain.com=test@example.com" },
		{ "SRS0=opaque+string@otherdomain.com", "", "SRS1=chaI=otherdomain.com==opaque+string@example.com" },
		{ "SRS1=X=thirddomain.com==opaque+string@otherdomain.com", "",
		  "SRS1=JIBX=thirddomain.com==opaque+string@example.com" },
		{ "bob@example.com", "", "bob@example.com" },
		{ "Bob@Srs.Example.COM", "", "Bob@Srs.Example.COM" },
		{ "", "", "" },
		{ "#@[]", "", "#@[]" },
	};
	struct accounts *x = *state;
	struct str out, who;
	struct err e;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	accounts_must(x, "domain add srs.example.com");
	assert_int_equal(srs_sign(x->store, STR("a@b.example"), STR("t@example.com"), STR(""), 1, &a, &out, &e),
			 SRS_UNSIGNED);
	make(x, "tops3cr3t", new_year);
	for (size_t i = 0; i < COUNT(t); i++) {
		out = sign(x, t[i].sender, t[i].via, new_year, &a);
		if (!str_eqz(out, t[i].out))
			fail_msg("%s: %.*s", t[i].sender, STR_ARG(out));
	}
	out = sign(x, "\"a b\"@far.example", "", new_year, &a);
	assert_true(str_starts(out, STR("\"SRS0=")) && str_ends(out, STR("=a b\"@example.com")));
	assert_int_equal(check(x, out, new_year, &a, &who), SRS_GOOD);
	assert_true(str_eqz(who, "\"a b\"@far.example"));
	assert_int_equal(srs_sign(x->store, STR("a@b.example"), STR("t@gone.example"), STR(""), 1, &a, &out, &e),
			 SRS_IMPOSSIBLE);
	assert_non_null(strstr(e.text, "gone.example"));
	assert_int_equal(srs_sign(x->store, STR("nobody"), STR("t@example.com"), STR(""), 1, &a, &out, &e),
			 SRS_IMPOSSIBLE);
}

/* A local part may have 255 bytes here: what does not fit is no address, and is not cut. */
static void too_long_is_impossible(void **state)
{
	static const struct {
		int n;
		enum srs_signed result;
	} t[] = { { 64, SRS_SIGNED }, { 230, SRS_SIGNED }, { 231, SRS_IMPOSSIBLE }, { 255, SRS_IMPOSSIBLE } };
	struct accounts *x = *state;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	make(x, "secret", new_year);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str out, who;
		struct err e;
		char name[256];

		memset(name, 'x', sizeof(name)); /* SRS0=HHHH=TT=far.example= are 25 */
		assert_int_equal(srs_sign(x->store, arena_fmt(&a, "%.*s@far.example", t[i].n, name),
					  STR("t@example.com"), STR(""), new_year, &a, &out, &e),
				 t[i].result);
		if (t[i].result == SRS_SIGNED)
			assert_int_equal(check(x, out, new_year, &a, &who), SRS_GOOD);
	}
}

static void what_is_believed(void **state)
{
	static const struct {
		const char *local;
		int64_t later;
		enum srs_word word;
		const char *sender;
	} t[] = {
		{ "SRS0=vmyz=2W=otherdomain.com=test", 0, SRS_GOOD, "test@otherdomain.com" },
		{ "srs0=VMYZ=2w=OTHERDOMAIN.com=Test", 0, SRS_GOOD, "Test@OTHERDOMAIN.com" },
		{ "SRS0+vmyz=2W=otherdomain.com=test", 0, SRS_GOOD, "test@otherdomain.com" },
		{ "SRS1=chaI=otherdomain.com==opaque+string", 0, SRS_GOOD, "SRS0=opaque+string@otherdomain.com" },
		{ "SRS1=chaI=otherdomain.com==opaque+string", INT64_C(5000) * DAY, SRS_GOOD,
		  "SRS0=opaque+string@otherdomain.com" },
		{ "SRS0=vmyz=2W=otherdomain.com=test", 21 * DAY, SRS_GOOD, "test@otherdomain.com" },
		{ "SRS0=vmyz=2W=otherdomain.com=test", 22 * DAY, SRS_EXPIRED, "" },
		{ "SRS0=vmyz=2W=otherdomain.com=test", -1 * DAY, SRS_EXPIRED, "" },
		{ "SRS0=vmyx=2W=otherdomain.com=test", 0, SRS_FORGED, "" },
		{ "SRS0=vmy=2W=otherdomain.com=test", 0, SRS_FORGED, "" },
		{ "SRS0=v=2W=otherdomain.com=test", 0, SRS_FORGED, "" },
		{ "SRS0=vmyzz=2W=otherdomain.com=test", 0, SRS_FORGED, "" },
		{ "SRS0=vmyz=2X=otherdomain.com=test", 0, SRS_FORGED, "" },
		{ "SRS0=vmyz=2W=otherdomain.com=tesu", 0, SRS_FORGED, "" },
		{ "SRS0=vmyz=2W=otherdomain.con=test", 0, SRS_FORGED, "" },
		{ "SRS0=vmyz=2Wotherdomain.com=test", 0, SRS_FORGED, "" },
		/* The scheme hashes the parts without what stands between them. */
		{ "SRS0=vmyz=2W=otherdomain.=comtest", 0, SRS_FORGED, "" },
		{ "SRS0=vmyz=2W=otherdomain=.comtest", 0, SRS_GOOD, ".comtest@otherdomain" },
		{ "SRS1=chaI=otherdomain.com=opaque+string", 0, SRS_FORGED, "" },
		{ "SRS1=vmyz=2Wotherdomain.com=+test", 0, SRS_FORGED, "" },
		{ "SRS0=", 0, SRS_FORGED, "" },
		{ "SRS0", 0, SRS_NONE, "" },
		{ "bob", 0, SRS_NONE, "" },
	};
	struct accounts *x = *state;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	for (int have = 0; have < 2; have++) {
		if (have)
			make(x, "tops3cr3t", new_year);
		for (size_t i = 0; i < COUNT(t); i++) {
			struct str who;
			enum srs_word w =
			    check(x, arena_fmt(&a, "%s@example.com", t[i].local), new_year + t[i].later, &a, &who);

			if (w != (have ? t[i].word : SRS_NONE) || !str_eqz(who, have ? t[i].sender : ""))
				fail_msg("%s: %d %.*s", t[i].local, w, STR_ARG(who));
		}
	}
}

static void former_secrets_are_believed_for_as_long_as_an_address(void **state)
{
	struct accounts *x = *state;
	int64_t day = new_year;
	struct str early, late, once, who;
	struct err e;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	assert_int_equal(srs_due(x->store, day, &e), 1);
	make(x, "first", day);
	assert_int_equal(srs_due(x->store, day + INT64_C(30) * DAY - 1, &e), 0);
	assert_int_equal(srs_due(x->store, day + INT64_C(30) * DAY, &e), 1);
	early = sign(x, "a@far.example", "", day, &a);
	late = sign(x, "a@far.example", "", day + INT64_C(40) * DAY, &a);
	once = sign(x, "SRS0=opaque@far.example", "", day + INT64_C(40) * DAY, &a);
	make(x, "second", day + INT64_C(40) * DAY);
	assert_int_equal(check(x, early, day + INT64_C(40) * DAY, &a, &who), SRS_EXPIRED);
	assert_int_equal(check(x, late, day + INT64_C(61) * DAY, &a, &who), SRS_GOOD);
	assert_int_equal(check(x, late, day + INT64_C(62) * DAY, &a, &who), SRS_EXPIRED);
	assert_false(str_eq(late, sign(x, "a@far.example", "", day + INT64_C(40) * DAY, &a)));
	assert_int_equal(check(x, once, day + INT64_C(61) * DAY, &a, &who), SRS_GOOD);
	assert_int_equal(check(x, once, day + INT64_C(62) * DAY, &a, &who), SRS_FORGED);
}

/* Whoever learned one can make addresses of its days, and of no later one. */
static void a_former_secret_signs_no_new_day(void **state)
{
	struct accounts *x = *state;
	struct srs made = { .stamp = STR("2X"), .domain = STR("otherdomain.com"), .rest = STR("test") };
	char hash[SRS_HASH];
	struct str who;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	make(x, "tops3cr3t", new_year - DAY);
	srs_hash(STR("tops3cr3t"), &made, hash);
	made.hash = str_mem(hash, SRS_HASH);
	for (int later = 0; later < 2; later++) {
		BUF(b);

		if (later)
			make(x, "another", new_year);
		srs_put(&b, &made);
		buf_adds(&b, "@example.com");
		assert_int_equal(check(x, buf_str(&b), new_year + DAY, &a, &who), later ? SRS_FORGED : SRS_GOOD);
		assert_int_equal(
		    check(x, STR("SRS0=vmyz=2W=otherdomain.com=test@example.com"), new_year + DAY, &a, &who), SRS_GOOD);
	}
}

static void an_address_goes_back_to_its_sender_and_nowhere_else(void **state)
{
	static const struct {
		const char *address;
		enum resolved result;
		enum srs_word srs;
		const char *target;
	} t[] = {
		{ "%.*s@example.com", RESOLVED_ALIAS, SRS_GOOD, "r:Bob@far.example" },
		{ "%.*s@Other.Example", RESOLVED_ALIAS, SRS_GOOD, "r:Bob@far.example" },
		{ "%.*sx@other.example", RESOLVED_NO_MAILBOX, SRS_FORGED, "" },
		{ "%.*s@far.example", RESOLVED_NOT_OURS, SRS_NONE, "" },
		{ "x%.*s@other.example", RESOLVED_CATCHALL, SRS_NONE, "l:ann@example.com" },
		{ "SRS0=ann%.*s@example.com", RESOLVED_MAILBOX, SRS_NONE, "l:srs0=ann@example.com" },
	};
	struct accounts *x = *state;
	struct str local, domain;
	ARENA(a);

	accounts_must(x, "domain add example.com");
	accounts_must(x, "domain add other.example");
	accounts_must(x, "domain set example.com delay-notice=4h");
	accounts_must(x, "account add ann@example.com --password-stdin");
	accounts_must(x, "account add srs0=ann@example.com --password-stdin");
	accounts_must(x, "alias add @other.example ann@example.com");
	accounts_must(x, "srs rotate");
	str_cut(sign(x, "Bob@far.example", "", clock_wall() / 1000, &a), STR("@"), &local, &domain);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct lookup_answer out;
		struct err e = { 0 };
		BUF(target);
		struct str named = i == 5 ? STR("") : local;

		assert_int_equal(store_resolve(x->store, arena_fmt(&a, t[i].address, STR_ARG(named)), &a, &out, &e),
				 t[i].result);
		assert_int_equal(out.srs, t[i].srs);
		/* Its wish is not its strangers'. */
		assert_int_equal(out.delay_notice, i == 5 ? 4 * 3600 * 1000 : 0);
		for (size_t k = 0; k < out.n; k++)
			buf_fmt(&target, "%c:%.*s", out.targets[k].channel == CHANNEL_LOCAL ? 'l' : 'r',
				STR_ARG(out.targets[k].final));
		assert_string_equal(buf_z(&target), t[i].target);
	}
	/* By now he is one of ours. */
	accounts_must(x, "domain add far.example");
	accounts_must(x, "alias add bob@far.example ann@example.com");
	{
		struct lookup_answer out;
		struct err e;

		store_resolve(x->store, arena_fmt(&a, "%.*s@example.com", STR_ARG(local)), &a, &out, &e);
		assert_true(out.n == 1 && str_eqz(out.targets[0].final, "ann@example.com"));
	}
}

static void the_postmasters_words(void **state)
{
	struct accounts *x = *state;
	struct store_done d;
	struct str out;
	ARENA(a);
	int64_t now = clock_wall() / 1000;

	accounts_must(x, "domain add example.com");
	make(x, "ancient", now - INT64_C(160) * DAY);
	make(x, "old", now - INT64_C(150) * DAY);
	make(x, "older", now - INT64_C(91) * DAY);
	make(x, "former", now - INT64_C(31) * DAY);
	accounts_must(x, "srs rotate due");
	assert_int_equal(accounts_do(x, "srs list", &d), 0);
	assert_non_null(strstr(buf_z(&d.output), "\"secret\":5"));
	assert_non_null(strstr(buf_z(&d.output), "\"note\":\"signs\""));
	assert_non_null(strstr(buf_z(&d.output), "believed no more since"));
	assert_null(strstr(buf_z(&d.output), "\"secret\":2"));
	assert_null(strstr(buf_z(&d.output), "former"));
	store_done_clear(&d);
	assert_int_equal(accounts_do(x, "srs rotate due", &d), 0);
	assert_non_null(strstr(buf_z(&d.message), "younger than 30 days"));
	store_done_clear(&d);
	out = sign(x, "bob@far.example", "", now, &a);
	assert_int_equal(accounts_do(x, arena_fmt(&a, "srs show %.*s", STR_ARG(out)).p, &d), 0);
	assert_non_null(strstr(buf_z(&d.output), "\"stands-for\":\"bob@far.example\""));
	store_done_clear(&d);
	out = sign(x, "bob@far.example", "", now - INT64_C(25) * DAY, &a);
	assert_int_equal(accounts_do(x, arena_fmt(&a, "srs show %.*s", STR_ARG(out)).p, &d), 1);
	assert_non_null(strstr(buf_z(&d.message), "we signed it for bob@far.example 25 days ago"));
	store_done_clear(&d);
	assert_int_equal(accounts_do(x, "srs show SRS0=AAAA=AA=far.example=bob@example.com", &d), 1);
	assert_non_null(strstr(buf_z(&d.message), "no secret of ours signed it"));
	store_done_clear(&d);
	assert_int_equal(accounts_do(x, "srs show bob@example.com", &d), 1);
	store_done_clear(&d);
	assert_int_equal(accounts_do(x, "srs rotate now", &d), 1);
	store_done_clear(&d);
}

/* While the accounts are away an empty file in their place would make all our mail nobody's. */
static void a_new_secret_makes_no_accounts(void **state)
{
	char dir[] = "/tmp/srsXXXXXX", path[64];
	struct err e;
	struct workers *w;
	struct job *j = mem_alloc(sizeof(*j));

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/accounts.db", dir);
	w = workers_new(path, &e);
	assert_non_null(w);
	*j = (struct job){ .kind = JOB_ADMIN };
	buf_addstr(&j->words, STR("srs\0rotate\0due"));
	assert_true(workers_give(w, j));
	while ((j = workers_take(w)) == NULL)
		usleep(1000);
	assert_int_equal(j->done.status, 1);
	assert_int_equal(access(path, F_OK), -1);
	job_free(j);
	workers_free(w);
	assert_int_equal(rmdir(dir), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, accounts_open, accounts_close)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_the_schemes),
		T(senders_are_rewritten),
		T(too_long_is_impossible),
		T(what_is_believed),
		T(former_secrets_are_believed_for_as_long_as_an_address),
		T(a_former_secret_signs_no_new_day),
		T(an_address_goes_back_to_its_sender_and_nowhere_else),
		T(the_postmasters_words),
		cmocka_unit_test(a_new_secret_makes_no_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
