#include "sts/tally.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/say.h"
#include "sts/policy.h"
#include "vouch/text.h"

enum {
	FILE_MAX = 4 * TALLY_BYTES,
	NAME_MAX_BYTES = 64,
	DOMAIN_BYTES = 320, /* of a domain's lines and those of its policies, without its name */
	LINE_BYTES = 6,
	FAILURE_BYTES = 64,
};

#define END ":tlsrpt"

/* ---- counting ---- */

struct tally_day *tally_day(const struct tally *t, int64_t day)
{
	struct tally_day *d = t->first;

	while (d != NULL && d->day != day)
		d = d->next;
	return d;
}

static struct tally_day *day_new(int64_t day)
{
	struct tally_day *d = mem_alloc(sizeof(*d));

	d->day = day;
	d->last = &d->first;
	return d;
}

static void day_free(struct tally_day *d)
{
	map_clear(&d->domains);
	arena_clear(&d->mem);
	free(d);
}

static void insert(struct tally *t, struct tally_day *d)
{
	struct tally_day **at = &t->first;

	while (*at != NULL && (*at)->day < d->day)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
}

/* What the file is read from has passed here when it was written. */
static bool has_room(struct tally_day *d, size_t n)
{
	if (n > TALLY_BYTES - d->bytes)
		return false;
	d->bytes += n;
	return true;
}

/* What vouch_shown() makes of a text is not longer. */
static size_t text_room(struct str s)
{
	return s.n > TALLY_TEXT ? TALLY_TEXT + 3 : s.n;
}

static struct tally_domain *domain_of(struct tally_day *d, struct str domain)
{
	struct tally_domain *x = map_get(&d->domains, domain);

	if (x != NULL || d->domains.n >= TALLY_DOMAINS || !sts_domain_ok(domain) ||
	    !has_room(d, DOMAIN_BYTES + domain.n))
		return x;
	x = arena_alloc(&d->mem, sizeof(*x));
	x->domain = arena_lower(&d->mem, domain);
	(void)map_put(&d->domains, x->domain, x);
	*d->last = x;
	d->last = &x->next;
	return x;
}

/* A word of a line: of what comes from other programs the first, and never nothing. */
static struct str word(struct str s)
{
	struct str first = str_word(&s);

	return first.n == 0 ? STR("-") : str_take(first, TALLY_TEXT);
}

static void add_line(struct tally_day *d, struct tally_policy *p, struct str line)
{
	if (p->lines == NULL)
		p->lines = arena_alloc(&d->mem, TALLY_LINES * sizeof(*p->lines));
	if (p->nlines < TALLY_LINES && line.n > 0 && has_room(d, LINE_BYTES + text_room(line)))
		p->lines[p->nlines++] = vouch_shown(line, TALLY_TEXT, &d->mem);
}

static struct tally_failure *failure_new(struct tally_day *d, struct tally_policy *p, const struct tally_failure *f,
					 struct str mx, struct str ip)
{
	struct tally_failure *x;

	if (p->nfailures >= TALLY_FAILURES ||
	    !has_room(d, FAILURE_BYTES + text_room(mx) + text_room(ip) + text_room(f->reason)))
		return NULL;
	x = arena_alloc(&d->mem, sizeof(*x));
	*x = (struct tally_failure){ .result = f->result,
				     .mx = vouch_shown(mx, TALLY_TEXT, &d->mem),
				     .ip = vouch_shown(ip, TALLY_TEXT, &d->mem),
				     .reason = vouch_shown(f->reason, TALLY_TEXT, &d->mem) };
	p->nfailures++;
	return x;
}

static void add_failure(struct tally_day *d, struct tally_policy *p, const struct tally_failure *f, uint64_t n)
{
	struct str mx = word(f->mx), ip = word(f->ip);
	struct tally_failure **at = &p->failures, *x;

	while ((x = *at) != NULL && (x->result != f->result || !str_eq(x->mx, mx) || !str_eq(x->ip, ip)))
		at = &x->next;
	if (x == NULL)
		x = *at = failure_new(d, p, f, mx, ip);
	if (x != NULL)
		x->n += n;
}

static void count(struct tally_day *d, struct tally_policy *p, const struct tally_session *s)
{
	struct tally_failure f = { .result = s->result, .mx = s->mx, .ip = s->ip, .reason = s->reason };
	struct str rest = s->policy, line;

	bool first = p->lines == NULL;

	while (first && rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		add_line(d, p, str_trim(line));
	}
	if (s->result == STS_SUCCESS) {
		p->good++;
		return;
	}
	p->bad++;
	add_failure(d, p, &f, 1);
}

void tally_count(struct tally *t, int64_t day, const struct tally_session *s)
{
	struct tally_day *d = tally_day(t, day);
	struct tally_domain *x;

	if (d == NULL) {
		d = day_new(day);
		insert(t, d);
	}
	x = domain_of(d, s->domain);
	if (x == NULL)
		return;
	d->changed = true;
	count(d, &x->of[s->kind], s);
}

/* ---- a day as text ---- */

static void put_policy(const struct tally_policy *p, enum tally_kind k, struct buf *out)
{
	if (p->good + p->bad == 0)
		return;
	buf_fmt(out, "policy %s %llu %llu\n", tally_kind_word(k), (unsigned long long)p->good,
		(unsigned long long)p->bad);
	for (size_t i = 0; i < p->nlines; i++)
		buf_fmt(out, "line %.*s\n", STR_ARG(p->lines[i]));
	for (const struct tally_failure *f = p->failures; f != NULL; f = f->next)
		buf_fmt(out, "failure %s %llu %.*s %.*s %.*s\n", sts_result_word(f->result), (unsigned long long)f->n,
			STR_ARG(f->mx), STR_ARG(f->ip), STR_ARG(f->reason));
}

