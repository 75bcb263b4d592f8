/* Waiting, and the batches: what came is read, grouped and joined with what is kept, and compared with what was
 * told. */
#include "trace/follow_parts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/io.h"
#include "trace/group.h"

enum {
	GATHER = 30,   /* ms: lines of one event come together */
	OFTEN = 100,   /* ms between looks where nobody tells of changes */
	SELDOM = 1000, /* and where somebody does */
	HALF = 10      /* ticks */
};

void follow_say(struct follow *f, const char *fmt, ...)
{
	struct follow_notice *x = mem_alloc(sizeof(*x));
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->text, sizeof(x->text), fmt, ap);
	va_end(ap);
	if (f->last_said != NULL && strcmp(f->last_said->text, x->text) == 0) {
		free(x); /* as it stands there already */
		return;
	}
	if (f->last_said != NULL)
		f->last_said->next = x;
	else
		f->said = x;
	f->last_said = x;
}

const char *follow_said(struct follow *f)
{
	free(f->saying);
	f->saying = f->said;
	if (f->saying == NULL)
		return NULL;
	f->said = f->saying->next;
	if (f->said == NULL)
		f->last_said = NULL;
	return f->saying->text;
}

uint32_t follow_tick(const struct follow *f)
{
	return (uint32_t)((clock_mono() - f->opened) / FOLLOW_TICK) + 1;
}

static void forget_batch(struct follow *f)
{
	if (!f->joined)
		return;
	f->scope = f->answer.scope;
	book_clear(&f->answer.book);
	arena_clear(&f->answer.mem);
	source_clear(&f->source);
	f->nqueue = f->at_queue = 0;
	f->joined = false;
	free(f->queue);
	f->queue = NULL;
}

/* A group of our own SMTP log is one write and ends with an empty line; a reader may see the half of it.  How many
 * lines may be joined: the rest is waited for, but not for long. */
static size_t whole_groups(struct follow *f, const struct follow_file *x)
{
	const struct source_place *k = x->kept.at;
	size_t n = x->kept.n, i = n;

	while (x->family == LOG_SMTP && i > 0 && follow_line(x, i - 1).n > 1)
		i--;
	while (i < n && follow_is_zone(follow_line(x, i)))
		i++;
	if (i == n || x->family != LOG_SMTP || !str_starts(str_skip(follow_line(x, i), 19), STR(", session, ")) ||
	    k[n - 1].arrived + HALF < follow_tick(f))
		return n;
	f->half = true;
	return i;
}

static void fill_source(struct follow *f)
{
	f->half = false;
	source_init(&f->source);
	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];
		struct source_file s = { .path = arena_str(&f->source.mem, str_of(x->path)),
					 .family = x->family,
					 .kept = &x->kept,
					 .mtime = clock_wall() / 1000 };

		x->joined = whole_groups(f, x);
		if (x->joined > 0)
			source_add_kept(
			    &f->source, s,
			    str_take(buf_str(&x->text), x->joined < x->kept.n ? x->kept.at[x->joined].at : x->text.n));
	}
}

/* The zone that was measured before holds on when the lines that it was measured by are gone. */
static void keep_zone(struct follow *f)
{
	const struct book *b = &f->answer.book;

	if (b->zone.source != ZONE_MEASURED || b->newest == 0)
		return;
	f->zone_epoch = zone_utc(&b->zone, b->newest);
	f->zone_offset = zone_at(&b->zone, f->zone_epoch);
}

enum { SCOPE_MOST = 4 << 20 };

static void fill_scope(struct follow *f)
{
	struct answer *r = &f->answer;

	if (f->scope_mem.total > SCOPE_MOST) {
		scope_clear(&f->scope);
		arena_clear(&f->scope_mem);
	}
	r->scope = f->scope;
	r->scope.mem = &f->scope_mem;
}

static void join(struct follow *f)
{
	struct answer *r = &f->answer;
	struct book *b = &r->book;
	int64_t now = clock_wall() / 1000;

	*r = (struct answer){ .limit = 1, .asked = true, .question = f->question };
	fill_source(f);
	book_init(b, &f->source);
	b->lifetime = f->lifetime;
	if (f->zone_epoch > 0)
		zone_measure(&b->zone, f->zone_epoch + f->zone_offset, f->zone_epoch);
	group_read(b, now);
	complete(&r->tale, b);
	keep_zone(f);
	day_frame_init(&r->frame, &b->zone, f->tz, b->newest != 0 ? zone_utc(&b->zone, b->newest) : 0, now);
	fill_scope(f);
	r->chosen.span = select_span(&r->question, &r->frame);
	select_understand(&r->question, &r->tale, &r->scope);
	f->joined = true;
}

