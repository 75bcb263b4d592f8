/* Random lives of a spool, cut short at random points: what was acknowledged is there once and unharmed,
 * what was settled and synced stays settled, a bounce and its cause agree.
 *
 * The folder is copied at the moment of the crash; what was written but not
 * synced (the range of a batch, the end of the journal) reaches the copy
 * sector by sector or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "queue_world.h"

struct torn {
	char name[64];
	uint64_t from, to;
	struct buf before; /* what the range held */
};

static void drain_news(struct world *w)
{
	while (depot_news(w->depot) != NULL)
		;
}

static void check_message(struct world *w, struct item *it)
{
	const struct letter *l = letter_of(w, it->qp);
	struct message m;
	struct err e = { 0 };
	BUF(want);
	char *got;

	if (depot_read(w->depot, it, &m, &e) < 0)
		fail_msg("life %u, message %" PRIu64 ": %s", w->life, it->qp, e.text);
	buf_adds(&want, "head\n");
	text_of(l, &want);
	assert_int_equal(m.size, want.n);
	got = mem_alloc(m.size);
	assert_int_equal(io_pread_all(m.fd, got, m.size, (off_t)m.offset), 0);
	assert_memory_equal(got, want.p, want.n);
	free(got);
	close(m.fd);
}

static bool all_final(const struct letter *l, const enum fate *fate)
{
	for (size_t i = 0; i < l->nrcpts; i++)
		if (fate[i] != FINAL)
			return false;
	return true;
}

/* The postmaster's word is kept once it was synced. */
static void compare_held(struct world *w, struct letter *l, size_t i, const struct item_rcpt *r)
{
	if (!rcpt_final(r) && r->held != l->held[i] && !l->touched[i])
		fail_msg("life %u: message %" PRIu64 ", recipient %zu: held %d", w->life, l->qp, i, r->held);
	l->held[i] = r->held;
	l->touched[i] = false;
}

/* What recovery says becomes what we know, if it is allowed. */
static void compare(struct world *w, struct letter *l)
{
	struct item *it = depot_find(w->depot, l->qp);
	bool may_be_gone = !l->acked || all_final(l, l->now);

	if (it == NULL && !may_be_gone)
		fail_msg("life %u: message %" PRIu64 " was acknowledged and is lost", w->life, l->qp);
	if (it == NULL) {
		l->torn = l->torn || !(l->acked || all_final(l, l->now));
		for (size_t i = 0; i < l->nrcpts; i++)
			l->synced[i] = l->now[i] = FINAL;
		return;
	}
	w->found++;
	if (all_final(l, l->synced))
		fail_msg("life %u: message %" PRIu64 " was done and is back", w->life, l->qp);
	check_message(w, it);
	l->acked = true;
	for (size_t i = 0; i < l->nrcpts; i++) {
		enum fate f = rcpt_final(&it->rcpts[i]) ? FINAL : it->rcpts[i].staged ? STAGED : OPEN;

		if (f < l->synced[i] || f > l->now[i])
			fail_msg("life %u: message %" PRIu64 ", recipient %zu: state %d, was %d then %d", w->life,
				 l->qp, i, f, l->synced[i], l->now[i]);
		l->synced[i] = l->now[i] = f;
		compare_held(w, l, i, &it->rcpts[i]);
	}
}

static void check_family(struct world *w, struct letter *child)
{
	const struct letter *parent = letter_of(w, child->parent);
	bool there = depot_find(w->depot, child->qp) != NULL;

	for (size_t i = 0; i < child->nsettles; i++) {
		enum fate cause = parent->now[child->settles[i]];

		if (there && cause != FINAL)
			fail_msg("life %u: bounce %" PRIu64 " exists, its cause is open", w->life, child->qp);
		if (child->torn && !parent->torn && cause == FINAL && !child->replaced)
			fail_msg("life %u: bounce %" PRIu64 " does not exist, its cause is settled", w->life,
				 child->qp);
	}
	child->replaced = child->replaced || child->torn; /* judged once, right after its crash */
}

