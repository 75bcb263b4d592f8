#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/logs.h"
#include "logs/rotate.h"

const char logs_rotate_usage[] =
    "usage: telltale logs rotate [--keep AGE] [--json] [-c FILE]\n"
    "\n"
    "Make archives of all logs now, as the server does each day when logs { rotate = \"daily\" }:\n"
    "smtp-25.log becomes smtp-25.2026-11-28.zst (the day of its last line), or is added to it.  The server goes on\n"
    "writing.  Its last lines stay plain for a minute, for whoever repairs the logs after a crash: a busy server's\n"
    "logs take as long.  What an earlier rotation left is finished, and archives older than logs { keep } are "
    "removed.\n"
    "\n"
    "  --keep AGE   remove archives older than this instead (30d)\n"
    "  --json       what was made and removed, as JSON\n"
    "\n"
    "Exit codes: 0 done; 1 the folder cannot be read, or another rotation is under way; 2 wrong usage;\n"
    "3 a log was left as it is (said on stderr).\n";

/* What was told so far, for the end. */
struct rotate_told {
	bool json;
	struct logs_wait wait;
	struct buf made, removed, left;
	struct json jmade, jremoved, jleft;
};

static void tell_json(struct rotate_told *t, const struct rotate_news *n)
{
	struct json *j = n->step == ROTATE_PACKED ? &t->jmade : n->step == ROTATE_AGED ? &t->jremoved : &t->jleft;

	if (n->step == ROTATE_OPENED)
		return;
	json_begin_object(j);
	json_key(j, "file"), json_z(j, n->name);
	if (n->step == ROTATE_PACKED) {
		json_key(j, "bytes"), json_num(j, (int64_t)n->packed);
		json_key(j, "added"), json_num(j, (int64_t)n->text);
	}
	if (n->why != NULL)
		json_key(j, "why"), json_z(j, n->why);
	json_end_object(j);
}

static void tell_text(const struct rotate_news *n)
{
	switch (n->step) {
	case ROTATE_OPENED:
	case ROTATE_WAITS:
		break;
	case ROTATE_PACKED:
		printf("%s  %llu bytes of log added, %llu bytes now\n", n->name, (unsigned long long)n->text,
		       (unsigned long long)n->packed);
		break;
	case ROTATE_AGED:
		printf("%s  removed: too old\n", n->name);
		break;
	case ROTATE_LEFT:
	case ROTATE_FAILED:
		args_fail(0, "logs rotate: %s: %s", n->name, n->why);
		break;
	}
}

static void tell(void *with, const struct rotate_news *n)
{
	struct rotate_told *t = with;

	if (n->step == ROTATE_WAITS)
		logs_tell_wait(&t->wait, n);
	else if (t->json)
		tell_json(t, n);
	else
		tell_text(n);
	fflush(stdout);
}

static void put_json(const struct rotate_told *t)
{
	printf("{\"archives\":[%.*s],\"removed\":[%.*s],\"left\":[%.*s]}\n", STR_ARG(buf_str(&t->made)),
	       STR_ARG(buf_str(&t->removed)), STR_ARG(buf_str(&t->left)));
}

static int rotate(const struct conf *c, struct rotate_set *set, struct rotate_told *t)
{
	struct err e = { 0 };
	size_t bad;
	FD(dir) = -1;

	log_zone(str_eqz(c->logs.time, "utc"));
	dir = rotate_open(conf_z(c->top.log_dir), &e);
	if (dir < 0)
		return args_fail(CLI_NO, "logs rotate: %s", e.text);
	bad = rotate_run(dir, set);
	if (t->json)
		put_json(t);
	return bad > 0 ? CLI_AMBIGUOUS : CLI_DONE;
}

int logs_rotate(const struct args *a, char **words, size_t n)
{
	struct rotate_told t = { .json = a->json };
	struct rotate_set set = { .tell = tell, .with = &t };
	struct conf c;
	int code;

	if (n != 0 && (n != 2 || strcmp(words[0], "--keep") != 0))
		return args_fail(CLI_USAGE, "logs rotate takes no %s", words[0]);
	if (n == 2 && !conf_duration(str_of(words[1]), &set.keep))
		return args_fail(CLI_USAGE, "logs rotate: --keep %s is not an age (example: 30d)", words[1]);
	if ((code = args_conf(a, &c)) != 0)
		return code;
	if (n == 0)
		set.keep = c.logs.keep;
	set.next = c.logs.keep;
	t.jmade = json_to(&t.made);
	t.jremoved = json_to(&t.removed);
	t.jleft = json_to(&t.left);
	code = rotate(&c, &set, &t);
	buf_clear(&t.made);
	buf_clear(&t.removed);
	buf_clear(&t.left);
	conf_clear(&c);
	return code;
}
