#include "cli/house.h"

#include <fcntl.h>

#include "deliver/lmtp.h"
#include "deliver/remote_settings.h"
#include "dns/zone.h"
#include "gate/rules.h"
#include "queue/spool.h"
#include "base/census.h"
#include "session/consult.h"
#include "sign/sign.h"
#include "web/check.h"
#include "wire/tls.h"

static int usable(struct conf *c, struct err *e)
{
	struct lmtp lmtp;

	if (consult_check(c, e) < 0 || remote_settings_check(c, e) < 0 || lmtp_read(&lmtp, c, e) < 0 ||
	    sign_check(c, e) < 0 || web_check(c, e) < 0)
		return -1;
	return c->dns.zone.n > 0 ? zone_check_file(conf_z(c->dns.zone), e) : 0;
}

static void queue_tell(struct ipc_conn *c, unsigned generation, int conf)
{
	struct queue_settings s = { generation };

	ipc_queue(c, &queue_settings_type, 1, &s, conf);
}

static int queue_told(const struct ipc_frame *f, struct err *e)
{
	struct queue_done done;

	if (f->type != queue_done_number)
		return err_set(e, "an answer of another kind");
	if (ipc_unpack(f->body, &queue_done_type, &done, e) < 0)
		return -1;
	return done.status == 0 ? 0 : err_set(e, "%.*s", STR_ARG(done.message));
}

static void census_forget(int fd, unsigned worker)
{
	struct err e;

	census_close(census_open(fcntl(fd, F_DUPFD_CLOEXEC, 3), worker, &e));
}

static int rules(const struct conf *c, struct buf *out, struct err *e)
{
	return policy_check(c, e) < 0 ? -1 : rules_pack(c, out, e);
}

const struct house house = {
	.usable = usable,
	.rules = rules,
	.keys_fit = tls_check,
	.keys_make = tls_make_self_signed,
	.queue_tell = queue_tell,
	.queue_told = queue_told,
	.census_forget = census_forget,
};
