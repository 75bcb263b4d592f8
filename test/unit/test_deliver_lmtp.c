/* What an LMTP server may say, and what becomes of each recipient: a server of the test's own plays its lines. */
#include "maildir_box.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/clock.h"
#include "deliver/lmtp.h"
#include "deliver/subaddress.h"

#define HELLO "220 ready\r\n250-mx\r\n250-PIPELINING\r\n250 8BITMIME\r\n250 ok\r\n"

/* It says all of `lines` at once, and hears what comes until we hang up, or hangs up itself after so many bytes. */
struct play {
	const char *lines;
	size_t hears;
	struct buf heard;
	int listener, visits;
	pthread_t thread;
};

static void *perform(void *arg)
{
	struct play *p = arg;
	char in[4096];

	for (;;) {
		FD(fd) = accept(p->listener, NULL, NULL);
		size_t seen = 0;
		ssize_t n;

		if (fd < 0)
			return NULL;
		p->visits++;
		assert_int_equal(io_write_all(fd, p->lines, strlen(p->lines)), 0);
		while ((p->hears == 0 || seen < p->hears) && (n = read(fd, in, sizeof(in))) > 0) {
			buf_add(&p->heard, in, (size_t)n);
			seen += (size_t)n;
		}
	}
}

static struct lmtp begin(struct play *p)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "lmtp.sock" };
	struct lmtp l = { .host = STR("mx.example.com"), .patience = 300, .subaddress = true };
	char cwd[200], spelled[256];

	unlink(at.sun_path);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->listener, 5), 0);
	snprintf(spelled, sizeof(spelled), "unix:%s/lmtp.sock", getcwd(cwd, sizeof(cwd)));
	assert_int_equal(service_read(&l.at, str_of(spelled), NULL), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, perform, p), 0);
	return l;
}

/* It hears nothing more. */
static void end_talk(struct play *p)
{
	if (p->listener < 0)
		return;
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	fd_clear(&p->listener);
}

static void end(struct play *p)
{
	end_talk(p);
	buf_clear(&p->heard);
}

static struct maildir_job to(const char *original)
{
	struct maildir_job j = job(MESSAGE);

	j.original = str_of(original);
	j.begun = clock_mono();
	return j;
}

static void hand_over(struct lmtp *l, struct maildir_job *j)
{
	struct maildir_job *one[] = { j };

	lmtp_deliver(l, one, 1);
	fd_clear(&j->fd);
}

