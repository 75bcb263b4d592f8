/* The SMTP log gets the groups that nobody lived to write, and no others. */
#include "schedule_house.h"

#include "deliver/recovered.h"

static const char conf_text[] = "hostname = \"mx.example.com\"\ncontact = \"a@example.com\"\ndata-dir = \"%s\"\n"
				"log-dir = \"%s\"\nlistener \"25\" { bind = {\"127.0.0.1:2525\"} }\n"
				"accounts { sqlite = \"x.db\" }\n";

static struct conf conf;

static void read_conf(void)
{
	struct err e = { 0 };

	if (conf_parse(&conf, arena_fmt(&mem, conf_text, top, top), "t", &e) < 0)
		fail_msg("%s", e.text);
}

static void slurp(struct buf *b)
{
	struct err e = { 0 };

	(void)io_slurp(AT_FDCWD, arena_fmt(&mem, "%s/smtp-25.log", top).p, 1 << 20, b, &e);
}

static uint64_t found(struct recovered *r, const char *label, const char *sender)
{
	static const struct recipient to[] = {
		{ STR_INIT("bob@example.com"), STR_INIT("List@example.com"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("eve@example.com"), STR_INIT("list@example.com"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("dan@example.com"), STR_INIT("dan@example.com"), .channel = CHANNEL_LOCAL },
	};
	struct envelope v = { .time = INT64_C(1615286631123), .connection = 77, .rcpts = to, .nrcpts = 3 };
	struct item *it;
	uint64_t qp;

	v.sender = str_of(sender);
	v.label = str_of(label);
	v.ip = STR("127.0.0.7");
	v.helo = STR("x\nend, forged");
	qp = put_envelope(v);
	it = depot_find(depot, qp);
	it->recovered = true;
	recovered_see(r, depot, it);
	return qp;
}

static void a_group_that_is_missing_is_written_once(void **state)
{
	struct recovered *r;
	uint64_t qp, known;
	struct str at;
	BUF(text);
	BUF(b);
	FD(fd) = -1;

	(void)state;
	read_conf();
	r = recovered_new(&conf);
	qp = found(r, "25", "ann@x.example");
	known = found(r, "25", "known@x.example");
	found(r, "../evil", "evil@x.example");
	found(r, "26", "evil@x.example");
	fd = open(arena_fmt(&mem, "%s/smtp-25.log", top).p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	buf_fmt(&b, "2021-03-09 12:43:51, resp, 250 ok 1615286631 qp %llu\n\n", (unsigned long long)known);
	assert_int_equal(io_write_all(fd, b.p, b.n), 0);
	recovered_write(r, clock_mono());
	slurp(&text);
	assert_int_equal(str_find(buf_str(&text), STR("ann@x.example")), -1); /* its session may live */
	recovered_write(r, clock_mono() + 6000);
	recovered_write(r, clock_mono() + 9000);
	recovered_free(r);
	conf_clear(&conf);
	buf_reset(&text);
	slurp(&text);
	at = buf_str(&text);
	assert_true(str_find(at, STR(", session, 77, 127.0.0.7, 0, 1615286631.123\n")) >= 0);
	assert_true(str_find(at, STR(", from, ann@x.example\n")) >= 0);
	assert_true(str_find(at, STR(", to, <List@example.com>\n")) >= 0);
	assert_true(str_find(at, STR(", to, <list@example.com>\n")) < 0);
	assert_true(str_find(at, STR(", to, <dan@example.com>\n")) >= 0);
	assert_true(str_find(at, arena_fmt(&mem, "resp, 250 ok 1615286631 qp %llu\n", (unsigned long long)qp)) >= 0);
	assert_true(str_ends(at, STR(", recovered\n\n")));
	assert_true(str_find(at, STR("\nend, forged")) < 0);
	assert_true(str_find(at, STR("known@")) < 0 && str_find(at, STR("evil@")) < 0);
	assert_int_equal(str_find(str_skip(at, (size_t)str_find(at, STR("recovered")) + 1), STR("recovered")), -1);
}

/* Told of, and then telltale-smtpd dies: long delivered perhaps, but the envelope was kept. */
static void what_was_told_just_before_is_suspect_too(void **state)
{
	static const struct recipient to = { STR_INIT("bob@example.com"), STR_INIT("bob@example.com"),
					     .channel = CHANNEL_LOCAL };
	struct envelope v = {
		.time = clock_wall(), .qp = 9, .sender = STR("ann@x.example"), .rcpts = &to, .nrcpts = 1
	};
	struct item it = { .size = 22 };
	struct recovered *r;
	BUF(packed);
	BUF(text);

	(void)state;
	read_conf();
	r = recovered_new(&conf);
	v.label = STR("25");
	envelope_pack(&packed, &v);
	for (int i = 0; i < 10001; i++) /* the ring holds the last of them */
		recovered_note(r, &it, buf_str(&packed));
	recovered_suspect(r);
	recovered_suspect(r);
	recovered_write(r, clock_mono() + 6000);
	slurp(&text);
	assert_true(str_find(buf_str(&text), STR(", from, ann@x.example\n")) >= 0);
	assert_true(str_find(buf_str(&text), STR(" qp 9\n")) >= 0);
	recovered_free(r);
	conf_clear(&conf);
}

static size_t lines_of(const char *text)
{
	BUF(all);
	struct err e = { 0 };
	struct str rest, line;
	size_t n = 0;

	dlog_flush(dlog);
	assert_int_equal(io_slurp(AT_FDCWD, arena_fmt(&mem, "%s/delivery.log", top).p, 1 << 20, &all, &e), 0);
	for (rest = buf_str(&all); str_cut(rest, STR("\n"), &line, &rest);)
		n += str_find(line, str_of(text)) >= 0;
	return n;
}

/* Found at one start, which ended before its log was written: at the next it is known, and no news. */
static void a_bounce_that_the_log_does_not_name_is_named_once(void **state)
{
	static const struct recipient to = { STR_INIT("bob@example.com"), STR_INIT("bob@example.com"),
					     .channel = CHANNEL_LOCAL };
	struct envelope v = { .time = clock_wall(), .rcpts = &to, .nrcpts = 1, .parent_qp = 7 };
	const char *bounced;

	(void)state;
	read_conf();
	bounced = arena_fmt(&mem, ", bounce, 7, qp %llu", (unsigned long long)put_envelope(v)).p;
	v.forward = true;
	put_envelope(v);
	v = (struct envelope){ .time = clock_wall() - 61000, .rcpts = &to, .nrcpts = 1, .parent_qp = 8 };
	put_envelope(v);
	for (int i = 0; i < 3; i++) {
		recovered_bounces(&conf, depot, dlog);
		assert_int_equal(lines_of(bounced), 1);
	}
	assert_int_equal(lines_of(", bounce, "), 1);
	conf_clear(&conf);
}

static uint64_t attempt(uint64_t parent, const struct recipient *to)
{
	struct dlog_try t = { .qp = parent, .attempt = 1, .bytes = 9, .sender = STR("ann@x.example"), .rcpt = to };
	struct err e = { 0 };

	assert_int_equal(depot_number(depot, NUMBER_DELIVERY, &t.delivery, &e), 0);
	dlog_try(dlog, &t);
	return t.delivery;
}

static size_t results_of(uint64_t delivery, const char *words)
{
	return lines_of(arena_fmt(&mem, ", result, %llu, %s", (unsigned long long)delivery, words).p);
}

static void start_anew(void)
{
	struct err e = { 0 };

	dlog_close(dlog);
	recovered_forwards(&conf, depot);
	dlog = dlog_open(arena_fmt(&mem, "%s/delivery.log", top).p, &e);
	assert_non_null(dlog);
}

/* telltale-queue died when the copy was on disk and the result was not in the log. */
static void an_attempt_whose_forward_exists_has_succeeded(void **state)
{
	static const struct recipient far = { STR_INIT("bob@far.example"), STR_INIT("bob@example.com"),
					      .channel = CHANNEL_REMOTE };
	static const struct recipient to = { STR_INIT("bob@far.example"), STR_INIT("bob@far.example"),
					     .channel = CHANNEL_REMOTE };
	struct envelope child = { .time = clock_wall() - DAY, .rcpts = &to, .nrcpts = 1, .parent_qp = 1, .forward = 1 };
	static const struct recipient here = { STR_INIT("bob@example.com"), STR_INIT("bob@example.com"),
					       .channel = CHANNEL_LOCAL };
	uint64_t made, none, older, moved, qp, there;

	(void)state;
	read_conf();
	made = attempt(1, &far);
	qp = put_envelope(child);
	none = attempt(2, &far);
	child.parent_qp = 4; /* the postmaster sent it to another address */
	moved = attempt(4, &here);
	there = put_envelope(child);
	child.parent_qp = 3;
	put_envelope(child);
	older = attempt(3, &far); /* that of the other recipient: the forward was there before */
	for (int i = 0; i < 3; i++) {
		start_anew();
		assert_int_equal(
		    results_of(made, arena_fmt(&mem, "success, did_0+1+0/qp_%llu/", (unsigned long long)qp).p), 1);
		assert_int_equal(results_of(made, ""), 1);
		assert_int_equal(
		    results_of(moved, arena_fmt(&mem, "success, did_0+1+0/qp_%llu/", (unsigned long long)there).p), 1);
		assert_int_equal(results_of(none, "deferral, server_restarted/"), 1);
		assert_int_equal(results_of(older, "deferral, server_restarted/"), 1);
	}
	conf_clear(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(a_group_that_is_missing_is_written_once),
					    T(what_was_told_just_before_is_suspect_too),
					    T(a_bounce_that_the_log_does_not_name_is_named_once),
					    T(an_attempt_whose_forward_exists_has_succeeded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
