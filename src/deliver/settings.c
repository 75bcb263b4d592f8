#include "deliver/settings.h"

#include <unistd.h>
#include "base/io.h"
#include "base/say.h"
#include "deliver/way.h"
#include "logs/logs.h"

/* A thread of telltale-local works on many at one time, since they share their syncs (pool.h): so many are handed over
 * for each. */
enum { AHEAD = 32, AHEAD_MOST = 2000, MEMORY = 64 * 1024 * 1024 };

/* Each is a descriptor of telltale-local's, which may have as many as we may, and needs others beside them. */
static size_t attempts_most(const struct conf *c)
{
	size_t wanted = (size_t)c->queue.local_concurrency * AHEAD;
	long files = sysconf(_SC_OPEN_MAX);
	size_t most = files > 0 && files / 4 < AHEAD_MOST ? (size_t)files / 4 : AHEAD_MOST;

	return wanted < most ? wanted : most;
}

struct schedule_set settings_schedule(const struct conf *c)
{
	return (struct schedule_set){
		.retry = { c->queue.first_retry, c->queue.lifetime },
		.delay_notice = c->queue.delay_notice,
		.most = attempts_most(c),
		.memory = MEMORY,
		.remote = c->relay.enabled,
		.remote_most = (size_t)c->queue.remote_concurrency,
		.conf = c,
		.ways = ways_print(c),
		.srs = c->forward.srs,
		.hostname = c->top.hostname,
		.contact = c->top.contact,
	};
}

static void name_moved(struct buf *why, const char *option, struct str was, struct str is)
{
	if (!str_eq(was, is))
		buf_fmt(why, "%s%s", why->n > 0 ? ", " : "", option);
}

static int read_conf(int fd, struct conf *c, struct err *e)
{
	BUF(text);

	if (io_slurp_shared(fd, CONF_BYTES_MAX, &text, e) < 0)
		return err_wrap(e, "the configuration");
	return conf_parse(c, buf_str(&text), "telltale.conf", e);
}

int settings_take(struct settings *s, int fd, struct buf *why)
{
	struct conf fresh = { 0 }, former = *s->conf;
	struct schedule_set set;
	struct err e = { 0 };

	if (read_conf(fd, &fresh, &e) < 0) {
		buf_adds(why, e.text);
		conf_clear(&fresh);
		return -1;
	}
	name_moved(why, "data-dir", former.top.data_dir, fresh.top.data_dir);
	name_moved(why, "spool-dir", former.top.spool_dir, fresh.top.spool_dir);
	name_moved(why, "log-dir", former.top.log_dir, fresh.top.log_dir);
	*s->conf = fresh;
	set = settings_schedule(s->conf);
	schedule_settings(s->schedule, &set);
	depot_segment_size(s->depot, (uint64_t)fresh.queue.segment_size);
	log_zone(str_eqz(fresh.logs.time, "utc"));
	conf_clear(&former);
	if (why->n == 0)
		return 0;
	buf_adds(why, ": these take a restart; all the rest is in force");
	return 1;
}
