#include "store/password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

static struct str first_line(struct str input, struct str *rest)
{
	struct str line;

	str_cut(input, STR("\n"), &line, rest);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static int hash_line(struct str line, struct buf *out, struct err *e)
{
	struct crypt_data *work = mem_alloc(sizeof(*work));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], plain[PASSWORD_MAX + 1];
	const char *hash = NULL;

	memcpy(plain, line.p, line.n);
	plain[line.n] = '\0';
	if (crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) != NULL)
		hash = crypt_r(plain, salt, work);
	if (hash != NULL && hash[0] == '$')
		buf_adds(out, hash);
	else
		hash = NULL;
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(work, sizeof(*work));
	free(work);
	return hash != NULL ? 0 : err_set(e, "the password could not be hashed");
}

static int one_line(struct str input, const char *what, size_t most, struct str *line, struct err *e)
{
	struct str rest;

	*line = first_line(input, &rest);
	if (line->n == 0)
		return err_set(e, "the %s is empty: it is read as one line from standard input", what);
	if (rest.n > 0)
		return err_set(e, "the %s is more than one line", what);
	if (line->n > most)
		return err_set(e, "the %s is longer than %zu bytes", what, most);
	return str_chr(*line, '\0') >= 0 ? err_set(e, "the %s has a zero byte", what) : 0;
}

int password_hash(struct str input, struct buf *out, struct err *e)
{
	struct str line;

	return one_line(input, "password", PASSWORD_MAX, &line, e) < 0 ? -1 : hash_line(line, out, e);
}

int password_take_hash(struct str input, struct buf *out, struct err *e)
{
	struct str line;

	if (one_line(input, "hash", HASH_MAX, &line, e) < 0)
		return -1;
	if (password_check(line, STR("x")) == PASSWORD_UNKNOWN)
		return err_set(
		    e,
		    "that is no hash that passwords can be checked against: crypt(3) or $argon2id$ is wanted,"
		    " argon2 with at most %d KiB",
		    ARGON_MEMORY_MAX_KIB);
	buf_addstr(out, line);
	return 0;
}
