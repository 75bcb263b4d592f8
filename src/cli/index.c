/* telltale index: the cache from which trace answers at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/team.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "index/index.h"

static const char index_usage[] =
    "usage: telltale index build|status|drop [--index DIR] [--logs PATH...] [--unpack-limit SIZE]\n"
    "                      [--threads N] [--window SIZE] [--json] [-c FILE]\n"
    "\n"
    "The index is a cache beside the logs from which `telltale trace` answers at once; answers are the same\n"
    "with it and without it.  What the logs have grown by since it was made is read with it (telltale's own, a\n"
    "spamdyke host's, Postfix's, Exim's, qmail-send's; other logs must be as they were).  It can be removed at any "
    "time.\n"
    "\n"
    "  build    read the logs, or what is new in them, and make the index; nothing is done when it is still good\n"
    "  status   what it holds, how large it is, and whether it stands for the logs; exit code 1: it does not\n"
    "  drop     remove it\n"
    "\n"
    "  --index DIR           its folder (default: `index` in the data folder; needed beside --logs)\n"
    "  --logs PATH...        files or folders that it is for (default: the configuration's log-dir)\n"
    "  --unpack-limit SIZE   unpack at most so much of compressed files (default 2G), as trace will be asked to; what\n"
    "                        `telltale logs rotate` packed is read in place and does not count\n"
    "  --threads N           build with so many threads, 1 to 4 (default: one for each processor); the index is the "
    "same\n"
    "  --window SIZE         join so much text at a time (default 28M, or more where there is much): less takes less\n"
    "                        memory, makes a larger index, and is more work\n"
    "  --json                what was done, or what it holds, as JSON\n"
    "\n"
    "The server makes that of its own logs every some minutes: index { every } of the configuration.\n";

struct options {
	const char *dir;
	const char **paths;
	struct survey_paths logs;
	struct buf own_dir, own_logs; /* of the configuration */
	struct index_how how;
	bool json;
};

static int take_threads(struct options *o, const char *value)
{
	uint64_t n;

	if (!str_u64(str_of(value), TEAM_MOST, &n) || n == 0)
		return args_fail(CLI_USAGE, "index: --threads %s is not a number from 1 to %d", value, TEAM_MOST);
	o->how.threads = (unsigned)n;
	return 0;
}

static int take_size(const char *name, const char *value, uint64_t *out)
{
	int64_t n;

	if (!conf_size(str_of(value), &n))
		return args_fail(CLI_USAGE, "index: %s %s is not a size (examples: 500M, 8G)", name, value);
	*out = (uint64_t)n;
	return 0;
}

/* Moments are found to some 64 KiB of each log. */
static int take_window(struct options *o, const char *value)
{
	enum { LEAST = 128 << 10 };
	int rc = take_size("--window", value, &o->how.window);

	if (rc == 0 && o->how.window < LEAST)
		return args_fail(CLI_USAGE, "index: --window %s is less than 128K", value);
	return rc;
}

static int take_index(struct options *o, const char *value)
{
	o->dir = value;
	return 0;
}

static int take_unpack_limit(struct options *o, const char *value)
{
	uint64_t limit = 0;
	int rc = take_size("--unpack-limit", value, &limit);

	o->logs.unpack = (size_t)limit;
	return rc;
}

static int take_logs(struct options *o, const struct args *a, int *i)
{
	while (*i + 1 < a->nrest && a->rest[*i + 1][0] != '-')
		o->paths[o->logs.n++] = a->rest[++*i];
	return o->logs.n > 0 ? 0 : args_fail(CLI_USAGE, "index: --logs needs a file or a folder");
}

static int take_option(struct options *o, const struct args *a, int *i)
{
	static const struct {
		const char *name;
		int (*take)(struct options *o, const char *value); /* NULL: it may have several values */
	} t[] = { { "--logs", NULL },
		  { "--index", take_index },
		  { "--threads", take_threads },
		  { "--window", take_window },
		  { "--unpack-limit", take_unpack_limit } };
	const char *name = a->rest[*i];
	size_t k = 0;

	while (k < COUNT(t) && strcmp(name, t[k].name) != 0)
		k++;
	if (k == COUNT(t))
		return args_fail(CLI_USAGE, "index: there is no option %s", name);
	if (!args_is_value(a->rest[*i + 1]))
		return args_fail(CLI_USAGE, "index: %s needs a value", name);
	return t[k].take == NULL ? take_logs(o, a, i) : t[k].take(o, a->rest[++*i]);
}