void tally_put(const struct tally_day *d, struct buf *out)
{
	for (const struct tally_domain *x = d->first; x != NULL; x = x->next) {
		buf_fmt(out, "domain %.*s %s %llu %llu\n", STR_ARG(x->domain), x->done ? "done" : "due",
			(unsigned long long)x->told, (unsigned long long)x->tries);
		for (enum tally_kind k = 0; k < TALLY_KINDS; k++)
			put_policy(&x->of[k], k, out);
	}
}

/* Reading one: where it is. */
struct reader {
	struct tally_day *d;
	struct tally_domain *x;
	struct tally_policy *p;
};

static const char *kind_word(size_t i)
{
	return tally_kind_word((enum tally_kind)i);
}

static const char *result_word(size_t i)
{
	return sts_result_word((enum sts_result)i);
}

static int place_in(struct str one, const char *(*word_at)(size_t i), size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(one, word_at(i)))
			return (int)i;
	return -1;
}

static bool read_domain(struct reader *r, struct str rest)
{
	struct str domain = str_word(&rest);

	if (map_get(&r->d->domains, domain) != NULL)
		return false;
	r->x = domain_of(r->d, domain);
	r->p = NULL;
	if (r->x == NULL)
		return false;
	r->x->done = str_eqz(str_word(&rest), "done");
	rest = str_trim(rest);
	return rest.n == 0 ||
	       (str_u64(str_word(&rest), UINT32_MAX, &r->x->told) && str_u64(str_trim(rest), UINT32_MAX, &r->x->tries));
}

static bool read_policy(struct reader *r, struct str rest)
{
	int k = place_in(str_word(&rest), kind_word, TALLY_KINDS);

	if (r->x == NULL || k < 0)
		return false;
	r->p = &r->x->of[k];
	return str_u64(str_word(&rest), UINT64_MAX / 2, &r->p->good) &&
	       str_u64(str_word(&rest), UINT64_MAX / 2, &r->p->bad);
}

static bool read_failure(struct reader *r, struct str rest)
{
	struct tally_failure f = { 0 };
	int k = place_in(str_word(&rest), result_word, STS_RESULTS);
	uint64_t n;

	if (r->p == NULL || k <= STS_SUCCESS || !str_u64(str_word(&rest), UINT64_MAX / 2, &n))
		return false;
	f.result = (enum sts_result)k;
	f.mx = str_word(&rest);
	f.ip = str_word(&rest);
	f.reason = str_trim(rest);
	add_failure(r->d, r->p, &f, n);
	return true;
}

static bool read_line(struct reader *r, struct str line)
{
	struct str verb = str_word(&line), rest = str_trim(line);

	if (str_eqz(verb, "domain"))
		return read_domain(r, rest);
	if (str_eqz(verb, "policy"))
		return read_policy(r, rest);
	if (str_eqz(verb, "failure"))
		return read_failure(r, rest);
	if (!str_eqz(verb, "line") || r->p == NULL)
		return false;
	add_line(r->d, r->p, rest);
	return true;
}

struct tally_day *tally_read(struct str text, int64_t day)
{
	struct reader r = { .d = day_new(day) };
	struct str line;

	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		if (read_line(&r, line))
			continue;
		day_free(r.d);
		return NULL;
	}
	return r.d;
}

/* ---- files ---- */

static void load_one(struct tally *t, const char *name)
{
	struct str number = str_of(name);
	struct err e = { 0 };
	struct tally_day *d = NULL;
	uint64_t day;
	BUF(text);

	number.n -= sizeof(END) - 1;
	if (str_u64(number, 1000000, &day) && io_slurp(t->dir, name, FILE_MAX, &text, &e) == 0)
		d = tally_read(buf_str(&text), (int64_t)day);
	if (d != NULL) {
		insert(t, d);
		return;
	}
	say(SAY_WARNING, "tls-policy/%s cannot be read and is removed: that day is not reported", name);
	(void)unlinkat(t->dir, name, 0);
}

void tally_load(struct tally *t, int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *x;

	t->dir = dir;
	while (all != NULL && (x = readdir(all)) != NULL)
		if (str_ends(str_of(x->d_name), STR(END)))
			load_one(t, x->d_name);
	if (all != NULL)
		closedir(all);
	else
		fd_clear(&fd);
}

static void name_of(const struct tally_day *d, char out[NAME_MAX_BYTES])
{
	snprintf(out, NAME_MAX_BYTES, "%lld" END, (long long)d->day);
}

int tally_save(struct tally *t, struct err *e)
{
	char name[NAME_MAX_BYTES];
	BUF(text);

	for (struct tally_day *d = t->first; d != NULL; d = d->next) {
		if (!d->changed)
			continue;
		buf_reset(&text);
		tally_put(d, &text);
		name_of(d, name);
		if (io_replace(t->dir, name, buf_str(&text), 0600, e) < 0)
			return -1;
		d->changed = false;
	}
	return 0;
}

void tally_done(struct tally *t, struct tally_day *d)
{
	struct tally_day **at = &t->first;
	char name[NAME_MAX_BYTES];

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	name_of(d, name);
	(void)unlinkat(t->dir, name, 0);
	day_free(d);
}

void tally_clear(struct tally *t)
{
	while (t->first != NULL) {
		struct tally_day *d = t->first;

		t->first = d->next;
		day_free(d);
	}
}