static void check_all(struct world *w)
{
	BUF(line);
	size_t listed = 0;

	drain_news(w);
	for (uint64_t i = 0; depot_walk(w->depot, &i) != NULL;)
		listed++;
	w->found = 0;
	for (size_t i = 0; i < w->n; i++)
		compare(w, &w->at[i]);
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].parent != 0)
			check_family(w, &w->at[i]);
	assert_int_equal(listed, w->found);
	while (depot_complaint(w->depot, &line)) {
		w->complaints++;
		if (strstr(buf_z(&line), "lost") != NULL)
			fail_msg("life %u: %s", w->life, buf_z(&line));
	}
}

/* Each sector of the torn range has reached the disk, or not. */
static void tear(struct world *w, const char *dir, const struct torn *t)
{
	char path[400];
	FD(fd) = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, t->name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (uint64_t at = t->from; fd >= 0 && at < t->to; at = (at / SECTOR + 1) * SECTOR) {
		uint64_t end = (at / SECTOR + 1) * SECTOR < t->to ? (at / SECTOR + 1) * SECTOR : t->to;

		if (any(w, 3) == 0)
			assert_int_equal(io_pwrite_all(fd, t->before.p + (at - t->from), (size_t)(end - at), (off_t)at),
					 0);
	}
}

static void crash(struct world *w, const struct torn *t)
{
	char next[256], command[700];

	snprintf(next, sizeof(next), "%s/%u", w->folder, ++w->life);
	snprintf(command, sizeof(command), "cp -r --sparse=always '%s' '%s' 2>/dev/null", w->dir, next);
	(void)!system(command);
	if (t != NULL)
		tear(w, next, t);
	leave_smtpd(w);
	depot_close(w->depot);
	server_remove(w->dir);
	snprintf(w->dir, sizeof(w->dir), "%s", next);
	open_world(w);
	check_all(w);
}

static struct buf read_range(struct world *w, const char *name, uint64_t from, uint64_t to)
{
	char path[400];
	struct buf b = BUF_INIT;
	FD(fd) = -1;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_need(&b, to - from);
	memset(b.p, 0, to - from);
	if (fd >= 0)
		(void)!pread(fd, b.p, to - from, (off_t)from);
	return b;
}

/* One batch: written, perhaps torn, synced, perhaps told. */
static void put_batch(struct world *w)
{
	size_t n = 1 + any(w, 4), first = w->n;
	struct torn t = { 0 };

	if (w->fd < 0 || w->seg.size - w->used < 140000) {
		if (w->fd >= 0)
			hear(w, &queue_sealed_type, &(struct queue_sealed){ w->seg.id, 0 });
		get_segment(w);
	}
	snprintf(t.name, sizeof(t.name), "segments/%" PRIu64 ".segment", w->seg.id);
	t.from = w->used;
	t.before = read_range(w, t.name, w->used, w->used + 140000);
	for (size_t i = 0; i < n; i++)
		write_record(w, new_letter(w));
	t.to = w->used;
	if (any(w, 6) == 0) {
		crash(w, &t);
	} else {
		assert_int_equal(fdatasync(w->fd), 0);
		for (size_t i = first; i < w->n; i++)
			w->at[i].acked = true;
		if (any(w, 8) == 0)
			crash(w, NULL);
		else
			hear(w, &queue_committed_type, &(struct queue_committed){ w->seg.id, t.from, t.to });
	}
	buf_clear(&t.before);
	drain_news(w);
}

/* That one, and perhaps others that wait. */
static void choose_causes(struct world *w, struct letter *child, const struct item *it, size_t rcpt)
{
	BUF(list);

	for (size_t i = 0; i < it->nrcpts; i++) {
		if (i != rcpt && (it->rcpts[i].state != RCPT_WAITING || any(w, 2)))
			continue;
		child->settles[child->nsettles++] = i;
		envelope_add_index(&list, i);
	}
	memcpy(child->list, list.p, list.n);
}

