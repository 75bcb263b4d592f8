#include "digest/digest.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "digest/owners.h"
#include "index/asked.h"
#include "queue/spool.h"

enum { WAIT = 20000 /* ms */, PAGES_MOST = 10000 };

struct work {
	const struct digest_set *set;
	struct ipc_client *lookup;
	struct owners owners;
	uint64_t letters; /* that were written */
	struct err e;
};

struct str digest_page(struct str address, struct str policy_url)
{
	static const struct str end = STR_INIT("/why/%ref");

	if (address.n > 0)
		return address;
	return str_ends(policy_url, end) ? str_take(policy_url, policy_url.n - end.n + 1) : STR("");
}

/* ---- telltale-lookup ---- */

/* -1: it cannot be asked, or says no. */
static int ask(struct work *k, struct arena *a, struct str words, struct str *output)
{
	struct lookup_call call = { .mem = a, .deadline = deadline_in(WAIT), .e = &k->e };
	struct own_told told;

	if (lookup_own(k->lookup, words, &call, &told) < 0)
		return -1;
	*output = told.output;
	return told.status == 0 ? 0 : err_set(&k->e, "%.*s", STR_ARG(told.message));
}

static void add_word(struct buf *b, struct str word)
{
	if (b->n > 0)
		buf_addc(b, '\0');
	buf_addstr(b, word);
}

/* All who want a letter, page by page. */
static int find_owners(struct work *k)
{
	struct str after = STR("");

	for (int i = 0; i < PAGES_MOST; i++) {
		ARENA(a);
		BUF(words);
		struct str json;

		add_word(&words, STR("digest"));
		add_word(&words, STR("list"));
		if (after.n > 0)
			add_word(&words, after);
		if (ask(k, &a, buf_str(&words), &json) < 0 || owners_read(&k->owners, json, &after, &k->e) < 0)
			return -1;
		if (after.n == 0)
			return 0;
	}
	return err_set(&k->e, "telltale-lookup names owners without end");
}

static int note(struct work *k, const struct owner *w, int64_t week)
{
	ARENA(a);
	BUF(words);
	struct str none;

	add_word(&words, STR("digest"));
	add_word(&words, STR("note"));
	add_word(&words, w->mailbox);
	add_word(&words, arena_num(&a, (uint64_t)(week > 0 ? week : 0)));
	return ask(k, &a, buf_str(&words), &none);
}

/* ---- the logs ---- */

static bool count(void *with, const struct refused *row)
{
	owners_count(with, row);
	return true;
}

static int read_answer(void *with, const struct trace_ask *t, struct buf *out)
{
	struct work *k = with;
	struct answer a;

	(void)out;
	if (trace_answer(&a, t, &k->e) < 0)
		return -1;
	for (struct owner *w = k->owners.first; w != NULL; w = w->next) {
		w->n = 0; /* a damaged index is asked, and then the logs */
		map_clear(&w->by_key);
	}
	refused_each(&a, count, &k->owners);
	answer_clear(&a);
	return 0;
}

/* A day more on both sides: rows are counted by their own time. */
static int read_logs(struct work *k)
{
	const struct conf *c = k->set->conf;
	const char *dir = conf_z(c->top.log_dir);
	int64_t from = k->owners.since, to = digest_week_begin(k->owners.week + 1) + 86400;
	struct civil begin = civil_of_seconds(from - 86400 + zone_offset(from));
	struct civil end = civil_of_seconds(to + zone_offset(to));
	ARENA(a);
	struct asked asked = { .paths = { &dir, 1, SOURCE_UNPACKED_MAX },
			       .index = arena_fmt(&a, "%s/index", conf_z(c->top.data_dir)).p };
	struct trace_ask t = {
		.limit = SIZE_MAX, .everything = true, .now = clock_wall() / 1000, .lifetime = c->queue.lifetime / 1000
	};
	struct asked_make m = { read_answer, k };
	BUF(out);

	t.question = arena_fmt(&a, "after:%04d-%02d-%02d before:%04d-%02d-%02d", begin.year, begin.month, begin.day,
			       end.year, end.month, end.day);
	return asked_answer(&asked, &t, &m, &out, &k->e);
}

/* ---- telltale-queue ---- */

