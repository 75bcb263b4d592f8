/* A mail folder of the test's own, and one message for it. */
#ifndef MAILDIR_BOX_H
#define MAILDIR_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "base/io.h"
#include "deliver/maildir.h"

#define STEM "1615286631.Q15309R0"
#define SIZE ",S=82" /* of FILED */
#define NAME STEM ".mx.example.com" SIZE
#define USER "example.com/bob"
#define STAGED USER "/staging/" STEM
#define FRESH USER "/Maildir/new/" NAME
#define MESSAGE "Subject: x\r\n\r\nhello\r\n.dot\r\n"
#define FILED "Return-Path: <ann@x.example>\nDelivered-To: bob@example.com\nSubject: x\n\nhello\n.dot\n"

static char top[64];
static struct maildir md;
static struct arena mem;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-maildir.XXXXXX");
	if (mkdtemp(top) == NULL || chdir(top) < 0 || mkdir("mail", 0700) < 0 || mkdir("outside", 0700) < 0)
		return -1;
	md.root = io_opendir(AT_FDCWD, "mail", NULL);
	md.host = STR("mx.example.com");
	return md.root < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(md.root);
	arena_clear(&mem);
	return chdir("/") < 0 || nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0;
}

static struct maildir_job job(const char *message)
{
	struct maildir_job j = { .final = STR("bob@example.com"), .sender = STR("ann@x.example"), .mem = &mem };
	struct err e;

	j.qp = 15309;
	j.time = 1615286631250;
	j.size = strlen(message);
	j.fd = io_memfd("message", str_of(message), &e);
	assert_true(j.fd >= 0);
	return j;
}

static inline void stage(struct maildir_job *j)
{
	struct maildir_job *one[] = { j };

	maildir_stage(&md, one, 1);
}

static inline void finish(struct maildir_job *j)
{
	struct maildir_job *one[] = { j };

	maildir_finish(&md, one, 1);
}

static inline const char *slurp(const char *path)
{
	static struct buf b;

	buf_reset(&b);
	return io_slurp(md.root, path, 1 << 20, &b, NULL) < 0 ? NULL : buf_z(&b);
}

static inline bool there(const char *path)
{
	return faccessat(md.root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void delivered(const struct maildir_job *j)
{
	assert_true(j->ended);
	assert_int_equal(j->out.kind, OUTCOME_SUCCESS);
	assert_true(str_eqz(j->out.report, "did 1+0+0"));
}

static inline void ended(const struct maildir_job *j, enum outcome_kind kind, const char *report)
{
	assert_true(j->ended);
	if (j->out.kind != kind || !str_starts(j->out.report, str_of(report)))
		fail_msg("report: %.*s", STR_ARG(j->out.report));
}

static inline void shell(const char *fmt, const char *arg)
{
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), fmt, arg);
	assert_int_equal(system(cmd), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
