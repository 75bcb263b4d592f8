/* Apart from the sessions: who only checks the configuration needs neither them nor the HTTP client. */
#include <errno.h>
#include <unistd.h>

#include "base/conf.h"
#include "session/consult.h"

int consult_check(const struct conf *c, struct err *e)
{
	const struct str *password = &c->rspamd.password_file;
	struct service s;

	if (c->rspamd.url.n > 0 && rspamd_service(&s, c->rspamd.url, e) < 0)
		return err_wrap(e, "%s: rspamd { url }", conf_z(c->file));
	if (password->n > 0 && access(conf_z(*password), F_OK) < 0 && errno == ENOENT)
		return err_set(e, "%s: rspamd { password-file }: there is no %s", conf_z(c->file), conf_z(*password));
	for (size_t i = 0; i < c->milter.address.n; i++)
		if (service_read(&s, c->milter.address.at[i], e) < 0)
			return err_wrap(e, "%s:%d: milter { address }", conf_z(c->file), c->milter.address.line[i]);
	return 0;
}
