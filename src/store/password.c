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

int password_hash(struct str input, struct buf *out, struct err *e)
{
	struct str rest, line = first_line(input, &rest);

	if (line.n == 0)
		return err_set(e, "the password is empty: it is read as one line from standard input");
	if (rest.n > 0)
		return err_set(e, "the password is more than one line");
	if (line.n > PASSWORD_MAX)
		return err_set(e, "the password is longer than %d bytes", PASSWORD_MAX);
	if (str_chr(line, '\0') >= 0)
		return err_set(e, "the password has a zero byte");
	return hash_line(line, out, e);
}
