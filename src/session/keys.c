/* Certificate and key, from telltaled's hands. */
#include <string.h>
#include "base/io.h"
#include "base/proc.h"
#include "mail/reference.h"
#include "session/server.h"

/* A key does not stay in memory that others get. */
static void wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_clear(b);
}

static int read_all(const char *name, struct buf *out, struct err *e)
{
	int fd = proc_fd(name, 0);

	if (fd < 0)
		return err_set(e, "%s was not handed over", name);
	return io_slurp_shared(fd, TLS_PEM_MAX, out, e) < 0 ? err_wrap(e, "%s", name) : 0;
}

static const struct conf_port *who_wants_tls(const struct conf *c)
{
	for (size_t i = 0; i < c->nports; i++)
		if (c->ports[i].tls != CONF_TLS_NONE)
			return &c->ports[i];
	return NULL;
}

int server_tls(const struct conf *c, struct tls **out, struct err *e)
{
	const struct conf_port *who = who_wants_tls(c);
	struct buf certificate = BUF_INIT, key = BUF_INIT;

	*out = NULL;
	if (who == NULL)
		return 0;
	if (read_all("tls-certificate", &certificate, e) == 0 && read_all("tls-key", &key, e) == 0)
		*out = tls_open(buf_str(&certificate), buf_str(&key), e);
	wipe(&key);
	buf_clear(&certificate);
	return *out != NULL ? 0 : err_wrap(e, "listener \"%.*s\" wants TLS", STR_ARG(who->label));
}

int server_why_key(struct arena *a, struct str *out, struct err *e)
{
	struct buf key = BUF_INIT;
	int rc = 0;

	*out = str_of(NULL);
	if (proc_fd("why-key", 0) >= 0)
		rc = read_all("why-key", &key, e);
	if (rc == 0 && key.n == REFERENCE_KEY)
		*out = arena_str(a, buf_str(&key));
	else if (rc == 0 && key.n > 0)
		rc = err_set(e, "why-key is not of %d bytes", REFERENCE_KEY);
	wipe(&key);
	return rc;
}
