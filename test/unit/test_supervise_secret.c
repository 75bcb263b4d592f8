/* The key of references: made once, kept, handed on as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "supervise/secret.h"

static void read_key(const struct conf *c, char out[SECRET_SIZE])
{
	struct err e = { 0 };
	FD(fd) = secret_open(c, &e);
	BUF(b);

	if (fd < 0)
		fail_msg("%s", e.text);
	assert_int_equal(io_slurp_shared(fd, 100, &b, &e), 0);
	assert_int_equal(b.n, SECRET_SIZE);
	assert_true(write(fd, "x", 1) < 0); /* sealed */
	memcpy(out, b.p, SECRET_SIZE);
}

static void it_is_made_once_and_kept(void **state)
{
	char dir[] = "/tmp/secret-XXXXXX", path[64], first[SECRET_SIZE], again[SECRET_SIZE], other[SECRET_SIZE];
	struct conf c = { 0 };
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/why.key", dir);
	c.top.data_dir = str_of(dir);
	read_key(&c, first);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	read_key(&c, again);
	assert_memory_equal(first, again, SECRET_SIZE);
	assert_int_equal(truncate(path, 31), 0);
	assert_int_equal(secret_open(&c, &e), -1);
	assert_non_null(strstr(e.text, "why.key: it is not of 32 bytes"));
	assert_int_equal(truncate(path, 33), 0);
	assert_int_equal(secret_open(&c, &e), -1);
	assert_int_equal(unlink(path), 0);
	read_key(&c, other);
	assert_memory_not_equal(first, other, SECRET_SIZE);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(secret_open(&c, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_made_once_and_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
