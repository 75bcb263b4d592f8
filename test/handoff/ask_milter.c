/* ask_milter MESSAGE --at SERVICE [--at SERVICE]... [--ip] [--helo] [--from] [--rcpt]... [--user] [--times N]
 *
 * Shows a message to filters, one after the other, as a session would, in a fiber; each sees the header as the ones
 * before left it.  Writes what they said, line by line, an empty line, and the message as it would be stored. */
#include "drive.h"

#include "base/clock.h"
#include "handoff/milter.h"

enum { MOST = 16, PATIENCE = 20000 };

static const char *const verdicts[] = { "continue", "accept", "reject", "tempfail", "discard", "shutdown", "failed" };

static enum milter_verdict tell(const char *step, struct milter_word w)
{
	printf("%s: %s", step, verdicts[w.is]);
	if (w.reply.code != 0)
		printf(" %d %s %.*s", w.reply.code, w.reply.enhanced, STR_ARG(w.reply.text));
	if (w.is == MILTER_FAILED)
		printf(" %.*s", STR_ARG(w.words));
	printf("\n");
	return w.is;
}

static void tell_changes(const struct milter_changes *c)
{
	static const char *const kinds[] = { "add", "insert", "change", "delete" };

	for (size_t i = 0; i < c->n; i++)
		printf("%s: %d %.*s\n", kinds[c->edits[i].kind], c->edits[i].at, STR_ARG(c->edits[i].name));
	if (c->quarantine)
		printf("quarantine: %.*s\n", STR_ARG(c->reason));
	if (c->refused > 0)
		printf("refused: %zu %s\n", c->refused, c->why);
}

static struct milter_path path_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return (struct milter_path){ .address = address,
				     .domain = at < 0 ? STR("") : str_skip(address, (size_t)at + 1) };
}

static enum milter_verdict envelope(struct milter *m)
{
	struct milter_path from = path_of(option(argv, "from"));
	struct str rcpts[MOST];
	size_t n = options(argv, "rcpt", rcpts, MOST);
	enum milter_verdict v = tell("mail", milter_mail(m, &from));

	for (size_t i = 0; i < n && v == MILTER_CONTINUE; i++) {
		struct milter_path to = path_of(rcpts[i]);

		v = tell("rcpt", milter_rcpt(m, &to));
	}
	return v == MILTER_CONTINUE ? tell("data", milter_data(m)) : v;
}

static void one_message(struct milter *m, struct head *h, struct str body, struct arena *a)
{
	struct milter_changes changes;
	enum milter_verdict v = envelope(m);

	if (v == MILTER_CONTINUE)
		v = tell("header", milter_head(m, h));
	for (struct str piece; v == MILTER_CONTINUE && body.n > 0; body = str_skip(body, piece.n)) {
		piece = str_take(body, 1000);
		v = milter_body(m, piece).is;
	}
	tell("end", milter_end(m, a, &changes));
	tell_changes(&changes);
	head_edit(h, changes.edits, changes.n);
}

static int visit(struct str at, struct head *h, struct str body, struct arena *a)
{
	struct milter_facts facts = { .hostname = STR("mx.example.org"),
				      .daemon = STR("smtp"),
				      .version = STR("Telltale"),
				      .ip = option(argv, "ip"),
				      .port = 12345,
				      .auth_authen = option(argv, "user"),
				      .id = STR("77") };
	struct milter_set set = { "filter", { .n = 0 }, PATIENCE, PATIENCE, PATIENCE, PATIENCE };
	int times = atoi(option(argv, "times").p);
	struct milter *m;
	struct err e;

	if (service_read(&set.at, at, &e) < 0) {
		fprintf(stderr, "%.*s %s\n", STR_ARG(at), e.text);
		return -1;
	}
	m = milter_new(&set, &facts);
	tell("connect", milter_connect(m));
	tell("helo", milter_helo(m, option(argv, "helo")));
	for (int i = 0; i < (times > 0 ? times : 1); i++)
		one_message(m, h, body, a);
	milter_free(m);
	return 0;
}

static void go(void *arg)
{
	struct message *message = arg;
	struct str at[MOST];
	size_t n = options(argv, "at", at, MOST);
	struct head h;
	ARENA(a);
	BUF(out);

	head_read(&h, &a, message->head);
	for (size_t i = 0; i < n; i++)
		if (visit(at[i], &h, message->body, &a) < 0)
			return;
	head_put(&out, &h, HEAD_WHOLE);
	printf("\n%.*s\r\n", STR_ARG(buf_str(&out)));
	fwrite(message->body.p, 1, message->body.n, stdout);
	status = 0;
}

int main(int argc, char **args)
{
	return drive("ask_milter", argc, args, go);
}
