/* telltale-queue: the spool, the schedule, all numbers and the delivery log.  User queue; no network;
 * the only program that opens the spool. */
#include <stdlib.h>
#include <sysexits.h>
#include "base/conf.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/server.h"
#include "logs/logs.h"

enum { SPARES = 2, GRACE = 5000 };

static struct conf conf;

static void note(void *recovered, const struct item *it, struct str envelope)
{
	recovered_note(recovered, it, envelope);
}

static int open_depot(struct recovered *recovered, struct depot **out, struct err *e)
{
	struct depot_set set = {
		.dir = conf_z(conf.top.spool_dir),
		.segment_size = (uint64_t)conf.queue.segment_size,
		.spares = SPARES,
		.taken = note,
		.taker = recovered,
	};

	return io_mkdirs(set.dir, 0700, e) < 0 ? -1 : depot_open(&set, out, e);
}

static struct dlog *open_log(struct err *e)
{
	struct arena *mem = &conf.mem;

	log_zone(str_eqz(conf.logs.time, "utc"));
	if (io_mkdirs(conf_z(conf.top.log_dir), 0700, e) < 0)
		return NULL;
	return dlog_open(arena_fmt(mem, "%.*s/delivery.log", STR_ARG(conf.top.log_dir)).p, e);
}

static bool ask(void *resolve, uint64_t id, struct str address)
{
	return resolve_ask(resolve, id, address);
}

static bool ask_list(void *resolve, uint64_t id, struct str list, struct str after)
{
	return resolve_list(resolve, id, list, after);
}

static bool ask_reply(void *resolve, uint64_t id, struct str address, struct str sender)
{
	return resolve_reply(resolve, id, address, sender);
}

static bool ask_leaves(void *resolve, uint64_t id, struct str sender, struct str alias)
{
	return resolve_leaves(resolve, id, sender, alias);
}

static void suppress(void *resolve, struct str mailbox, struct str address, struct str reason)
{
	resolve_suppress(resolve, mailbox, address, reason);
}

static int run(struct depot *depot, struct dlog *log, struct recovered *recovered, struct err *e)
{
	struct schedule_set set = settings_schedule(&conf);
	struct settings settings = { .conf = &conf, .depot = depot };
	struct server_set server = {
		.depot = depot,
		.log = log,
		.settings = &settings,
		.recovered = recovered,
		.resolve = resolve_new(proc_socket(&conf, "lookup.sock"), e),
		.service = proc_fd("service", 0),
		.control = proc_fd("control", 0),
		.signals = proc_signals(),
		.grace = GRACE,
	};
	int rc;

	if (server.resolve == NULL)
		return -1;
	set.depot = depot;
	set.log = log;
	set.lookup = (struct schedule_lookup){ .ask = ask,
					       .ask_list = ask_list,
					       .ask_reply = ask_reply,
					       .ask_leaves = ask_leaves,
					       .suppress = suppress,
					       .asker = server.resolve };
	server.schedule = settings.schedule = schedule_new(&set);
	recovered_begin(recovered, depot);
	recovered_bounces(&conf, depot, log);
	proc_ready();
	rc = server_run(&server, e);
	schedule_free(server.schedule);
	resolve_free(server.resolve);
	return rc;
}

/* The spool, the log of deliveries, and the way to telltale-lookup. */
static void enter_sandbox(void)
{
	struct sandbox box = {
		.paths = { { SANDBOX_ALL, conf_z(conf.top.spool_dir) }, { SANDBOX_APPEND, conf_z(conf.top.log_dir) } },
		.network = SANDBOX_UNIX,
		.calls = "memfd_create",
	};

	sandbox_enter(&box, &conf);
}

int main(void)
{
	struct err e = { 0 };
	static struct recovered *recovered; /* static: reachable whichever way we end */
	struct depot *depot;
	struct dlog *log;
	int rc;

	proc_begin("telltale-queue", &conf);
	enter_sandbox();
	recovered = recovered_new(&conf);
	if (open_depot(recovered, &depot, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_IOERR;
	}
	recovered_forwards(&conf, depot);
	log = open_log(&e);
	if (log == NULL) {
		say(SAY_ERROR, "%s", e.text);
		return EX_IOERR;
	}
	rc = run(depot, log, recovered, &e);
	if (rc < 0)
		say(SAY_ERROR, "%s", e.text);
	recovered_free(recovered);
	dlog_close(log);
	depot_close(depot);
	return rc < 0 ? EX_IOERR : EXIT_SUCCESS;
}
