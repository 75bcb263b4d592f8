#include "deliver/show.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "deliver/retry.h"

/* A page of the list fits a frame of base/ipc.h with room to spare. */
enum { PAGE_MESSAGES = 200, PAGE_BYTES = 400 * 1024, LIST_RCPTS = 20, SHOW_RCPTS = 400, WORDS_MAX = 4 };

enum status { DONE = 0, NO = 1, USAGE = 2 };

void shown_clear(struct shown *a)
{
	buf_clear(&a->output);
	buf_clear(&a->message);
	fd_clear(&a->fd);
}

static void json_time(struct json *j, int64_t wall_ms)
{
	BUF(b);
	int64_t seconds = wall_ms / 1000;

	stamp_put_iso(&b, seconds, zone_offset(seconds));
	json_str(j, buf_str(&b));
}

static const char *state_of(const struct item *it, const struct item_rcpt *r)
{
	if (r->state == RCPT_DONE || rcpt_delivered(r))
		return "done";
	if (r->state == RCPT_FAILED || rcpt_failed(r))
		return "failed";
	if (it->held || (r->held && r->state != RCPT_BUSY))
		return "held";
	return r->state == RCPT_BUSY ? "trying" : "waiting";
}

static void put_rcpt(struct json *j, const struct item *it, const struct envelope *v, size_t i)
{
	const struct item_rcpt *r = &it->rcpts[i];

	json_begin_object(j);
	json_key(j, "index"), json_num(j, (int64_t)i);
	if (i < v->nrcpts) {
		json_key(j, "address"), json_str(j, v->rcpts[i].final);
		json_key(j, "original"), json_str(j, v->rcpts[i].original);
	}
	json_key(j, "channel"), json_z(j, r->channel == CHANNEL_LOCAL ? "local" : "remote");
	json_key(j, "state"), json_z(j, state_of(it, r));
	json_key(j, "attempts"), json_num(j, r->attempts);
	json_key(j, "reason"), json_z(j, r->report);
	json_key(j, "next");
	if (r->state == RCPT_WAITING && !rcpt_over(r) && !r->held && !it->held)
		json_time(j, r->next);
	else
		json_none(j);
	json_end_object(j);
}

struct page {
	struct depot *depot;
	struct json *json;
	size_t most; /* recipients shown of one message */
	size_t only; /* this one alone, or SIZE_MAX */
};

/* Those that still have work to do; of one that was asked for, whatever it is. */
static void put_rcpts(const struct page *p, const struct item *it, const struct envelope *v)
{
	size_t shown = 0, omitted = 0;

	json_key(p->json, "recipients"), json_begin_array(p->json);
	for (size_t i = 0; i < it->nrcpts; i++) {
		bool wanted = p->only == SIZE_MAX ? it->rcpts[i].state != RCPT_DONE : p->only == i;

		if (wanted && shown < p->most && p->json->out->n < PAGE_BYTES)
			put_rcpt(p->json, it, v, i), shown++;
		else if (wanted)
			omitted++;
	}
	json_end_array(p->json);
	json_key(p->json, "omitted"), json_num(p->json, (int64_t)omitted);
}

static void put_item(const struct page *p, struct item *it)
{
	ARENA(mem);
	struct envelope v = { 0 };
	struct json *j = p->json;
	struct err e = { 0 };
	bool known = depot_envelope(p->depot, it, &mem, &v, &e) == 0;
	int64_t age = (clock_wall() - it->born) / 1000;

	json_begin_object(j);
	json_key(j, "qp"), json_num(j, (int64_t)it->qp);
	json_key(j, "time"), json_time(j, it->born);
	json_key(j, "age"), json_num(j, age > 0 ? age : 0);
	json_key(j, "size"), json_num(j, (int64_t)it->size);
	json_key(j, "sender");
	if (known)
		json_str(j, v.sender);
	else
		json_none(j);
	if (!known)
		json_key(j, "damage"), json_z(j, e.text);
	json_key(j, "held"), json_bool(j, it->held);
	put_rcpts(p, it, &v);
	json_end_object(j);
}

/* The first messages above a number, in order; one more than a page, to know whether there is more. */
struct first {
	struct item *at[PAGE_MESSAGES + 1];
	size_t n;
};

static void keep_first(struct first *f, struct item *it)
{
	size_t i = f->n;

	if (f->n == COUNT(f->at) && it->qp > f->at[f->n - 1]->qp)
		return;
	if (f->n == COUNT(f->at))
		i--;
	else
		f->n++;
	for (; i > 0 && f->at[i - 1]->qp > it->qp; i--)
		f->at[i] = f->at[i - 1];
	f->at[i] = it;
}

static void first_after(struct depot *d, uint64_t after, struct first *out)
{
	struct item *it;

	out->n = 0;
	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;)
		if (it->qp > after && it->left > 0)
			keep_first(out, it);
}

static void list(struct depot *d, uint64_t after, struct shown *out)
{
	struct json j = json_to(&out->output);
	struct page p = { d, &j, LIST_RCPTS, SIZE_MAX };
	struct first f;
	size_t i = 0;

	first_after(d, after, &f);
	json_begin_object(&j);
	json_key(&j, "messages"), json_begin_array(&j);
	for (; i < f.n && i < PAGE_MESSAGES && out->output.n < PAGE_BYTES; i++)
		put_item(&p, f.at[i]);
	json_end_array(&j);
	json_key(&j, "more"), json_bool(&j, i < f.n);
	json_end_object(&j);
}

static void say_no(struct shown *out, enum status status, const char *sentence, struct str what)
{
	out->status = status;
	buf_fmt(&out->message, sentence, STR_ARG(what));
}

static void show(struct depot *d, struct str what, struct shown *out)
{
	struct json j = json_to(&out->output);
	struct page p = { d, &j, SHOW_RCPTS, SIZE_MAX };
	struct str qp, rcpt;
	uint64_t number, index = 0;
	bool one = str_cut(what, STR("/"), &qp, &rcpt);
	struct item *it;

	if (!str_u64(qp, INT64_MAX, &number) || (one && !str_u64(rcpt, UINT32_MAX, &index))) {
		say_no(out, USAGE, "%.*s is not QP or QP/RECIPIENT", what);
		return;
	}
	it = depot_find(d, number);
	if (it == NULL || it->left == 0 || index >= it->nrcpts) {
		say_no(out, NO, "there is no message %.*s in the queue", what);
		return;
	}
	if (one)
		p.only = (size_t)index;
	put_item(&p, it);
}

void show_answer(struct depot *d, struct str words, struct shown *out)
{
	struct str word[WORDS_MAX];
	size_t n = 0;
	uint64_t after = 0;
	bool more = true;

	while (more && n < WORDS_MAX)
		more = str_cut(words, STR("\0"), &word[n++], &words);
	if (n <= 2 && str_eqz(word[0], "list") && (n == 1 || str_u64(word[1], INT64_MAX, &after)))
		list(d, after, out);
	else if (n == 2 && str_eqz(word[0], "show"))
		show(d, word[1], out);
	else
		say_no(out, USAGE, "telltale-queue does not know how to %.*s that", word[0]);
}
