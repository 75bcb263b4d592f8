#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/logs.h"
#include "index/index.h"
#include "logs/erased.h"
#include "logs/expiring.h"
#include "logs/frames.h"
#include "logs/rotate.h"
#include "logs/unpack.h"
#include "trace/erase.h"

const char logs_forget_usage[] =
    "usage: telltale logs forget ADDRESS [--dry-run] [--json] [-c FILE]\n"
    "\n"
    "Erase an address from all logs and archives of the log folder, however it is spelt there: in any case, as login,\n"
    "with a +tag, encoded, in VERP and SRS addresses that carry it.  Where it stood stands " ERASED_ADDRESS ",\n"
    "the same for everybody, so the lines stay what they were and `telltale trace` says that somebody was erased.\n"
    "Logs that name it are rotated first (telltale logs rotate), which takes a minute where somebody writes;\n"
    "then each archive that names it is written anew.\n"
    "That it was erased, and when, is kept as a salted hash: who asks for the address is told so.\n"
    "Mailboxes, queue and accounts are not touched, and mail that comes later is logged as ever.\n"
    "\n"
    "  --dry-run   count only, in the logs that are written too\n"
    "  --json      what was done, as JSON\n"
    "\n"
    "Exit codes: 0 done; 1 it occurs nowhere, or nothing could be done; 2 wrong usage; 3 a file was left as it is\n"
    "(said on stderr): one that is no archive of ours, or could not be read to its end.\n";

enum { PATIENCE = 10 * 60 * 1000 /* ms */, PIECE = 1 << 20 };

struct forget {
	int dir;
	const char *index;
	bool dry, json, tty, noted;
	struct logs_wait wait;
	struct erase erase;
	struct buf files;   /* of the JSON */
	struct json jfiles; /* into it */
	uint64_t lines, places;
	size_t nfiles, left;
	struct arena mem;
};

static void leave(struct forget *f, const char *name, const char *why)
{
	args_fail(0, "logs forget: %s: %s", name, why);
	f->left++;
}

static void tell_rotation(void *with, const struct rotate_news *n)
{
	struct forget *f = with;

	if (n->step == ROTATE_LEFT || n->step == ROTATE_FAILED)
		leave(f, n->name, n->why);
	else if (n->step == ROTATE_WAITS)
		logs_tell_wait(&f->wait, n);
}

static void tell_file(struct forget *f, const char *name, uint64_t lines, uint64_t places)
{
	f->lines += lines;
	f->places += places;
	f->nfiles++;
	if (!f->json) {
		printf("%s  %llu %s, %llu %s%s\n", name, (unsigned long long)lines, lines == 1 ? "line" : "lines",
		       (unsigned long long)places, places == 1 ? "place" : "places", f->dry ? "" : " erased");
		return;
	}
	json_begin_object(&f->jfiles);
	json_key(&f->jfiles, "file"), json_z(&f->jfiles, name);
	json_key(&f->jfiles, "lines"), json_num(&f->jfiles, (int64_t)lines);
	json_key(&f->jfiles, "places"), json_num(&f->jfiles, (int64_t)places);
	json_end_object(&f->jfiles);
}

/* ---- one file ---- */

/* All its text through the eraser; to NULL: only counted. */
static int through(struct forget *f, struct str text, struct frames_out *to, struct err *e)
{
	BUF(out);

	erase_text(&f->erase, text, &out);
	return to != NULL ? frames_put(to, buf_str(&out), e) : 0;
}

/* Most pieces of a log do not name him. */
static int count_text(struct forget *f, struct str text, struct err *e)
{
	while (text.n > 0) {
		ptrdiff_t end = str_chr(str_skip(text, PIECE), '\n');
		struct str piece = str_take(text, end < 0 ? text.n : PIECE + (size_t)end + 1);

		if (erase_may(&f->erase, piece) && through(f, piece, NULL, e) < 0)
			return -1;
		text = str_skip(text, piece.n);
	}
	return 0;
}

/* A plain file, or one that has no table: at most so much is taken into memory. */
static int whole(struct forget *f, int fd, struct frames_out *to, struct err *e)
{
	struct unpacked u;
	BUF(text);

	if (unpack_file(fd, (size_t)2 << 30, &text, &u, e) < 0)
		return -1;
	if (u.end != UNPACK_WHOLE)
		return err_set(e, "it cannot be read to its end");
	if (to == NULL)
		return count_text(f, buf_str(&text), e);
	return through(f, buf_str(&text), to, e);
}

