/* Lists: what an entry may be and whom it means, which of several counts, files, long lists. */
#include "list_rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "gate/ip_range.h"
#include "gate/rules.h"
#include "spent.h"

static const struct row entries[] = {
	/* clang-format off */
	{ LIST_IP, "192.0.2.7", { "192.0.2.7" }, { "192.0.2.70", "192.0.2.6", "2001:db8::1", "", "x" }, NULL },
	{ LIST_IP, "192.000.002.007", { "192.0.2.7" }, { "192.0.2.8" }, NULL },
	{ LIST_IP, "192.0.2", { "192.0.2.0", "192.0.2.255" }, { "192.0.3.0", "192.0.1.255" }, NULL },
	{ LIST_IP, "192.0.2.", { "192.0.2.0", "192.0.2.255" }, { "192.0.20.1" }, NULL },
	{ LIST_IP, "11", { "11.0.0.0", "11.255.255.255" }, { "10.255.255.255", "12.0.0.0" }, NULL },
	{ LIST_IP, "11.22.33-44.55", { "11.22.34.55", "11.22.33.55", "11.22.44.55" },
	  { "11.22.34.56", "11.22.32.55", "11.22.45.55" }, NULL },
	{ LIST_IP, "11.22-44", { "11.22.0.0", "11.36.1.26", "11.44.255.255" }, { "11.21.255.255", "11.45.0.0" },
	  NULL },
	{ LIST_IP, "11.22-44.", { "11.43.178.240" }, { "11.45.0.0" }, NULL },
	{ LIST_IP, "1-2.0-9.7.1-3", { "1.0.7.1", "2.9.7.3" }, { "1.0.7.4", "3.0.7.1", "2.10.7.1", "1.0.8.1" }, NULL },
	{ LIST_IP, "0-255.7.0.1-2", { "0.7.0.1", "255.7.0.2" }, { "0.7.0.3", "0.8.0.1" }, NULL },
	{ LIST_IP, "192.0.2.128/25", { "192.0.2.128", "192.0.2.255" }, { "192.0.2.127", "192.0.3.0" }, NULL },
	{ LIST_IP, "192.0.2.200/24", { "192.0.2.0" }, { "192.0.1.255" }, NULL },
	{ LIST_IP, "192.0.2.1/32", { "192.0.2.1" }, { "192.0.2.2" }, NULL },
	{ LIST_IP, "0.0.0.0/0", { "0.0.0.0", "255.255.255.255" }, { "::", "2001:db8::1" }, NULL },
	{ LIST_IP, "11.22.0.0/255.255.0.0", { "11.22.59.111" }, { "11.23.0.0" }, NULL },
	{ LIST_IP, "11.22.0.0/0.0.0.0", { "1.2.3.4" }, { "::1" }, NULL },
	{ LIST_IP, "2001:db8::7", { "2001:db8::7", "2001:DB8:0::7" }, { "2001:db8::8", "192.0.2.7" }, NULL },
	{ LIST_IP, "2001:db8::/33", { "2001:db8:7fff::1" }, { "2001:db8:8000::", "2001:db7::" }, NULL },
	{ LIST_IP, "::/0", { "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" }, { "192.0.2.7" }, NULL },
	{ LIST_IP, "::ffff:192.0.2.7", { "192.0.2.7", "::ffff:192.0.2.7" }, { "192.0.2.8" }, NULL },
	{ LIST_IP, "::ffff:192.0.2.0/120", { "192.0.2.9" }, { "192.0.3.0" }, NULL },
	{ LIST_IP, "", { 0 }, { 0 }, "an octet is 0 to 255" },
	{ LIST_IP, ".", { 0 }, { 0 }, "an octet is 0 to 255" },
	{ LIST_IP, "256.0.0.1", { 0 }, { 0 }, "an octet is 0 to 255" },
	{ LIST_IP, "0192.0.2.1", { 0 }, { 0 }, "an octet has at most three digits" },
	{ LIST_IP, "192.0.2.9-3", { 0 }, { 0 }, "a range goes from the smaller to the larger number" },
	{ LIST_IP, "192.0.2.7.", { 0 }, { 0 }, "not an address" },
	{ LIST_IP, "192..2.7", { 0 }, { 0 }, "not an address" },
	{ LIST_IP, "192.0.2.7x", { 0 }, { 0 }, "not an address" },
	{ LIST_IP, "mx.example.com", { 0 }, { 0 }, "an octet is 0 to 255" },
	{ LIST_IP, "192.0.2.0/33", { 0 }, { 0 }, "not a netmask" },
	{ LIST_IP, "192.0.2.0/", { 0 }, { 0 }, "not a netmask" },
	{ LIST_IP, "192.0.2.0/-1", { 0 }, { 0 }, "not a netmask" },
	{ LIST_IP, "192.0.2.0/255.0.255.0", { 0 }, { 0 }, "not a netmask" },
	{ LIST_IP, "192.0.2/24", { 0 }, { 0 }, "a netmask stands behind a whole address" },
	{ LIST_IP, "192.0.2.1-9/24", { 0 }, { 0 }, "a netmask stands behind a whole address" },
	{ LIST_IP, "2001:db8::/129", { 0 }, { 0 }, "not a netmask" },
	{ LIST_IP, "2001:db8::x", { 0 }, { 0 }, "not an address" },
	{ LIST_IP, "::ffff:0.0.0.0/95", { 0 }, { 0 }, "of an IPv4 address in IPv6 form at least 96 bits count" },
	{ LIST_IP, "0-255.0-255.1.1", { 0 }, { 0 }, "these are too many ranges: write them as several entries" },

	{ LIST_RELAY, "192.0.2.7", { "192.0.2.7" }, { "192.0.2.8" }, NULL },
	{ LIST_RELAY, "0.0.0.0/1", { "1.2.3.4" }, { "128.0.0.0" }, NULL },
	{ LIST_RELAY, "0.0.0.0/0", { 0 }, { 0 }, "this would let everybody relay" },
	{ LIST_RELAY, "1.2.3.4/0.0.0.0", { 0 }, { 0 }, "this would let everybody relay" },
	{ LIST_RELAY, "0-255", { 0 }, { 0 }, "this would let everybody relay" },
	{ LIST_RELAY, "::ffff:0.0.0.0/96", { 0 }, { 0 }, "this would let everybody relay" },
	{ LIST_RELAY, "::/0", { 0 }, { 0 }, "this would let everybody relay" },

	{ LIST_NAME, "Mail.Example.com", { "mail.example.com" },
	  { "x.mail.example.com", "example.com", "mail.example.comx", "" }, NULL },
	{ LIST_NAME, ".example.com", { "example.com", "mail.example.com", "a.b.example.com" },
	  { "badexample.com", "com", "example.com.evil", "" }, NULL },
	{ LIST_NAME, "mail.example.com.", { "mail.example.com" }, { "example.com" }, NULL },
	{ LIST_NAME, ".example.com.", { "a.example.com" }, { "com" }, NULL },
	{ LIST_NAME, ".com", { "a.example.com", "com" }, { "a.example.org" }, NULL },
	{ LIST_NAME, "", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },
	{ LIST_NAME, ".", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },
	{ LIST_NAME, "..com", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },
	{ LIST_NAME, "a..com", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },
	{ LIST_NAME, "*.com", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },
	{ LIST_NAME, "a@b", { 0 }, { 0 }, "not a domain name, nor one with a dot before it" },

	{ LIST_ADDRESS, "Fred@Example.com", { "fred@example.com" },
	  { "fred@mail.example.com", "freda@example.com", "", "fred" }, NULL },
	{ LIST_ADDRESS, "@example.com", { "fred@example.com", "fred@a.mail.example.com", "a@b@example.com" },
	  { "fred@badexample.com", "@example.com.evil", "example.com", "" }, NULL },
	{ LIST_ADDRESS, "\"a b\"@example.com", { "a b@example.com" }, { "ab@example.com" }, NULL },
	{ LIST_ADDRESS, "a#1@example.com", { "a#1@example.com" }, { "a@example.com" }, NULL },
	{ LIST_ADDRESS, "@[192.0.2.1]", { "x@[192.0.2.1]" }, { "x@192.0.2.1" }, NULL },
	{ LIST_ADDRESS, "fred", { 0 }, { 0 }, "not an address: user@domain or @domain" },
	{ LIST_ADDRESS, "", { 0 }, { 0 }, "not an address: user@domain or @domain" },
	{ LIST_ADDRESS, "fred@", { 0 }, { 0 }, "not an address: user@domain or @domain" },
	{ LIST_ADDRESS, "@", { 0 }, { 0 }, "not a domain name behind the @" },
	{ LIST_ADDRESS, "@a..b", { 0 }, { 0 }, "not a domain name behind the @" },
	{ LIST_ADDRESS, "<a@b.example>", { 0 }, { 0 }, "not an address: user@domain or @domain" },
	/* clang-format on */
};

