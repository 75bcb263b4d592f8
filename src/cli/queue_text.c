/* cli/queue_text.c - messages of the queue as text for people. */
#include "cli/queue_text.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

/* A report's lines stand side by side; nothing from outside commands the terminal. */
static void put_plain(struct buf *b, const char *z)
{
	struct str rest = str_of(z), line;

	for (bool more = true, first = true; more; first = false) {
		more = str_cut(rest, STR("\n"), &line, &rest);
		if (!first && line.n > 0)
			buf_adds(b, "; ");
		utf8_show(b, line);
	}
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *z = json_string_value(json_object_get(j, key));

	return z != NULL ? z : "";
}

static long long number_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static void put_age(struct buf *b, long long s)
{
	if (s < 100)
		buf_fmt(b, "%llds", s);
	else if (s < 100 * 60)
		buf_fmt(b, "%lldm", s / 60);
	else if (s < 48 * 3600)
		buf_fmt(b, "%lldh", s / 3600);
	else
		buf_fmt(b, "%lldd", s / 86400);
}

static void put_size(struct buf *b, long long n)
{
	if (n < 10000)
		buf_fmt(b, "%lld", n);
	else if (n < 10000 * 1024LL)
		buf_fmt(b, "%lldK", n / 1024);
	else
		buf_fmt(b, "%lldM", n / 1024 / 1024);
}

/* "2021-03-09T12:43:51+02:00" as "03-09 12:43:51": the machine's time, without what the reader knows. */
static void put_time(struct buf *b, const char *iso)
{
	if (strlen(iso) < 19)
		buf_addc(b, '-');
	else
		buf_fmt(b, "%.5s %.8s", iso + 5, iso + 11);
}

enum { COLUMNS_MOST = 12 };

static const char *const message_titles[] = { "QP",    "AGE",   "SIZE",     "SENDER",   "RECIPIENT",
					      "STATE", "TRIES", "NEXT TRY", "GIVEN UP", "WHY IT WAITS" };
static const char *const summary_titles[] = { "DESTINATION", "MESSAGES", "RECIPIENTS", "HELD",      "OLDEST",
					      "STATE",       "BUSY",     "NEXT TRY",   "LAST REPLY" };
static const char *const paused_titles[] = { "DESTINATION", "SINCE", "UNTIL", "BY", "WHY" };

/* A row: its cells in one buf, NUL between them. */
static void put_row(struct buf *b, const json_t *m, const json_t *r)
{
	buf_fmt(b, "%lld/%lld", number_of(m, "qp"), number_of(r, "index")), buf_addc(b, '\0');
	put_age(b, number_of(m, "age")), buf_addc(b, '\0');
	put_size(b, number_of(m, "size")), buf_addc(b, '\0');
	buf_addc(b, '<'), put_plain(b, text_of(m, "sender")), buf_adds(b, ">"), buf_addc(b, '\0');
	put_plain(b, text_of(r, "address")), buf_addc(b, '\0');
	put_plain(b, text_of(r, "state")), buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(r, "attempts")), buf_addc(b, '\0');
	put_time(b, text_of(r, "next")), buf_addc(b, '\0');
	put_time(b, text_of(r, "until")), buf_addc(b, '\0');
	put_plain(b, text_of(r, "why")), buf_addc(b, '\0');
}