static int take_conf(struct options *o, const struct args *a)
{
	struct conf c;
	int rc;

	if (o->logs.n > 0)
		return o->dir != NULL
			   ? 0
			   : args_fail(CLI_USAGE, "index: which index is meant for these logs? (--index DIR)");
	if ((rc = args_conf(a, &c)) != 0)
		return rc;
	buf_fmt(&o->own_dir, "%.*s/index", STR_ARG(c.top.data_dir));
	buf_addstr(&o->own_logs, c.top.log_dir);
	if (o->dir == NULL)
		args_believe(&c);
	conf_clear(&c);
	o->paths[o->logs.n++] = buf_z(&o->own_logs);
	if (o->dir == NULL)
		o->dir = buf_z(&o->own_dir);
	return 0;
}

/* ---- build ---- */

struct progress {
	int64_t began, shown;
};

static void show(void *with, enum index_phase phase, uint64_t done, uint64_t all)
{
	static const char *const words[] = { [INDEX_READING] = "reading the logs",
					     [INDEX_JOINING] = "joining",
					     [INDEX_WRITING] = "writing",
					     [INDEX_WINDOWS] = "making the index" };
	enum { WIDTH = 30 };
	struct progress *p = with;
	int64_t now = clock_mono();
	int full = all > 0 ? (int)(done * WIDTH / all) : WIDTH;

	if (now - p->shown < 100 && done > 0 && done < all)
		return;
	p->shown = now;
	fprintf(stderr, "\r\033[K%-16s [%.*s%*s] %3llu %%  %.1f s", words[phase], full,
		"##############################", WIDTH - full, "",
		(unsigned long long)(all > 0 ? done * 100 / all : 100), (double)(now - p->began) / 1000.0);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static void put_size(struct buf *b, uint64_t n)
{
	if (n < 10000)
		buf_fmt(b, "%llu bytes", (unsigned long long)n);
	else if (n < 10000000)
		buf_fmt(b, "%.1f kB", (double)n / 1e3);
	else
		buf_fmt(b, "%.1f MB", (double)n / 1e6);
}

static void print_built(const struct options *o, const struct index_built *x, int64_t ms)
{
	BUF(b);

	if (o->json) {
		struct json j = json_to(&b);

		json_begin_object(&j);
		json_key(&j, "index"), json_z(&j, o->dir);
		json_key(&j, "fresh"), json_bool(&j, x->fresh);
		json_key(&j, "files"), json_num(&j, (int64_t)x->files);
		json_key(&j, "lines"), json_num(&j, (int64_t)x->lines);
		json_key(&j, "stories"), json_num(&j, (int64_t)x->stories);
		json_key(&j, "logs_bytes"), json_num(&j, (int64_t)x->logs);
		json_key(&j, "index_bytes"), json_num(&j, (int64_t)x->size);
		json_key(&j, "ms"), json_num(&j, ms);
		json_end_object(&j);
		buf_addc(&b, '\n');
	} else {
		buf_fmt(&b, "%s: %llu files, %llu lines, %llu messages; ",
			x->fresh ? "The index is as it should be" : "The index was made", (unsigned long long)x->files,
			(unsigned long long)x->lines, (unsigned long long)x->stories);
		put_size(&b, x->size);
		buf_adds(&b, " for ");
		put_size(&b, x->logs);
		buf_fmt(&b, " of text (%.1f %%)", share(x->size, x->logs));
		if (!x->fresh)
			buf_fmt(&b, ", in %.1f s", (double)ms / 1000.0);
		buf_adds(&b, ".\n");
	}
	fwrite(buf_z(&b), 1, b.n, stdout);
}

static int build(const struct options *o)
{
	struct progress p = { .began = clock_mono() };
	struct index_progress say = { show, &p };
	bool terminal = isatty(STDERR_FILENO) == 1;
	struct index_built x;
	struct err e = { 0 };
	struct index_how how = o->how;
	int rc;

	how.say = terminal ? &say : NULL;
	rc = index_build(o->dir, &o->logs, &how, &x, &e);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (rc < 0)
		return args_fail(CLI_NO, "index: %s", e.text);
	print_built(o, &x, clock_mono() - p.began);
	return CLI_DONE;
}

/* ---- status ---- */

static void put_moment(struct buf *b, int64_t utc)
{
	stamp_put_iso(b, utc, zone_offset(utc));
}

static void json_moment(struct json *j, const char *key, int64_t utc)
{
	BUF(b);

	json_key(j, key);
	if (utc == 0) {
		json_none(j);
		return;
	}
	put_moment(&b, utc);
	json_str(j, buf_str(&b));
}

static void status_json(struct buf *b, const struct options *o, const struct index_facts *f, const char *why)
{
	struct json j = json_to(b);

	json_begin_object(&j);
	json_key(&j, "index"), json_z(&j, o->dir);
	json_key(&j, "used"), json_bool(&j, why == NULL);
	json_key(&j, "why_not"), json_z(&j, why);
	json_key(&j, "files"), json_num(&j, (int64_t)f->files);
	json_key(&j, "lines"), json_num(&j, (int64_t)f->lines);
	json_key(&j, "stories"), json_num(&j, (int64_t)f->stories);
	json_key(&j, "logs_bytes"), json_num(&j, (int64_t)f->logs);
	json_key(&j, "index_bytes"), json_num(&j, (int64_t)f->size);
	json_moment(&j, "from", f->oldest);
	json_moment(&j, "to", f->newest);
	json_key(&j, "parts");
	json_begin_object(&j);
	for (size_t i = 0; i < COUNT(f->parts); i++)
		json_key(&j, f->parts[i].name), json_num(&j, (int64_t)f->parts[i].size);
	json_end_object(&j);
	json_end_object(&j);
	buf_addc(b, '\n');
}

static void status_text(struct buf *b, const struct options *o, const struct index_facts *f, const char *why)
{
	buf_fmt(b, "%s: ", o->dir);
	put_size(b, f->size);
	buf_adds(b, " for ");
	put_size(b, f->logs);
	buf_fmt(b, " of text (%.1f %%); %llu files, %llu lines, %llu messages\n", share(f->size, f->logs),
		(unsigned long long)f->files, (unsigned long long)f->lines, (unsigned long long)f->stories);
	if (f->oldest != 0) {
		buf_adds(b, "covers ");
		put_moment(b, f->oldest);
		buf_adds(b, " to ");
		put_moment(b, f->newest);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < COUNT(f->parts); i++) {
		buf_fmt(b, "  %-12s ", f->parts[i].name);
		put_size(b, f->parts[i].size);
		buf_addc(b, '\n');
	}
	if (why == NULL)
		buf_adds(b, "trace answers from it\n");
	else
		buf_fmt(b, "trace reads the logs: %s\n", why);
}

static int status(const struct options *o)
{
	struct err e = { 0 }, why = { 0 };
	struct index *x = index_look(o->dir, &e), *used;
	struct index_facts f;
	BUF(b);

	if (x == NULL && e.code == ENOENT)
		return args_fail(CLI_NO, "index: there is none in %s; `telltale index build` makes one", o->dir);
	if (x == NULL)
		return args_fail(CLI_NO, "index: %s", e.text);
	used = index_open(o->dir, &o->logs, &why);
	index_facts(x, &f);
	if (o->json)
		status_json(&b, o, &f, used == NULL ? why.text : NULL);
	else
		status_text(&b, o, &f, used == NULL ? why.text : NULL);
	fwrite(buf_z(&b), 1, b.n, stdout);
	index_close(x);
	index_close(used);
	return used != NULL ? CLI_DONE : CLI_NO;
}

static int drop(const struct options *o)
{
	struct err e = { 0 };
	bool some;

	if (index_remove(o->dir, &some, &e) < 0)
		return args_fail(CLI_NO, "index: %s", e.text);
	if (!some)
		fprintf(stderr, "telltale: index: there was none in %s\n", o->dir);
	return CLI_DONE;
}

/* What needs no logs needs no configuration either, if the folder is named. */
static int run(struct options *o, struct args *a)
{
	static const struct {
		const char *word;
		int (*run)(const struct options *);
		bool logs;
	} t[] = { { "build", build, true }, { "status", status, true }, { "drop", drop, false } };
	size_t which = 0;
	int rc = 0;

	while (which < COUNT(t) && strcmp(a->rest[0], t[which].word) != 0)
		which++;
	if (which == COUNT(t))
		return args_fail(CLI_USAGE, "index: %s is none of build, status, drop", a->rest[0]);
	for (int i = 1; i < a->nrest && rc == 0; i++)
		rc = take_option(o, a, &i);
	if (rc == 0 && (t[which].logs || o->dir == NULL))
		rc = take_conf(o, a);
	return rc != 0 ? rc : t[which].run(o);
}

static int index_run(int argc, char **argv)
{
	struct options o = { .logs.unpack = SOURCE_UNPACKED_MAX,
			     .own_dir = BUF_INIT,
			     .own_logs = BUF_INIT,
			     .how.threads = team_processors() };
	struct args a;
	int rc;

	if (!args_take(&a, argc, argv, index_usage))
		return CLI_USAGE;
	if (a.nrest == 0) {
		fputs(index_usage, stderr);
		return CLI_USAGE;
	}
	o.json = a.json;
	o.paths = mem_alloc(((size_t)a.nrest + 1) * sizeof(*o.paths));
	o.logs.at = o.paths;
	rc = run(&o, &a);
	free(o.paths);
	buf_clear(&o.own_dir);
	buf_clear(&o.own_logs);
	return rc;
}

const struct cli_command cli_command_index = {
	.name = "index",
	.summary = "the cache from which trace answers at once: build, status, drop",
	.usage = index_usage,
	.run = index_run,
};
