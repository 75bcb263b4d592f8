#include "sts/book.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"

enum { HEAD_MAX = 128, LOCK_MS = 100 };

#define MARK "telltale-sts "
#define END ":sts" /* of a file's name: no domain has that, and no unfinished file ends in it */

struct book {
	int dir;
	struct map pages;
};

static void page_free(struct page *p)
{
	free((char *)(uintptr_t)p->domain.p);
	arena_clear(&p->mem);
	free(p);
}

struct page *book_find(const struct book *b, struct str domain)
{
	return map_get(&b->pages, domain);
}

struct page *book_next(const struct book *b, size_t *i)
{
	return map_next(&b->pages, i, NULL);
}

bool page_holds(const struct page *p, int64_t now)
{
	return p->id.n > 0 && now < p->fetched + p->policy.max_age;
}

static void put_name(const struct page *p, struct buf *out)
{
	buf_fmt(out, "%.*s" END, STR_ARG(p->domain));
}

void book_tear_out(struct book *b, struct page *p)
{
	BUF(name);

	put_name(p, &name);
	(void)map_del(&b->pages, p->domain);
	(void)unlinkat(b->dir, buf_z(&name), 0);
	page_free(p);
}

/* Somebody has to go. */
static void make_room(struct book *b)
{
	struct page *p, *oldest = NULL;

	for (size_t i = 0; (p = book_next(b, &i)) != NULL;)
		if (!p->fetching && (oldest == NULL || p->used < oldest->used))
			oldest = p;
	if (oldest != NULL)
		book_tear_out(b, oldest);
}

struct page *book_add(struct book *b, struct str domain)
{
	struct page *p = mem_alloc(sizeof(*p));

	if (b->pages.n >= BOOK_MOST)
		make_room(b);
	p->domain = str_mem(mem_dup(domain), domain.n);
	MUST(map_put(&b->pages, p->domain, p) == NULL);
	return p;
}

/* The text is a policy: it becomes the page's.  -1: it is none, and nothing has changed. */
static int take(struct page *p, struct str id, struct str text, int64_t fetched, struct err *e)
{
	struct arena mem = ARENA_INIT;
	struct sts_policy policy;
	const char *why = sts_policy_read(text, &mem, &policy);

	if (why != NULL) {
		arena_clear(&mem);
		return err_set(e, "no policy: %s", why);
	}
	p->id = arena_str(&mem, id);
	p->text = arena_str(&mem, text);
	arena_clear(&p->mem);
	p->mem = mem;
	p->policy = policy;
	p->fetched = fetched;
	return 0;
}

int book_write(struct book *b, struct page *p, struct str id, struct str text, int64_t now, struct err *e)
{
	BUF(file);
	BUF(name);

	if (take(p, id, text, now, e) < 0)
		return -1;
	buf_fmt(&file, MARK "%.*s %lld\n", STR_ARG(id), (long long)now);
	buf_addstr(&file, text);
	put_name(p, &name);
	return io_replace(b->dir, buf_z(&name), buf_str(&file), 0600, e);
}

/* ---- the folder ---- */

static int read_file(struct book *b, struct str domain, struct str file, struct err *e)
{
	struct str line, text, id;
	uint64_t fetched;
	struct page *p;

	if (!sts_domain_ok(domain) || !str_cut(file, STR("\n"), &line, &text) || !str_starts(line, STR(MARK)))
		return err_set(e, "it does not begin as one");
	line = str_skip(line, sizeof(MARK) - 1);
	id = str_word(&line);
	if (!sts_id_ok(id) || !str_u64(str_trim(line), INT64_MAX / 2, &fetched))
		return err_set(e, "its first line is malformed");
	p = book_add(b, domain);
	p->used = (int64_t)fetched;
	if (take(p, id, text, (int64_t)fetched, e) == 0)
		return 0;
	(void)map_del(&b->pages, p->domain);
	page_free(p);
	return -1;
}

static void read_one(struct book *b, const char *name)
{
	struct str domain = str_of(name);
	struct err e = { 0 };
	BUF(file);

	domain.n -= sizeof(END) - 1;
	if (io_slurp(b->dir, name, STS_TEXT_MAX + HEAD_MAX, &file, &e) == 0 &&
	    read_file(b, domain, buf_str(&file), &e) == 0)
		return;
	say(SAY_WARNING, "tls-policy/%s is no policy and is removed: %s", name, e.text);
	(void)unlinkat(b->dir, name, 0);
}

static int read_all(struct book *b, struct err *e)
{
	int fd = dup(b->dir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (dir == NULL) {
		fd_clear(&fd);
		return err_sys(e, "read tls-policy");
	}
	while (b->pages.n < BOOK_MOST && (d = readdir(dir)) != NULL)
		if (str_ends(str_of(d->d_name), STR(END)))
			read_one(b, d->d_name);
	closedir(dir);
	return 0;
}

/* Our forerunner may still be ending. */
static int lock(int dir, int64_t deadline, struct err *e)
{
	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || clock_mono() >= deadline)
			return err_sys(e, "lock tls-policy");
		fiber_sleep(LOCK_MS);
	}
	return 0;
}

struct book *book_open(const char *folder, int64_t deadline, struct err *e)
{
	struct book *b = mem_alloc(sizeof(*b));

	b->dir = io_opendir(AT_FDCWD, folder, e);
	if (b->dir >= 0 && lock(b->dir, deadline, e) == 0 && read_all(b, e) == 0)
		return b;
	book_close(b);
	return NULL;
}

void book_close(struct book *b)
{
	struct page *p;

	for (size_t i = 0; (p = book_next(b, &i)) != NULL;)
		page_free(p);
	map_clear(&b->pages);
	fd_clear(&b->dir);
	free(b);
}
