#include "sts/desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/say.h"

enum {
	DNS_MS = 5000,
	FETCH_MS = 60 * 1000, /* RFC 8461, 3.3 */
	FETCHES_MOST = 50,
	AGAIN_MS = 5 * 60 * 1000, /* after a failure; 3.3 */
	LOOK_MS = 20,             /* how often a waiting fiber looks */
	WAIT_MOST = 60 * 1000,
	DAY = 86400,
	UNUSED_MOST = 30 * DAY, /* a page that nobody asked for is not fetched again */
	AGAIN_LATE_MS = 60 * 60 * 1000,
};

static int64_t seconds(void)
{
	return clock_wall() / 1000;
}

/* ---- fetching: a fiber of its own ---- */

struct errand {
	struct desk *desk;
	char *domain, *id;
};

static void note_failure(struct page *p, enum sts_result fault, const char *why, int64_t pause)
{
	p->again = deadline_in(pause);
	p->fault = fault;
	memset(p->why, 0, sizeof(p->why));
	memcpy(p->why, why, strnlen(why, sizeof(p->why) - 1));
}

static void take(struct desk *d, struct page *p, struct str id, struct str text)
{
	struct str had = p->id;
	struct err e = { 0 };

	if (book_write(d->book, p, id, text, seconds(), &e) == 0) {
		p->why[0] = '\0';
		return;
	}
	if (str_eq(p->id, had) && had.p == p->id.p)
		note_failure(p, STS_POLICY_INVALID, e.text, AGAIN_MS);
	else
		say(SAY_WARNING, "tls-policy: %s", e.text); /* it counts, and will be fetched again after a restart */
}

static void run_errand(void *arg)
{
	struct errand *errand = arg;
	struct desk *d = errand->desk;
	struct str domain = str_of(errand->domain);
	struct err e = { 0 };
	struct page *p;
	BUF(text);
	enum sts_fetched how = sts_fetch(&d->fetch, domain, deadline_in(FETCH_MS), &text, &e);

	p = book_find(d->book, domain); /* it is not torn out while it is fetched */
	MUST(p != NULL);
	p->fetching = false;
	if (how == STS_FETCHED)
		take(d, p, str_of(errand->id), buf_str(&text));
	else
		note_failure(p, how == STS_BAD_CERTIFICATE ? STS_WEBPKI_INVALID : STS_FETCH_ERROR, e.text,
			     page_holds(p, seconds()) ? AGAIN_LATE_MS : AGAIN_MS);
	d->fetching--;
	free(errand->domain);
	free(errand->id);
	free(errand);
}

static void begin_errand(struct desk *d, struct page *p, struct str id)
{
	struct errand *errand;
	struct err e = { 0 };

	if (p->fetching || d->fetching >= FETCHES_MOST || clock_mono() < p->again)
		return;
	errand = mem_alloc(sizeof(*errand));
	errand->desk = d;
	errand->domain = mem_dup(p->domain);
	errand->id = mem_dup(id);
	p->fetching = true;
	d->fetching++;
	if (fiber_start(run_errand, errand, &e) == 0)
		return;
	p->fetching = false;
	d->fetching--;
	note_failure(p, STS_FETCH_ERROR, e.text, AGAIN_MS);
	free(errand->domain);
	free(errand->id);
	free(errand);
}

/* ---- the answer ---- */

static void put_patterns(const struct sts_policy *p, struct arena *a, struct str *out)
{
	BUF(text);

	for (size_t i = 0; i < p->nmx; i++)
		buf_fmt(&text, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(p->mx[i]));
	*out = arena_str(a, buf_str(&text));
}

static void tell(const struct page *p, struct str record_id, struct arena *a, struct sts_told *told)
{
	*told = (struct sts_told){ .why = STR("the domain publishes none") };
	if (p != NULL && p->why[0] != '\0') {
		told->why = arena_str(a, str_of(p->why));
		told->fault = p->fault;
	} else if (p != NULL && p->fetching)
		told->why = STR("it is being fetched");
	else if (record_id.n > 0)
		told->why = STR("");
	if (p == NULL || !page_holds(p, seconds()))
		return;
	told->mode = p->policy.mode;
	told->id = arena_str(a, p->id);
	told->fetched = (uint64_t)p->fetched;
	told->until = (uint64_t)(p->fetched + p->policy.max_age);
	put_patterns(&p->policy, a, &told->mx);
}

/* The page with that id, if it can be had before the deadline; any page that there is. */
static struct page *wait_for(struct desk *d, struct str domain, struct str id, int64_t deadline)
{
	struct page *p = book_find(d->book, domain);

	if (p == NULL)
		p = book_add(d->book, domain);
	if (page_holds(p, seconds()) && str_eq(p->id, id))
		return p;
	begin_errand(d, p, id);
	while (p != NULL && p->fetching && clock_mono() < deadline) {
		fiber_sleep(LOOK_MS);
		p = book_find(d->book, domain);
	}
	return p;
}

void desk_answer(struct desk *d, const struct sts_ask *ask, struct arena *a, struct sts_told *told)
{
	struct dns_question q = { .type = DNS_TXT };
	struct str domain = arena_lower(a, ask->domain), id;
	int64_t deadline = deadline_in(ask->wait < WAIT_MOST ? (int64_t)ask->wait : WAIT_MOST);
	struct page *p;

	*told = (struct sts_told){ .why = STR("no domain that could have one") };
	if (!sts_domain_ok(domain))
		return;
	q.name = arena_fmt(a, "_mta-sts.%.*s", STR_ARG(domain));
	dns_ask_all(d->fetch.dns, &q, 1, a, deadline_in(DNS_MS));
	id = sts_record_id(&q, a);
	p = id.n > 0 ? wait_for(d, domain, id, deadline) : book_find(d->book, domain);
	if (p != NULL)
		p->used = seconds();
	tell(p, id, a, told);
}

/* ---- from time to time ---- */

static bool is_over(const struct page *p, int64_t now)
{
	return !p->fetching && !page_holds(p, now) && clock_mono() >= p->again;
}

static bool is_due(const struct page *p, int64_t now)
{
	int64_t half = p->policy.max_age / 2;

	return page_holds(p, now) && now - p->fetched >= (half < DAY ? half : DAY) && now - p->used < UNUSED_MOST;
}

void desk_tend(struct desk *d)
{
	int64_t now = seconds();
	struct page *p, *over = NULL;

	for (size_t i = 0; (p = book_next(d->book, &i)) != NULL;) {
		if (is_due(p, now))
			begin_errand(d, p, p->id);
		if (is_over(p, now))
			over = p;
	}
	if (over != NULL)
		book_tear_out(d->book, over); /* one a time is enough: this comes often */
}
