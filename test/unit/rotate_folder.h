/* A folder of logs that is rotated, and what a test asks of it. */
#ifndef UNIT_ROTATE_FOLDER_H
#define UNIT_ROTATE_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/rotate.h"
#include "logs/unpack.h"

static char folder[32];
static int dir = -1;
static struct err e;
static struct buf told = BUF_INIT;

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tt-rotate.XXXXXX");
	setenv("TZ", "UTC", 1);
	tzset();
	log_zone(false);
	buf_reset(&told);
	if (mkdtemp(folder) == NULL)
		return -1;
	dir = rotate_open(folder, &e);
	return dir < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static int drop_folder(void **state)
{
	(void)state;
	fd_clear(&dir);
	buf_clear(&told);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void tell(void *with, const struct rotate_news *n)
{
	static const char *const words[] = { "opened", "waits", "packed", "aged", "left", "failed" };

	(void)with;
	buf_fmt(&told, "%s %s\n", words[n->step], n->name);
}

/* The day so many days ago, as it stands in a stamp. */
static const char *day(int ago, char out[16])
{
	struct civil c = civil_of_seconds(clock_wall() / 1000 - ago * 86400);

	snprintf(out, 16, "%04d-%02d-%02d", c.year, c.month, c.day);
	return out;
}

/* A file; every "%D" in text is the day so many days ago, its time of change is that too. */
static void put(const char *name, int ago, const char *text)
{
	struct timespec times[2] = { { .tv_sec = clock_wall() / 1000 - ago * 86400 }, { .tv_nsec = UTIME_OMIT } };
	FD(fd) = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	char date[16];
	BUF(b);

	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] == 'D')
			buf_adds(&b, day(ago, date)), p++;
		else
			buf_addc(&b, *p);
	}
	times[1] = times[0];
	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, b.p, b.n), 0);
	assert_int_equal(futimens(fd, times), 0);
}

__attribute__((unused)) static bool there(const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* NAME with the day so many days ago for its "%D". */
__attribute__((unused)) static const char *named(const char *name, int ago)
{
	static char out[64];
	char date[16];
	const char *d = strstr(name, "%D");

	snprintf(out, sizeof(out), "%.*s%s%s", (int)(d - name), name, day(ago, date), d + 2);
	return out;
}

static void text_of(const char *name, struct buf *out)
{
	FD(fd) = openat(dir, name, O_RDONLY);
	struct unpacked u;

	buf_reset(out);
	if (fd < 0)
		fail_msg("%s is not there; told: %s", name, buf_z(&told));
	assert_int_equal(unpack_file(fd, 64 << 20, out, &u, &e), 0);
	assert_int_equal(u.end, UNPACK_WHOLE);
}

static size_t run(bool daily, int64_t keep)
{
	struct rotate_set set = { .daily = daily, .own = true, .keep = keep, .next = keep, .tell = tell };

	return rotate_run(dir, &set);
}

static size_t count(struct str text, const char *what)
{
	size_t n = 0;
	ptrdiff_t at;

	for (; (at = str_find(text, str_of(what))) >= 0; n++)
		text = str_skip(text, (size_t)at + 1);
	return n;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

#endif