static int each_frame(struct forget *f, struct frames *fr, struct frames_out *to, struct err *e)
{
	for (size_t i = 0; i < fr->n; i++) {
		BUF(text);

		if (frames_read(fr, fr->at[i].text, (size_t)(fr->at[i + 1].text - fr->at[i].text), &text, e) < 0)
			return -1;
		if (to == NULL && !erase_may(&f->erase, buf_str(&text)))
			continue;
		if (through(f, buf_str(&text), to, e) < 0)
			return -1;
	}
	return 0;
}

static int read_through(struct forget *f, int fd, struct frames_out *to, struct err *e)
{
	struct frames fr;
	int rc = frames_open(&fr, fd, e);

	if (rc > 0)
		rc = each_frame(f, &fr, to, e);
	else if (rc == 0)
		rc = whole(f, fd, to, e);
	frames_close(&fr);
	return rc;
}

/* How often it occurs there. */
static int count_in(struct forget *f, int fd, uint64_t *lines, uint64_t *places, struct err *e)
{
	int rc;

	f->erase.lines = f->erase.places = 0;
	rc = read_through(f, fd, NULL, e);
	*lines = f->erase.lines;
	*places = f->erase.places;
	return rc;
}

/* The archive is written anew and takes the old one's place. */
static int rewrite(struct forget *f, const char *name, int fd, const struct stat *st, struct err *e)
{
	const char *hidden = NULL;
	FD(to) = rotate_create(f->dir, name, st, &f->mem, &hidden, e);
	struct frames_out w;
	int rc;

	if (to < 0)
		return -1;
	frames_begin(&w, to);
	rc = read_through(f, fd, &w, e) < 0 || frames_end(&w, e) < 0 ? -1 : 0;
	frames_drop(&w);
	if (rc == 0)
		rc = rotate_place(f->dir, to, hidden, name, st, e);
	if (rc < 0)
		unlinkat(f->dir, hidden, 0);
	return rc;
}

/* ---- all files ---- */

static void progress(const struct forget *f, size_t i, size_t n, const char *name)
{
	if (!f->tty)
		return;
	fprintf(stderr, i < n ? "\r\033[K%3zu %% %s" : "\r\033[K", n > 0 ? i * 100 / n : 100, name);
	fflush(stderr);
}

/* One that is counted only, or must be left although it names the address. */
static int look_at(struct forget *f, const char *name, bool ours, struct err *e)
{
	uint64_t lines, places;
	struct stat st;
	FD(fd) = rotate_open_file(f->dir, name, O_RDONLY, &st, e);

	if (fd < 0 || count_in(f, fd, &lines, &places, e) < 0)
		return ours ? -1 : 0; /* a link, a folder, a file of somebody else's */
	if (places == 0)
		return 0;
	if (ours)
		tell_file(f, name, lines, places);
	else
		leave(f, name, "the address stands in it, but it is no archive of ours, or not yet: left as it is");
	return 0;
}

/* What it holds it holds of all lines.  The server may be at it; that takes a minute or two. */
static int remove_index(const struct forget *f, struct err *e)
{
	int64_t until = deadline_in(PATIENCE);
	bool some;
	int rc;

	while ((rc = index_remove(f->index, &some, e)) < 0 && e->code == EWOULDBLOCK && clock_mono() < until)
		poll(NULL, 0, 200);
	return rc;
}

/* Before the first file is changed: an erasure that is cut is told of too. */
static int note(struct forget *f, struct err *e)
{
	struct str address = arena_fmt(&f->mem, "%.*s@%.*s", STR_ARG(f->erase.local), STR_ARG(f->erase.domain));
	int64_t wall = clock_wall();
	struct civil c = civil_of_seconds(wall / 1000 + log_offset(wall));
	char day[32];

	if (f->noted)
		return 0;
	if (remove_index(f, e) < 0)
		return -1;
	snprintf(day, sizeof(day), "%04d-%02d-%02d", c.year, c.month, c.day);
	f->noted = erased_note(f->dir, address, day, e) == 0;
	return f->noted ? 0 : -1;
}

static int erase_in(struct forget *f, const char *name, struct err *e)
{
	uint64_t lines, places;
	struct stat st;
	FD(fd) = rotate_open_file(f->dir, name, O_RDONLY, &st, e);

	if (fd < 0 || count_in(f, fd, &lines, &places, e) < 0)
		return -1;
	if (places == 0)
		return 0;
	if (note(f, e) < 0 || rewrite(f, name, fd, &st, e) < 0)
		return -1;
	tell_file(f, name, lines, places);
	return 0;
}