static int hand_over(struct work *k, const struct queue_digest *m)
{
	struct queue_hello hello = { .role = STR("d") };
	int64_t deadline = deadline_in(WAIT);
	int fd = ipc_connect(k->set->queue, deadline, &k->e), rc;
	struct queue_done done = { 0 };
	struct ipc_frame f = { .fd = -1 };
	struct ipc_conn c;

	if (fd < 0)
		return -1;
	ipc_conn_init(&c, fd);
	rc = ipc_send(&c, &queue_hello_type, 0, &hello, -1, deadline, &k->e);
	if (rc == 0)
		rc = ipc_send(&c, &queue_digest_type, 1, m, -1, deadline, &k->e);
	if (rc == 0)
		rc = ipc_recv(&c, &f, deadline, &k->e);
	if (rc >= 0 && (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &done, &k->e) < 0))
		rc = err_set(&k->e, "telltale-queue sent a malformed answer");
	if (rc >= 0 && done.status != 0)
		rc = err_set(&k->e, "telltale-queue: %.*s", STR_ARG(done.message));
	fd_clear(&f.fd);
	ipc_conn_clear(&c);
	return rc < 0 ? -1 : 0;
}

static void put_letter(struct work *k, struct owner *w, struct buf *head, struct buf *body)
{
	const struct conf *c = k->set->conf;
	struct digest_letter d = { .hostname = c->top.hostname,
				   .contact = c->top.contact,
				   .to = w->mailbox,
				   .domains = w->domains,
				   .ndomains = w->ndomains,
				   .page = digest_page(c->web.address, c->gate.policy_url),
				   .since = w->since,
				   .until = digest_week_begin(k->owners.week + 1),
				   .now = clock_wall(),
				   .week = k->owners.week,
				   .serial = ++k->letters,
				   .lines = w->lines,
				   .n = w->n };
	BUF(stop);

	if (d.page.n > 0) {
		buf_fmt(&stop, "%.*sunsubscribe/", STR_ARG(d.page));
		digest_token_put(&stop, k->set->key, w->mailbox);
		d.unsubscribe = buf_str(&stop);
	}
	digest_put(head, body, &d);
}

/* Its strings are told again as they came: the queue reads them as an answer of telltale-lookup's. */
static void put_targets(const struct lookup_answer *to, struct buf *targets, struct buf *channels, struct buf *routes)
{
	for (size_t i = 0; i < to->n; i++) {
		const struct recipient *r = &to->targets[i];
		char led = (char)('a' + r->led);

		buf_fmt(targets, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(r->final));
		buf_addc(channels, r->channel == CHANNEL_LOCAL ? 'l' : 'r');
		buf_addc(routes, led);
	}
}

static int send_letter(struct work *k, struct owner *w)
{
	ARENA(a);
	struct lookup_answer to = { 0 };
	struct queue_digest m = { .rcpt = w->mailbox };
	BUF(head);
	BUF(body);
	BUF(targets);
	BUF(channels);
	BUF(routes);
	int rc = -1;

	if (lookup_ask(k->lookup, w->mailbox, &a, &to, deadline_in(WAIT), &k->e) == RESOLVED_TEMPORARY || to.n == 0)
		err_set(&k->e, "it is not known where its mail goes");
	else {
		put_letter(k, w, &head, &body);
		put_targets(&to, &targets, &channels, &routes);
		m.targets = buf_str(&targets);
		m.channels = buf_str(&channels);
		m.routes = buf_str(&routes);
		m.head = buf_str(&head);
		m.body = buf_str(&body);
		rc = hand_over(k, &m);
	}
	return rc;
}

/* ---- one after the other ---- */

static int tell_owner(struct work *k, struct owner *w)
{
	struct err why;

	if (note(k, w, k->owners.week) < 0)
		return -1;
	if (w->n == 0 || send_letter(k, w) == 0)
		return 0;
	why = k->e;
	if (note(k, w, w->told) < 0)
		say(SAY_WARNING, "%.*s gets no digest of last week: %s; nor could that be noted: %s",
		    STR_ARG(w->mailbox), why.text, k->e.text);
	k->e = why;
	return -1;
}

static int tell_all(struct work *k)
{
	size_t letters = 0;
	int rc = 0;

	for (struct owner *w = k->owners.first; w != NULL; w = w->next) {
		if (tell_owner(k, w) < 0) {
			say(SAY_WARNING, "%.*s gets no digest now, it is tried again: %s", STR_ARG(w->mailbox),
			    k->e.text);
			rc = -1;
		} else if (w->n > 0) {
			letters++;
		}
	}
	if (letters > 0)
		say(SAY_INFO, "%zu mailbox%s told what was refused for %s last week", letters,
		    letters == 1 ? " was" : "es were", letters == 1 ? "it" : "them");
	return rc;
}

int digest_run(const struct digest_set *set, struct err *e)
{
	struct work k = { .set = set, .lookup = ipc_client_new(set->lookup) };
	int rc;

	owners_init(&k.owners, clock_wall() / 1000);
	rc = find_owners(&k);
	if (rc == 0 && k.owners.n > 0)
		rc = read_logs(&k);
	if (rc == 0)
		rc = tell_all(&k);
	*e = k.e;
	owners_clear(&k.owners);
	ipc_client_free(k.lookup);
	return rc;
}
