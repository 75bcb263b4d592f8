/* Certificate and key, from telltaled's hands. */
#include <string.h>
#include <sys/stat.h>
#include "base/io.h"
#include "base/proc.h"
#include "session/server.h"

/* A key does not stay in memory that others get. */
static void wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_clear(b);
}

/* By position: the descriptor's own offset is shared with the other workers. */
static int read_all(const char *name, struct buf *out, struct err *e)
{
	int fd = proc_fd(name, 0);
	struct stat st;

	if (fd < 0)
		return err_set(e, "%s was not handed over", name);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (st.st_size > TLS_PEM_MAX)
		return err_set(e, "%s: more than %d bytes", name, TLS_PEM_MAX);
	buf_need(out, (size_t)st.st_size);
	if (io_pread_all(fd, out->p, (size_t)st.st_size, 0) < 0)
		return err_sys(e, "%s", name);
	out->n = (size_t)st.st_size;
	return 0;
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
