/* ask_rspamd MESSAGE --at SERVICE [--from] [--rcpt]... [--ip] [--helo] [--user] [--deliver-to] [--password]
 *            [--patience MS]
 *
 * Asks rspamd about a message, in a fiber, and writes its answer as JSON: the edits, and the header after them. */
#include "drive.h"

#include "base/clock.h"
#include "base/json.h"
#include "handoff/rspamd.h"

enum { MOST = 4096 };

static void put_z(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	json_str(j, s);
}

static void put_answer(struct buf *out, const struct rspamd_answer *x, struct str head)
{
	struct json j = json_to(out);
	struct head h;
	ARENA(a);
	BUF(edited);

	json_begin_object(&j);
	put_z(&j, "action", str_of(rspamd_action_name(x->action)));
	put_z(&j, "text", x->action_text);
	json_key(&j, "score"), json_num(&j, (int64_t)(x->score * 100));
	json_key(&j, "required"), json_num(&j, (int64_t)(x->required * 100));
	json_key(&j, "symbols"), json_begin_array(&j);
	for (size_t i = 0; i < x->ntop; i++)
		json_str(&j, x->top[i].name);
	json_end_array(&j);
	json_key(&j, "of"), json_num(&j, (int64_t)x->nsymbols);
	json_key(&j, "edits"), json_num(&j, (int64_t)x->nedits);
	json_key(&j, "refused"), json_num(&j, (int64_t)x->refused);
	put_z(&j, "message", x->message);
	put_z(&j, "subject", x->subject);
	head_read(&h, &a, head);
	head_edit(&h, x->edits, x->nedits);
	head_put(&edited, &h, HEAD_WHOLE);
	put_z(&j, "header", buf_str(&edited));
	json_end_object(&j);
}

static int ask(struct rspamd *r, const struct message *m)
{
	struct str rcpts[MOST], head = str_mem(m->head.p, m->head.n + 2), patience = option(argv, "patience");
	struct rspamd_question q = { .from = option(argv, "from"),
				     .rcpts = rcpts,
				     .nrcpts = options(argv, "rcpt", rcpts, MOST),
				     .ip = option(argv, "ip"),
				     .helo = option(argv, "helo"),
				     .user = option(argv, "user"),
				     .id = STR("77"),
				     .deliver_to = option(argv, "deliver-to"),
				     .head = head,
				     .body = &m->body,
				     .nbody = 1 };
	struct rspamd_answer x;
	struct err e;
	ARENA(a);
	BUF(out);

	if (rspamd_ask(r, &q, deadline_in(patience.n > 0 ? atoi(patience.p) : 20000), &a, &x, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	put_answer(&out, &x, m->head);
	printf("%s\n", buf_z(&out));
	return 0;
}

static void go(void *arg)
{
	struct rspamd_set set = { .password = option(argv, "password").p, .hostname = "mx.example.org", .most = 4 };
	struct rspamd *r;
	struct err e;

	if (rspamd_service(&set.at, option(argv, "at"), &e) < 0 || (r = rspamd_new(&set, &e)) == NULL) {
		fprintf(stderr, "%s\n", e.text);
		return;
	}
	status = ask(r, arg);
	rspamd_free(r);
}

int main(int argc, char **args)
{
	return drive("ask_rspamd", argc, args, go);
}