static void each_reply_has_its_outcome(void **state)
{
	static const struct {
		const char *lines;
		size_t hears;
		enum outcome_kind kind;
		const char *report;
	} t[] = {
		{ HELLO "250 ok\r\n354 go\r\n250 2.0.0 <bob> x9 Saved\r\n", 0, OUTCOME_SUCCESS,
		  "did 1+0+0\nThe LMTP server took the message.\nRemote host said: 250 2.0.0 <bob> x9 Saved" },
		{ HELLO "550-5.1.1 who\r\n550 5.1.1 is bob\r\n250 reset\r\n", 0, OUTCOME_FAILURE,
		  "The LMTP server refused the recipient. (#5.1.1)\nRemote host said: 550-5.1.1 who\n550 5.1.1 is "
		  "bob" },
		{ HELLO "452 4.2.2 full\r\n250 reset\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server refused the recipient. (#4.2.2)\nRemote host said: 452 4.2.2 full" },
		{ HELLO "451 5.1.1 odd\r\n250 reset\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server refused the recipient. (#4.0.0)\nRemote host said: 451 5.1.1 odd" },
		{ "220 ready\r\n250 mx\r\n553 bad sender\r\n250 reset\r\n", 0, OUTCOME_FAILURE,
		  "The LMTP server refused the sender. (#5.0.0)\n" },
		{ HELLO "250 ok\r\n451 no\r\n250 reset\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server refused the message. (#4.0.0)" },
		{ HELLO "250 ok\r\n354 go\r\n552 5.2.2 full\r\n", 0, OUTCOME_FAILURE,
		  "The LMTP server refused the message. (#5.2.2)" },
		{ HELLO "250 ok\r\n354 go\r\n354 what\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server refused the message. (#4.0.0)" },
		{ HELLO "250 ok\r\n354 go\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server broke off after the message: it may come twice. (#4.4.2)" },
		{ HELLO "250 ok\r\n", 60, OUTCOME_DEFERRAL, "The LMTP server broke off. (#4.4.2)" },
		{ "554 5.3.2 go away\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server refused to talk. (#4.3.2)\nRemote host said: 554" },
		{ "220 hello\r\n500 LHLO?\r\n", 0, OUTCOME_DEFERRAL, "The LMTP server refused to talk. (#4.3.2)" },
		{ "", 0, OUTCOME_DEFERRAL, "The LMTP server broke off. (#4.4.2)\nConnection timed out" },
		{ "* OK IMAP4rev1\r\n", 0, OUTCOME_DEFERRAL, "The LMTP server said what is no reply. (#4.5.0)" },
		{ "220 \x1b[31m\x07red\r\n5xx\r\n", 0, OUTCOME_DEFERRAL,
		  "The LMTP server said what is no reply. (#4.5.0)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct play p = { .lines = t[i].lines, .hears = t[i].hears };
		struct lmtp l = begin(&p);
		struct maildir_job j = to("bob@example.com");

		hand_over(&l, &j);
		ended(&j, t[i].kind, t[i].report);
		end(&p);
	}
}

static void what_the_server_hears(void **state)
{
	struct play p = { .lines = HELLO "250 ok\r\n354 go\r\n250 done\r\n" };
	struct lmtp l = begin(&p);
	struct maildir_job j = to("bob@example.com");

	(void)state;
	j.size = strlen("Return-Path: <old@x>\r\n" MESSAGE);
	fd_clear(&j.fd);
	j.fd = io_memfd("message", STR("Return-Path: <old@x>\r\n" MESSAGE), NULL);
	hand_over(&l, &j);
	end_talk(&p);
	assert_string_equal(buf_z(&p.heard), "LHLO mx.example.com\r\n"
					     "MAIL FROM:<ann@x.example> BODY=8BITMIME\r\n"
					     "RCPT TO:<bob@example.com>\r\n"
					     "DATA\r\n"
					     "Subject: x\r\n\r\nhello\r\n..dot\r\n.\r\n"
					     "QUIT\r\n");
	assert_int_equal(p.visits, 1);
	end(&p);
}

static void how_addresses_are_said(void **state)
{
	static const struct {
		const char *final, *original, *sender, *line;
		bool junk, off;
	} t[] = {
		{ "bob@example.com", "Bob+work@example.com", "",
		  "MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<bob+work@example.com>\r\n", false, false },
		{ "bob@example.com", "Bob+work@example.com", "#@[]",
		  "MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<bob@example.com>\r\n", false, true },
		{ "bob@example.com", "bob+work@example.com", "a\"b@x",
		  "MAIL FROM:<\"a\\\"b\"@x> BODY=8BITMIME\r\nRCPT TO:<bob+Junk@example.com>\r\n", true, false },
		{ "b ob@example.com", "info@example.com", "a.@x",
		  "MAIL FROM:<\"a.\"@x> BODY=8BITMIME\r\nRCPT TO:<\"b ob\"@example.com>\r\n", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct play p = { .lines = HELLO "250 ok\r\n354 go\r\n250 done\r\n" };
		struct lmtp l = begin(&p);
		struct maildir_job j = to(t[i].original);

		l.subaddress = !t[i].off;
		j.final = str_of(t[i].final);
		j.sender = str_of(t[i].sender);
		j.junk = t[i].junk;
		hand_over(&l, &j);
		ended(&j, OUTCOME_SUCCESS, t[i].junk ? "junk\ndid 1+0+0\n" : "did 1+0+0\n");
		end_talk(&p);
		if (strstr(buf_z(&p.heard), t[i].line) == NULL)
			fail_msg("heard: %s", buf_z(&p.heard));
		end(&p);
	}
}

/* Three recipients of one message, each with a fate of its own, then another message, on one connection. */
static void each_recipient_has_an_answer(void **state)
{
	struct play p = { .lines = HELLO "250 ok\r\n550 5.1.1 who?\r\n250 ok\r\n250 ok\r\n354 go\r\n"
					 "250 one\r\n452 4.2.2 two\r\n552 5.2.2 three\r\n"
					 "250 ok\r\n250 ok\r\n354 go\r\n250 five\r\n" };
	struct lmtp l = begin(&p);
	struct maildir_job j[5];
	struct maildir_job *all[5];
	static const char *const to_whom[] = { "a@x", "b@x", "c@x", "d@x", "e@x" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		j[i] = to(to_whom[i]);
		j[i].final = str_of(to_whom[i]);
		j[i].rcpt = i;
		j[i].qp = i < 4 ? 7 : 8;
		all[i] = &j[i];
	}
	lmtp_deliver(&l, all, 5);
	for (size_t i = 0; i < 5; i++)
		fd_clear(&j[i].fd);
	ended(&j[0], OUTCOME_SUCCESS, "did 1+0+0\nThe LMTP server took the message.\nRemote host said: 250 one");
	ended(&j[1], OUTCOME_FAILURE, "The LMTP server refused the recipient. (#5.1.1)");
	ended(&j[2], OUTCOME_DEFERRAL,
	      "The LMTP server refused the message. (#4.2.2)\nRemote host said: 452 4.2.2 two");
	ended(&j[3], OUTCOME_FAILURE,
	      "The LMTP server refused the message. (#5.2.2)\nRemote host said: 552 5.2.2 three");
	ended(&j[4], OUTCOME_SUCCESS, "did 1+0+0\nThe LMTP server took the message.\nRemote host said: 250 five");
	assert_int_equal(p.visits, 1);
	end(&p);
}

/* It has answered for one of two when it is gone: that one is there, the other may come twice. */
static void what_was_answered_counts(void **state)
{
	struct play p = { .lines = HELLO "250 ok\r\n250 ok\r\n354 go\r\n250 one\r\n" };
	struct lmtp l = begin(&p);
	struct maildir_job a = to("bob@example.com"), b = to("bob@example.com");
	struct maildir_job *both[] = { &a, &b };

	(void)state;
	lmtp_deliver(&l, both, 2);
	fd_clear(&a.fd);
	fd_clear(&b.fd);
	ended(&a, OUTCOME_SUCCESS, "did 1+0+0");
	ended(&b, OUTCOME_DEFERRAL, "The LMTP server broke off after the message: it may come twice. (#4.4.2)");
	end(&p);
}

static void a_folder_that_the_server_refuses_is_left_out(void **state)
{
	struct play p = { .lines = HELLO "550 no such user\r\n250 ok\r\n354 go\r\n250 done\r\n" };
	struct lmtp l = begin(&p);
	struct maildir_job j = to("bob@example.com");

	(void)state;
	j.junk = true;
	hand_over(&l, &j);
	ended(&j, OUTCOME_SUCCESS, "did 1+0+0\n");
	end_talk(&p);
	assert_non_null(strstr(buf_z(&p.heard), "RCPT TO:<bob+Junk@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA"));
	end(&p);
}

/* Nobody waits for a silence that another has just met; and who has waited too long is put off. */
static void silence_is_met_once(void **state)
{
	struct play p = { .lines = "" };
	struct lmtp l = begin(&p);
	struct maildir_job j = to("bob@example.com");

	(void)state;
	hand_over(&l, &j);
	ended(&j, OUTCOME_DEFERRAL, "The LMTP server broke off. (#4.4.2)\nConnection timed out");
	j = to("bob@example.com");
	hand_over(&l, &j);
	ended(&j, OUTCOME_DEFERRAL, "The LMTP server cannot be reached. (#4.4.1)\nIt was tried a moment ago.");
	assert_int_equal(p.visits, 1);
	atomic_store(&l.away_until, 0);
	j = to("bob@example.com");
	j.begun -= 10 * 60 * 1000;
	hand_over(&l, &j);
	ended(&j, OUTCOME_DEFERRAL, "The LMTP server is too slow for what waits for it. (#4.4.5)");
	end(&p);
	unlink("lmtp.sock");
	j = to("bob@example.com");
	hand_over(&l, &j);
	ended(&j, OUTCOME_DEFERRAL, "The LMTP server cannot be reached. (#4.4.1)\nNo such file or directory");
}

/* Dovecot's own line, on a message that comes round. */
static void a_loop_is_found(void **state)
{
	struct play p = { .lines = HELLO };
	struct lmtp l = begin(&p);
	struct maildir_job j = job("Delivered-To: bob@example.com\r\n\r\nx\r\n");

	(void)state;
	j.begun = clock_mono();
	hand_over(&l, &j);
	ended(&j, OUTCOME_FAILURE, "This message is looping");
	assert_int_equal(p.visits, 0);
	end(&p);
}

static void subaddresses(void **state)
{
	static const struct {
		const char *final, *original, *folder;
	} t[] = {
		{ "bob@example.com", "bob@example.com", "" },
		{ "bob@example.com", "bob+work@example.com", "work" },
		{ "bob@example.com", "BOB+Work@Example.COM", "Work" },
		{ "bob@example.com", "bob+lists.debian@example.com", "lists.debian" },
		{ "bob+x@example.com", "bob+x@example.com", "" },
		{ "bob+x@example.com", "bob+x+y@example.com", "y" },
		{ "bob@example.com", "info+work@example.com", "" },
		{ "bob@example.com", "bob+work@other.example", "" },
		{ "bob@example.com", "bob+@example.com", "" },
		{ "bob@example.com", "bob+.@example.com", "" },
		{ "bob@example.com", "bob+..@example.com", "" },
		{ "bob@example.com", "bob+.Junk@example.com", "" },
		{ "bob@example.com", "bob+a..b@example.com", "" },
		{ "bob@example.com", "bob+a.@example.com", "" },
		{ "bob@example.com", "bob+a/b@example.com", "" },
		{ "bob@example.com", "bob+a b@example.com", "" },
		{ "bob@example.com", "bob+\xc3\xa9@example.com", "" },
		{ "bob@example.com", "bobby+work@example.com", "" },
		{ "bob@example.com", "", "" },
		{ "@", "@", "" },
		{ "", "bob", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (!str_eqz(subaddress_of(str_of(t[i].final), str_of(t[i].original)), t[i].folder))
			fail_msg("%s", t[i].original);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_reply_has_its_outcome),
		T(what_the_server_hears),
		T(how_addresses_are_said),
		T(each_recipient_has_an_answer),
		T(what_was_answered_counts),
		T(a_folder_that_the_server_refuses_is_left_out),
		T(silence_is_met_once),
		T(a_loop_is_found),
		T(subaddresses),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