static void entries_as_a_table(void **state)
{
	(void)state;
	check_entries(entries, COUNT(entries));
}

static void the_first_of_several_counts(void **state)
{
	static const struct {
		enum list_kind kind;
		const char *entries[4], *value, *hit;
	} t[] = {
		{ LIST_IP, { "192.0.2.7", "192.0.2.", "192.0.2.7" }, "192.0.2.7", "192.0.2.7" },
		{ LIST_IP, { "192.0.2.", "192.0.2.7", "0.0.0.0/0" }, "192.0.2.7", "192.0.2." },
		{ LIST_IP, { "192.0.2.7", "0.0.0.0/0", "192.0.2." }, "192.0.2.8", "0.0.0.0/0" },
		{ LIST_IP, { "192.0.2.1-5", "192.0.2.4-9", "192.0.2." }, "192.0.2.5", "192.0.2.1-5" },
		{ LIST_IP, { "192.0.2.4-9", "192.0.2.1-5", "192.0.2." }, "192.0.2.5", "192.0.2.4-9" },
		{ LIST_NAME, { ".com", "a.b.com", ".b.com" }, "a.b.com", ".com" },
		{ LIST_NAME, { "a.b.com", ".com", ".b.com" }, "a.b.com", "a.b.com" },
		{ LIST_NAME, { "x.com", ".b.com", ".com" }, "a.b.com", ".b.com" },
		{ LIST_ADDRESS, { "@com", "u@b.com" }, "u@b.com", "@com" },
		{ LIST_ADDRESS, { "u@b.com", "@com" }, "u@b.com", "u@b.com" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct list *l = list_new(t[i].kind);
		const char *why;
		struct hit h;

		for (size_t k = 0; k < 4 && t[i].entries[k] != NULL; k++)
			assert_int_equal(list_add(l, str_of(t[i].entries[k]), &why), 0);
		list_seal(l);
		assert_true(list_find(l, str_of(t[i].value), &h));
		if (!str_eqz(h.entry, t[i].hit))
			fail_msg("row %zu: %.*s", i, STR_ARG(h.entry));
		list_free(l);
	}
}

static void files(void **state)
{
	static const struct {
		const char *text, *hit, *why;
		int line; /* of the hit of 192.0.2.7 */
	} t[] = {
		{ "", NULL, NULL, 0 },
		{ "# nobody\n\n   \n", NULL, NULL, 0 },
		{ "# x\n192.0.2.7\n", "192.0.2.7", NULL, 2 },
		{ "192.0.2.6\r\n\t192.0.2. # all\r\n", "192.0.2.", NULL, 2 },
		{ "192.0.2.7", NULL,
		  "f:1: the last line has no newline: the file may have been cut (if it is whole, end it with one)",
		  0 },
		{ "192.0.2.70\n192.0.2", NULL,
		  "f:2: the last line has no newline: the file may have been cut (if it is whole, end it with one)",
		  0 },
		{ "\n192.0.2.7 192.0.2.8\n", NULL, "f:2: not an address", 0 },
		{ "192.0.2.7\n192.0.2.\001\n", NULL, "f:2: control bytes", 0 },
		{ "192.0.2.7\n\nx.example\n", NULL, "f:3: an octet is 0 to 255", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct list *l = list_new(LIST_IP);
		struct err e = { 0 };
		struct hit h;
		int rc = list_add_text(l, str_of(t[i].text), "f", &e);

		if (rc != (t[i].why == NULL ? 0 : -1))
			fail_msg("row %zu: %s", i, e.text);
		if (t[i].why != NULL)
			assert_string_equal(e.text, t[i].why);
		list_seal(l);
		assert_int_equal(rc == 0 && list_find(l, STR("192.0.2.7"), &h), t[i].hit != NULL);
		if (t[i].hit != NULL) {
			assert_true(str_eqz(h.entry, t[i].hit) && str_eqz(h.file, "f"));
			assert_int_equal(h.line, t[i].line);
		}
		list_free(l);
	}
}

/* A long line, and everything that is no file. */
static void what_cannot_be_read(void **state)
{
	char dir[] = "/tmp/list-XXXXXX", fifo[64], empty[64];
	struct list *l = list_new(LIST_IP);
	struct err e;
	BUF(line);
	BUF(text);

	(void)state;
	for (int i = 0; i <= LIST_LINE_MAX; i++)
		buf_addc(&line, '1');
	buf_addc(&line, '\n');
	assert_int_equal(list_add_text(l, buf_str(&line), "f", &e), -1);
	assert_string_equal(e.text, "f:1: this line is too long");
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(empty, sizeof(empty), "%s/empty", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	close(open(empty, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(list_slurp(fifo, &text, &e), -1);
	assert_non_null(strstr(e.text, "is not a file"));
	assert_int_equal(list_slurp(dir, &text, &e), -1);
	assert_int_equal(list_slurp("/nonexistent/list", &text, &e), -1);
	assert_int_equal(list_slurp("/dev/zero", &text, &e), -1);
	assert_int_equal(list_slurp(empty, &text, &e), 0);
	assert_int_equal(text.n, 0);
	unlink(fifo);
	unlink(empty);
	rmdir(dir);
	list_free(l);
}

/* The cover against the plain meaning: of ranges drawn at random, the first that holds the address. */
static void a_cover_is_the_first_range_that_holds(void **state)
{
	struct ip_range r[60];
	struct ip_cover c;
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t n = 1 + (seed >> 8) % COUNT(r);

		for (size_t i = 0; i < n; i++) {
			unsigned char from, to;

			seed = seed * 1103515245 + 12345;
			from = (unsigned char)(seed >> 16);
			to = (unsigned char)(from + (seed >> 24) % (256u - from));
			r[i] = (struct ip_range){ .from.b = { 4 }, .to.b = { 4 }, .owner = (unsigned)i };
			r[i].from.b[16] = from;
			r[i].to.b[16] = to;
		}
		ip_cover_init(&c, r, n);
		for (unsigned at = 0; at < 256; at++) {
			struct ip x = { .b = { 4, [16] = (unsigned char)at } };
			unsigned want = IP_NOBODY;

			for (size_t i = n; i-- > 0;)
				if (r[i].from.b[16] <= at && at <= r[i].to.b[16])
					want = (unsigned)i;
			assert_int_equal(ip_cover_find(&c, &x), want);
		}
		ip_cover_clear(&c);
	}
}

/* 100,000 entries: asking is not a walk over them. */
static void a_long_list_is_asked_quickly(void **state)
{
	enum { ENTRIES = 100000, QUESTIONS = 20000 };
	static const enum list_kind kinds[] = { LIST_IP, LIST_NAME, LIST_ADDRESS };
	static const char *const forms[] = { "10.%d.%d.%d\n", "h%d-%d-%d.example\n", "u%d.%d.%d@example.com\n" };

	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct list *l = list_new(kinds[k]);
		int64_t began;
		struct err e;
		struct hit h;
		BUF(text);

		for (int i = 0; i < ENTRIES; i++)
			buf_fmt(&text, forms[k], i >> 16, i >> 8 & 255, i & 255);
		if (list_add_text(l, buf_str(&text), "f", &e) < 0)
			fail_msg("%s", e.text);
		list_seal(l);
		began = spent();
		for (int i = 0; i < QUESTIONS; i++) {
			char value[64];

			snprintf(value, sizeof(value), forms[k], i >> 16, i >> 8 & 255, i & 255);
			assert_true(list_find(l, str_trim(str_of(value)), &h));
			assert_int_equal(h.line, i + 1);
		}
		/* A walk would look at 200 million entries: minutes under a sanitizer. */
		assert_in_range(spent() - began, 0, 10000);
		list_free(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_as_a_table),
		cmocka_unit_test(the_first_of_several_counts),
		cmocka_unit_test(files),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(a_cover_is_the_first_range_that_holds),
		cmocka_unit_test(a_long_list_is_asked_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
