/* cli/queue_list.c - what the queue says of itself, page by page. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/queue_call.h"
#include "cli/queue_text.h"

enum { LIMIT_TEXT = 100, LIMIT_JSON = 1000, PAGE = 200, ROWS = 40 };

static void print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
}

static void add_number(struct buf *b, const char *option, long long n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", n);
	queue_word(b, option);
	queue_word(b, text);
}

/* One page behind *after, which becomes its last number. */
static int take_page(struct queue_call *q, long long *after, long long most, json_t **j)
{
	BUF(words);
	const json_t *page;
	int rc;

	queue_word(&words, "list");
	for (int i = 1; i < q->args->nrest; i++)
		queue_word(&words, q->args->rest[i]);
	add_number(&words, "--after", *after);
	add_number(&words, "--limit", most);
	rc = queue_ask(q, buf_str(&words));
	if (rc == 0)
		rc = queue_json(q, j);
	if (rc != 0)
		return rc;
	page = json_object_get(*j, "messages");
	if (json_array_size(page) > 0)
		*after = json_integer_value(json_object_get(json_array_get(page, json_array_size(page) - 1), "qp"));
	return 0;
}

struct listing {
	long long limit, shown, total;
	bool more;
};

static void print_page(const struct queue_call *q, const json_t *page, struct listing *l)
{
	const json_t *m;
	size_t i;

	if (!q->args->json && json_array_size(page) > 0)
		queue_print_messages(page);
	json_array_foreach(page, i, m)
	{
		if (q->args->json && l->shown > 0)
			putchar(',');
		if (q->args->json)
			json_dumpf(m, stdout, JSON_COMPACT);
		l->shown++;
	}
}

static void print_end(const struct queue_call *q, const struct listing *l)
{
	if (q->args->json)
		printf("],\"more\":%s,\"total\":%lld}\n", l->more ? "true" : "false", l->total);
	else if (l->shown == 0)
		fputs(l->total == 0 ? "the queue is empty\n" : "no message in the queue is like that\n", stderr);
	else if (l->more)
		fprintf(stderr, "%lld shown, and there are more (%lld messages in the queue): --limit N, 0 for all\n",
			l->shown, l->total);
}

int queue_list(struct queue_call *q)
{
	struct listing l = { .limit = q->limit >= 0 ? q->limit : q->args->json ? LIMIT_JSON : LIMIT_TEXT };
	long long after = 0, most = PAGE;
	int rc = 0;

	if (q->summary)
		return queue_summary(q);
	do {
		json_t *j = NULL;

		if (l.limit > 0 && l.limit - l.shown < most)
			most = l.limit - l.shown;
		rc = take_page(q, &after, most, &j);
		if (rc != 0)
			return rc;
		if (l.shown == 0 && q->args->json)
			fputs("{\"messages\":[", stdout);
		print_page(q, json_object_get(j, "messages"), &l);
		l.more = json_is_true(json_object_get(j, "more"));
		l.total = json_integer_value(json_object_get(j, "total"));
		json_decref(j);
	} while (l.more && (l.limit == 0 || l.shown < l.limit));
	print_end(q, &l);
	return 0;
}

/* One answer, as it is or as text. */
static int print_answer(struct queue_call *q, struct str words, void (*print)(const json_t *))
{
	json_t *j;
	int rc = queue_ask(q, words);

	if (rc == 0)
		rc = queue_json(q, &j);
	if (rc != 0)
		return rc;
	if (q->args->json)
		print_json(j);
	else
		print(j);
	json_decref(j);
	return 0;
}

int queue_summary(struct queue_call *q)
{
	BUF(words);

	queue_word(&words, "summary");
	for (int i = 1; i < q->args->nrest; i++)
		queue_word(&words, q->args->rest[i]);
	add_number(&words, "--limit", q->limit >= 0 ? q->limit : ROWS);
	return print_answer(q, buf_str(&words), queue_print_summary);
}

int queue_paused(struct queue_call *q)
{
	return print_answer(q, STR("paused"), queue_print_paused);
}

/* What the logs know of it stands below; they may be long, and --no-history leaves them alone. */
static void print_history(const struct queue_call *q)
{
	char id[32];
	char *argv[] = { (char *)(uintptr_t) "trace", id, (char *)(uintptr_t) "-c", (char *)(uintptr_t)q->args->config,
			 NULL };

	snprintf(id, sizeof(id), "id:%.*s", (int)strcspn(q->args->rest[1], "/"), q->args->rest[1]);
	printf("\nhistory (telltale trace %s)\n\n", id);
	fflush(stdout);
	if (q->args->config == NULL)
		argv[2] = NULL;
	(void)cli_command_trace.run(q->args->config == NULL ? 2 : 4, argv);
}

int queue_show(struct queue_call *q)
{
	BUF(words);
	int rc;

	queue_word(&words, "show");
	queue_word(&words, q->args->rest[1]);
	rc = print_answer(q, buf_str(&words), queue_print_message);
	if (rc == 0 && !q->args->json && !q->brief)
		print_history(q);
	return rc;
}