/* What the stories of the last batch no longer need goes first; then all is joined anew. */
static void batch(struct follow *f)
{
	int64_t begun = clock_mono();

	if (f->joined)
		follow_keep(f);
	forget_batch(f);
	follow_files_forget(f);
	f->came = false;
	f->room = FOLLOW_BATCH;
	f->batch++;
	join(f);
	follow_scan(f);
	if (f->half && f->held == 0)
		f->held = clock_mono() + (HALF + 1) * FOLLOW_TICK;
	f->started = true;
	f->rests = 2 * clock_mono() - begun; /* half of the time, at most */
}

static void look(struct follow *f, bool all)
{
	bool came = f->came;

	follow_folders_look(f, all);
	if (all)
		f->looks = clock_mono() + (follow_folders_watched(f) ? SELDOM : OFTEN);
	follow_read(f);
	if (f->came && !came)
		f->due = clock_mono() + GATHER;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something is to be done, whatever happens. */
static int64_t next_time(const struct follow *f)
{
	int64_t at = f->looks;

	if (f->came)
		at = least(at, f->due > f->rests ? f->due : f->rests);
	if (f->more)
		at = least(at, f->rests);
	if (f->held > 0)
		at = least(at, f->held > f->rests ? f->held : f->rests);
	return at;
}

/* False: a signal came. */
static bool sleep_until(struct follow *f, int64_t at)
{
	struct pollfd p = { .fd = f->inotify, .events = POLLIN };
	int64_t ms = at - clock_mono();

	return poll(&p, f->inotify >= 0 ? 1 : 0, ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms) >= 0 || errno != EINTR;
}

int follow_wait(struct follow *f, int64_t deadline)
{
	while (f->at_queue >= f->nqueue) {
		bool awake = sleep_until(f, least(deadline, next_time(f)));
		bool heard = follow_folders_hear(f);
		int64_t now = clock_mono();

		if (heard || now >= f->looks || (f->more && now >= f->rests))
			look(f, now >= f->looks);
		if (now >= f->rests && ((f->came && now >= f->due) || (f->held > 0 && now >= f->held))) {
			follow_read(f); /* what was written meanwhile: of a group perhaps the other half */
			batch(f);
		}
		if (f->at_queue >= f->nqueue && (!awake || now >= deadline))
			return 0;
	}
	return 1;
}

int follow_fd(const struct follow *f)
{
	return f->inotify;
}

static int understand(struct follow *f, const struct follow_ask *ask, struct err *e)
{
	int offset;

	if (ask->tz.n > 0 && !zone_named(ask->tz, 0, &offset))
		return err_set(e, "there is no time zone %.*s (examples: Europe/Sofia, UTC, +02:00, EST)",
			       STR_ARG(ask->tz));
	f->tz = arena_str(&f->mem, ask->tz);
	f->scope.domain = arena_lower(&f->mem, ask->domain);
	f->scope.mailbox = arena_lower(&f->mem, ask->mailbox);
	f->since = ask->since;
	f->lifetime = ask->lifetime;
	if (str_trim(ask->question).n == 0)
		return 0;
	if (question_parse(&f->question, ask->question, &f->mem, e) < 0)
		return -1;
	return question_me(&f->question, f->scope.mailbox, &f->mem, e);
}

struct follow *follow_open(const struct follow_ask *ask, struct err *e)
{
	struct follow *f = mem_alloc(sizeof(*f));

	*f =
	    (struct follow){ .mem = ARENA_INIT, .scope_mem = ARENA_INIT, .event_mem = ARENA_INIT, .past = FOLLOW_PAST };
	f->opened = clock_mono();
	f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (understand(f, ask, e) < 0) {
		follow_close(f);
		return NULL;
	}
	for (size_t i = 0; i < ask->npaths; i++)
		if (follow_folder_add(f, ask->paths[i], e) < 0) {
			follow_close(f);
			return NULL;
		}
	follow_folders_look(f, true);
	f->looks = clock_mono();
	batch(f);
	return f;
}

void follow_close(struct follow *f)
{
	if (f == NULL)
		return;
	forget_batch(f);
	scope_clear(&f->scope);
	while (follow_said(f) != NULL)
		;
	for (size_t i = 0; i < f->n; i++)
		follow_file_free(f->files[i]);
	for (size_t i = 0; i < f->nfolders; i++) {
		free(f->folders[i].path);
		free(f->folders[i].only);
	}
	fd_clear(&f->inotify);
	free(f->files);
	free(f->folders);
	free(f->passed);
	free(f->states);
	buf_clear(&f->scratch);
	arena_clear(&f->event_mem);
	arena_clear(&f->scope_mem);
	arena_clear(&f->mem);
	free(f);
}

struct follow_counts follow_counts(const struct follow *f)
{
	struct follow_counts c = f->counts;

	c.files = 0;
	for (size_t i = 0; i < f->n; i++)
		c.files += f->files[i]->fd >= 0;
	return c;
}
