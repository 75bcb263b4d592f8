#include "logs/erased.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

enum { SALT = 16, HASH = 32, ROUNDS = 20000, DAY = 10, MOST = 4 << 20 };

static const char file[] = ".erased";

static void put_hex(struct buf *b, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%02x", p[i]);
}

/* The hash as it stands in the file: of the salt as it stands there. */
static void put_hash(struct buf *b, struct str salt, struct str address)
{
	unsigned char hash[HASH];

	if (PKCS5_PBKDF2_HMAC(address.p, (int)address.n, (const unsigned char *)salt.p, (int)salt.n, ROUNDS,
			      EVP_sha256(), HASH, hash) != 1)
		BUG("PBKDF2 does not work");
	put_hex(b, hash, HASH);
}

/* The first line is the salt; false: there is no such file. */
static bool read_file(int dir, struct buf *all, struct str *salt, struct str *rest)
{
	struct err e;

	return io_slurp(dir, file, MOST, all, &e) == 0 && str_cut(buf_str(all), STR("\n"), salt, rest) &&
	       salt->n == 2 * SALT;
}

static int begin_file(struct buf *all, struct err *e)
{
	unsigned char salt[SALT];

	if (RAND_bytes(salt, SALT) != 1)
		return err_set(e, "no random bytes for the salt of %s", file);
	buf_reset(all);
	put_hex(all, salt, SALT);
	buf_addc(all, '\n');
	return 0;
}

int erased_note(int dir, struct str address, const char *day, struct err *e)
{
	struct str salt, rest;
	BUF(all);
	BUF(line);

	if (!read_file(dir, &all, &salt, &rest)) {
		if (faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return err_set(e, "%s cannot be read, or is none of ours: move it away", file);
		if (begin_file(&all, e) < 0)
			return -1;
	}
	buf_fmt(&line, "%s ", day);
	put_hash(&line, str_take(buf_str(&all), 2 * SALT), address);
	buf_addc(&line, '\n');
	buf_addstr(&all, buf_str(&line));
	return io_replace(dir, file, buf_str(&all), 0640, e);
}

bool erased_find(const char *folder, struct str address, char day[11])
{
	FD(dir) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct str salt, rest, line, when, hash;
	bool found = false;
	BUF(all);
	BUF(ours);

	if (dir < 0 || !read_file(dir, &all, &salt, &rest))
		return false;
	put_hash(&ours, salt, address);
	while (str_cut(rest, STR("\n"), &line, &rest)) {
		if (!str_cut(line, STR(" "), &when, &hash) || when.n != DAY || !str_eq(hash, buf_str(&ours)))
			continue;
		memcpy(day, when.p, DAY);
		day[DAY] = '\0';
		found = true; /* the latest counts */
	}
	return found;
}