static void bounce(struct world *w, struct item *it, size_t rcpt)
{
	struct letter *child = new_letter(w);
	struct envelope v;
	struct err e = { 0 };
	BUF(text);

	child->parent = it->qp;
	choose_causes(w, child, it, rcpt);
	child->forward = any(w, 2) == 0;
	text_of(child, &text);
	v = envelope_of(child);
	if (depot_put(w->depot, &v, STR("head\n"), buf_str(&text), &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < child->nsettles; i++)
		letter_of(w, it->qp)->now[child->settles[i]] = FINAL;
}

/* Some waiting recipient is held, or released. */
static void hold_some(struct world *w)
{
	struct item *it;
	size_t skip = any(w, 20);

	for (uint64_t i = 0; (it = depot_walk(w->depot, &i)) != NULL;) {
		size_t r = any(w, it->nrcpts);

		if (skip-- > 0 || rcpt_final(&it->rcpts[r]))
			continue;
		depot_order_set(w->depot, it,
				&(struct order){
				    .rcpt = (uint32_t)r, .held = !it->rcpts[r].held, .by = "", .why = "", .host = "" });
		letter_of(w, it->qp)->held[r] = it->rcpts[r].held;
		letter_of(w, it->qp)->touched[r] = true;
		return;
	}
}

static void work(struct world *w)
{
	struct item *it;
	size_t r;

	for (size_t i = any(w, 12); i > 0; i--) {
		it = depot_due(w->depot, any(w, 2) ? CHANNEL_LOCAL : CHANNEL_REMOTE, INT64_MAX - 1, &r);
		if (it == NULL)
			continue;
		switch (any(w, 5)) {
		case 0:
			depot_defer(w->depot, it, r, 5000 + (int64_t)any(w, 1000), STR("not now\nreally"));
			break;
		case 1:
			depot_staged(w->depot, it, r);
			letter_of(w, it->qp)->now[r] = STAGED;
			depot_release(w->depot, it, r, 6000);
			break;
		case 2:
			bounce(w, it, r);
			break;
		default:
			letter_of(w, it->qp)->now[r] = FINAL;
			depot_settle(w->depot, it, r, true);
		}
	}
	hold_some(w);
	drain_news(w);
}

static void synced(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		memcpy(w->at[i].synced, w->at[i].now, sizeof(w->at[i].synced));
		memset(w->at[i].touched, 0, sizeof(w->at[i].touched));
		w->at[i].acked = w->at[i].acked || w->at[i].parent != 0;
	}
}

static void sync_world(struct world *w)
{
	struct torn t = { .name = "journal", .from = w->depot->journal.end };
	bool crashing = any(w, 4) == 0;
	struct err e = { 0 };

	t.to = t.from + w->depot->journal.pending.n;
	t.before = read_range(w, t.name, t.from, t.to);
	if (crashing) {
		/* As far as the writing of the journal; nothing was told yet. */
		assert_int_equal(depot_flush(w->depot, &e), 0);
		crash(w, &t);
	} else if (depot_sync(w->depot, &e) < 0) {
		fail_msg("%s", e.text);
	} else {
		synced(w);
	}
	buf_clear(&t.before);
}

static void live(struct world *w, size_t steps)
{
	struct err e = { 0 };

	for (size_t i = 0; i < steps; i++) {
		put_batch(w);
		work(w);
		if (any(w, 3) == 0)
			sync_world(w);
		if (any(w, 15) == 0) {
			leave_smtpd(w);
			drain_news(w);
			connect_smtpd(w);
		}
		if (any(w, 25) == 0)
			assert_int_equal(depot_checkpoint(w->depot, &e), 0);
		if (any(w, 10) == 0) { /* one in the midst of other work, message by message */
			w->depot->long_enough = w->depot->checkpoint = 0;
			w->depot->slice = 1;
		}
		if (any(w, 25) == 0)
			crash(w, NULL);
		depot_tend(w->depot);
		w->depot->compact_at = 0; /* as often as it can be */
	}
}

static void test_lives(void **state)
{
	const char *more = getenv("QUEUE_LIVES");
	size_t lives = more != NULL ? strtoul(more, NULL, 10) : 5;

	(void)state;
	for (size_t i = 0; i < lives; i++) {
		struct world *w = mem_alloc(sizeof(*w));
		struct err e = { 0 };

		w->folder = server_folder(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		w->seed = i + 1;
		snprintf(w->dir, sizeof(w->dir), "%s/0", w->folder);
		assert_int_equal(io_mkdirs(w->dir, 0700, &e), 0);
		open_world(w);
		live(w, 40);
		leave_smtpd(w);
		depot_close(w->depot);
		printf("seed %zu: %u crashes, %zu messages, %zu complaints\n", i + 1, w->life, w->n, w->complaints);
		server_remove(w->folder);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lives) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