static void each(struct forget *f, enum rotate_form form, bool rewriting)
{
	const char *const *names = NULL;
	struct err e = { 0 };
	size_t n = rotate_list(f->dir, form, &names, &f->mem, &e);

	if (e.text[0] != '\0')
		leave(f, ".", e.text);
	for (size_t i = 0; i < n; i++) {
		if (names[i][0] == '.')
			continue;
		progress(f, i, n, names[i]);
		e = (struct err){ 0 };
		if ((rewriting ? erase_in(f, names[i], &e) : look_at(f, names[i], f->dry && form != ROTATE_NONE, &e)) <
		    0)
			leave(f, names[i], e.text);
	}
	progress(f, n, n, "");
}

/* Only a log that names him becomes an archive now: one in which somebody wrote just now would have to wait. */
static bool names_him(void *with, const char *log)
{
	struct forget *f = with;
	uint64_t lines, places;
	struct err e = { 0 };
	struct stat st;
	FD(fd) = rotate_open_file(f->dir, log, O_RDONLY, &st, &e);

	return fd < 0 || count_in(f, fd, &lines, &places, &e) < 0 || places > 0;
}

static void forget_all(struct forget *f)
{
	struct rotate_set set = { .tell = tell_rotation, .wants = names_him, .with = f };
	struct expiring expiring;
	struct err e = { 0 };

	if (f->dry) {
		for (enum rotate_form form = ROTATE_NONE; form <= ROTATE_ARCHIVE; form++)
			each(f, form, false);
		return;
	}
	rotate_run(f->dir, &set);
	expiring_read(&expiring, f->dir, ".", &f->mem);
	each(f, ROTATE_ARCHIVE, true);
	if (expiring_renew(f->dir, &expiring, &e) < 0)
		leave(f, ".expiring", e.text);
	each(f, ROTATE_PLAIN, false);
	each(f, ROTATE_NONE, false);
	/* made anew meanwhile, of archives that still had the address */
	if (f->noted && remove_index(f, &e) < 0)
		leave(f, "the index", e.text);
}

static int answer(const struct forget *f)
{
	if (f->json)
		printf("{\"dry_run\":%s,\"lines\":%llu,\"places\":%llu,\"left\":%zu,\"files\":[%.*s]}\n",
		       f->dry ? "true" : "false", (unsigned long long)f->lines, (unsigned long long)f->places, f->left,
		       STR_ARG(buf_str(&f->files)));
	else if (f->nfiles == 0)
		args_fail(0, "logs forget: the address stands in none of the logs");
	if (f->left > 0)
		return CLI_AMBIGUOUS;
	return f->nfiles > 0 ? CLI_DONE : CLI_NO;
}

static int run(struct forget *f, const struct args *a)
{
	struct err e = { 0 };
	struct conf c;
	int code = args_conf(a, &c);

	if (code != 0)
		return code;
	log_zone(str_eqz(c.logs.time, "utc"));
	f->index = arena_fmt(&f->mem, "%.*s/index", STR_ARG(c.top.data_dir)).p;
	f->dir = rotate_open(conf_z(c.top.log_dir), &e);
	if (f->dir >= 0) {
		forget_all(f);
		code = answer(f);
	} else {
		code = args_fail(CLI_NO, "logs forget: %s", e.text);
	}
	fd_clear(&f->dir);
	conf_clear(&c);
	return code;
}

int logs_forget(const struct args *a, char **words, size_t n)
{
	struct forget f = { .dir = -1, .json = a->json, .tty = isatty(STDERR_FILENO) == 1, .mem = ARENA_INIT };
	const char *address = NULL;
	int code;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], "--dry-run") == 0)
			f.dry = true;
		else if (address == NULL && words[i][0] != '-')
			address = words[i];
		else
			return args_fail(CLI_USAGE, "logs forget takes no %s", words[i]);
	}
	if (address == NULL)
		return args_fail(CLI_USAGE, "logs forget takes an address");
	if (!erase_init(&f.erase, str_of(address), &f.mem)) {
		arena_clear(&f.mem);
		return args_fail(CLI_USAGE, "logs forget: %s is no address, local@domain, spelt in full", address);
	}
	f.jfiles = json_to(&f.files);
	code = run(&f, a);
	buf_clear(&f.files);
	arena_clear(&f.mem);
	return code;
}