static void put_titles(struct buf *b, const char *const *titles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add(b, titles[i], strlen(titles[i]) + 1);
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width_of(const char *z)
{
	size_t n = 0;

	for (; *z != '\0'; z++)
		n += ((unsigned char)*z & 0xc0) != 0x80;
	return n;
}

static void print_table(const struct buf *cells, size_t columns)
{
	size_t width[COLUMNS_MOST] = { 0 };
	const char *end = cells->p + cells->n;
	size_t i = 0;

	for (const char *z = cells->p; z < end; z += strlen(z) + 1, i++)
		if (width_of(z) > width[i % columns])
			width[i % columns] = width_of(z);
	i = 0;
	for (const char *z = cells->p; z < end; z += strlen(z) + 1, i++) {
		bool last = i % columns == columns - 1;

		fputs(z, stdout);
		if (last)
			putchar('\n');
		else
			printf("%*s", (int)(width[i % columns] - width_of(z)) + 2, "");
	}
}

void queue_print_messages(const json_t *messages)
{
	BUF(cells);
	const json_t *m, *r;
	size_t i, k;
	long long omitted = 0;

	put_titles(&cells, message_titles, COUNT(message_titles));
	json_array_foreach(messages, i, m)
	{
		json_array_foreach(json_object_get(m, "recipients"), k, r) put_row(&cells, m, r);
		omitted += number_of(m, "omitted");
	}
	if (json_array_size(messages) > 0)
		print_table(&cells, COUNT(message_titles));
	if (omitted > 0)
		fprintf(stderr, "%lld more recipients are not shown: telltale queue show QP/RECIPIENT\n", omitted);
}

static void print_line(const char *name, const char *value)
{
	BUF(b);

	put_plain(&b, value);
	if (*value != '\0')
		printf("%-11s%s\n", name, buf_z(&b));
}

static void print_rcpt(const json_t *r)
{
	printf("\n%-11s%lld\n", "recipient", number_of(r, "index"));
	print_line("address", text_of(r, "address"));
	if (strcmp(text_of(r, "original"), text_of(r, "address")) != 0)
		print_line("sent to", text_of(r, "original"));
	print_line("channel", text_of(r, "channel"));
	print_line("state", text_of(r, "state"));
	printf("%-11s%lld\n", "tries", number_of(r, "attempts"));
	print_line("reason", text_of(r, "reason"));
	print_line("why", text_of(r, "why"));
	print_line("next try", text_of(r, "next"));
	print_line("given up", text_of(r, "until"));
	print_line("by host", text_of(r, "host"));
}

void queue_print_message(const json_t *m)
{
	BUF(age);
	BUF(sender);
	const json_t *r;
	size_t i;

	put_age(&age, number_of(m, "age"));
	buf_fmt(&sender, "<%s>", text_of(m, "sender"));
	printf("%-11s%lld\n", "qp", number_of(m, "qp"));
	print_line("accepted", text_of(m, "time"));
	print_line("age", buf_z(&age));
	printf("%-11s%lld\n", "bytes", number_of(m, "size"));
	print_line("sender", buf_z(&sender));
	print_line("damage", text_of(m, "damage"));
	json_array_foreach(json_object_get(m, "recipients"), i, r) print_rcpt(r);
	if (number_of(m, "omitted") > 0)
		fprintf(stderr, "%lld more recipients are not shown\n", number_of(m, "omitted"));
}

static void put_state(struct buf *b, const json_t *d)
{
	put_plain(b, text_of(d, "state"));
	if (text_of(d, "alone-until")[0] != '\0')
		buf_adds(b, " until "), put_time(b, text_of(d, "alone-until"));
	if (text_of(d, "paused-until")[0] != '\0')
		buf_adds(b, " until "), put_time(b, text_of(d, "paused-until"));
	if (text_of(d, "paused-why")[0] != '\0')
		buf_adds(b, ": "), put_plain(b, text_of(d, "paused-why"));
}

static void put_destination(struct buf *b, const json_t *d)
{
	put_plain(b, text_of(d, "destination"));
	if (strcmp(text_of(d, "channel"), "local") == 0)
		buf_adds(b, " (here)");
	buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(d, "messages")), buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(d, "recipients")), buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(d, "held")), buf_addc(b, '\0');
	put_time(b, text_of(d, "oldest")), buf_addc(b, '\0');
	put_state(b, d), buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(d, "busy"));
	if (json_is_integer(json_object_get(d, "concurrency")))
		buf_fmt(b, " of %lld", number_of(d, "concurrency"));
	buf_addc(b, '\0');
	put_time(b, text_of(d, "next")), buf_addc(b, '\0');
	put_plain(b, text_of(d, "reply")), buf_addc(b, '\0');
}

static void print_count(const json_t *j, const char *key, const char *thing)
{
	fprintf(stderr, "%lld %s%s", number_of(j, key), thing, number_of(j, key) == 1 ? "" : "s");
}

void queue_print_summary(const json_t *j)
{
	BUF(cells);
	const json_t *d;
	size_t i;

	put_titles(&cells, summary_titles, COUNT(summary_titles));
	json_array_foreach(json_object_get(j, "destinations"), i, d) put_destination(&cells, d);
	if (i > 0)
		print_table(&cells, COUNT(summary_titles));
	print_count(j, "messages", "message"), fputs(", ", stderr), print_count(j, "recipients", "recipient");
	if (number_of(j, "more") > 0)
		fputs("; ", stderr), print_count(j, "more", "more destination"), fputs(": --limit N", stderr);
	fputc('\n', stderr);
}

void queue_print_paused(const json_t *j)
{
	BUF(cells);
	const json_t *p;
	size_t i;

	put_titles(&cells, paused_titles, COUNT(paused_titles));
	json_array_foreach(json_object_get(j, "paused"), i, p)
	{
		put_plain(&cells, text_of(p, "destination")), buf_addc(&cells, '\0');
		put_time(&cells, text_of(p, "since")), buf_addc(&cells, '\0');
		put_time(&cells, text_of(p, "until")), buf_addc(&cells, '\0');
		put_plain(&cells, text_of(p, "by")), buf_addc(&cells, '\0');
		put_plain(&cells, text_of(p, "why")), buf_addc(&cells, '\0');
	}
	if (i > 0)
		print_table(&cells, COUNT(paused_titles));
	else
		fputs("nothing is paused\n", stderr);
}
