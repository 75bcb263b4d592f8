#include "cli/ask.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/waiting.h"
#include "index/asked.h"

void ask_init(struct ask *k, const char *command, const struct args *a)
{
	*k = (struct ask){ .command = command, .unpack = SOURCE_UNPACKED_MAX };
	k->paths = mem_alloc(((size_t)a->nrest + 1) * sizeof(*k->paths));
}

void ask_clear(struct ask *k)
{
	free(k->paths);
	buf_clear(&k->words);
	buf_clear(&k->log_dir);
	buf_clear(&k->index_dir);
}

bool ask_is_option(const char *z)
{
	return z[0] == '-' && z[1] != '\0';
}

char *ask_value(const struct ask *k, const struct args *a, int *i)
{
	if (args_is_value(a->rest[*i + 1]))
		return a->rest[++*i];
	args_fail(CLI_USAGE, "%s: %s needs a value", k->command, a->rest[*i]);
	return NULL;
}

int ask_number(const struct ask *k, const char *name, const char *z, size_t *out)
{
	uint64_t n;

	if (!str_u64(str_of(z), 1000000, &n) || n == 0)
		return args_fail(CLI_USAGE, "%s: %s %s is not a number from 1 to 1000000", k->command, name, z);
	*out = (size_t)n;
	return 0;
}

/* The first word is a path; further ones are as long as they exist: the question may follow. */
static int take_paths(struct ask *k, const struct args *a, int *i)
{
	int first = *i + 1;

	while (*i + 1 < a->nrest && !ask_is_option(a->rest[*i + 1]) &&
	       (*i + 1 == first || access(a->rest[*i + 1], F_OK) == 0))
		k->paths[k->npaths++] = a->rest[++*i];
	return k->npaths > 0 ? 0 : args_fail(CLI_USAGE, "%s: --logs needs a file or a folder", k->command);
}

static int take_unpack_limit(struct ask *k, const char *z)
{
	int64_t n;

	if (!conf_size(str_of(z), &n))
		return args_fail(CLI_USAGE, "%s: --unpack-limit %s is not a size (examples: 500M, 8G)", k->command, z);
	k->unpack = (size_t)n;
	return 0;
}

/* An empty scope would be none: who asks for an owner without a name must not be shown everything. */
static int take_scope(struct ask *k, const char *name, const char *z)
{
	bool domain = strcmp(name, "--domain") == 0;

	if (domain && z[0] == '@')
		z++;
	if (z[0] == '\0')
		return args_fail(CLI_USAGE, "%s: %s needs %s", k->command, name, domain ? "a domain" : "an address");
	if (strchr(z, '*') != NULL || (domain && strpbrk(z, "@?, ") != NULL))
		return args_fail(CLI_USAGE, "%s: %s takes one %s, spelt in full: %s is none", k->command, name,
				 domain ? "domain" : "address", z);
	if (domain)
		k->trace.domain = str_of(z);
	else
		k->trace.mailbox = str_of(z);
	return 0;
}

int ask_option(struct ask *k, const struct args *a, int *i)
{
	const char *name = a->rest[*i];
	char *value;

	if (strcmp(name, "--logs") == 0)
		return take_paths(k, a, i);
	if (strcmp(name, "--no-index") == 0) {
		k->no_index = true;
		return 0;
	}
	if (strcmp(name, "--tz") != 0 && strcmp(name, "--domain") != 0 && strcmp(name, "--mailbox") != 0 &&
	    strcmp(name, "--unpack-limit") != 0 && strcmp(name, "--index") != 0)
		return ASK_NOT_MINE;
	if ((value = ask_value(k, a, i)) == NULL)
		return CLI_USAGE;
	if (strcmp(name, "--unpack-limit") == 0)
		return take_unpack_limit(k, value);
	if (strcmp(name, "--index") == 0)
		k->index = value;
	else if (strcmp(name, "--tz") == 0)
		k->trace.tz = str_of(value);
	else
		return take_scope(k, name, value);
	return 0;
}

/* "text:250 or text:554" is no text, but a question that will be refused. */
static bool asks_for_two(const char *z)
{
	const char * or = strstr(z, " or "), *word = or != NULL ? or +4 : "";

	return word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] == ':';
}

/* The shell took the quotes of text:"no such user"; they are put back.  Any other word goes as it is: one with
 * spaces is a whole question. */
void ask_word(struct ask *k, const char *z)
{
	static const char *const keys[] = { "text:", "reason:" };
	struct buf *b = &k->words;

	if (b->n > 0)
		buf_addc(b, ' ');
	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t n = strlen(keys[i]);

		if (strncmp(z, keys[i], n) == 0 && strchr(z, ' ') != NULL && strchr(z, '"') == NULL &&
		    !asks_for_two(z)) {
			buf_fmt(b, "%s\"%s\"", keys[i], z + n);
			return;
		}
	}
	buf_adds(b, z);
}

/* The configuration's logs are this server's own: what it says of the queue holds for them. */
static int take_conf(struct ask *k, const struct args *a)
{
	struct conf c;
	int rc;

	if (k->npaths > 0)
		return 0;
	if ((rc = args_conf(a, &c)) != 0)
		return rc;
	k->trace.lifetime = c.queue.lifetime / 1000;
	buf_addstr(&k->log_dir, c.top.log_dir);
	buf_fmt(&k->index_dir, "%.*s/index", STR_ARG(c.top.data_dir));
	if (k->index == NULL)
		args_believe(&c);
	conf_clear(&c);
	k->paths[k->npaths++] = buf_z(&k->log_dir);
	if (k->index == NULL)
		k->index = buf_z(&k->index_dir);
	return 0;
}

int ask_answer(struct ask *k, const struct args *a, int (*make)(void *with, const struct trace_ask *t, struct buf *out),
	       void *with, struct buf *out)
{
	struct asked_make m = { make, with };
	struct asked asked;
	struct err e = { 0 };
	int rc = take_conf(k, a);

	if (rc != 0)
		return rc;
	if (k->no_index)
		waiting_without_hint();
	asked =
	    (struct asked){ { k->paths, (size_t)k->npaths, k->unpack }, k->no_index ? NULL : k->index, waiting_for };
	k->trace.question = buf_str(&k->words);
	k->trace.now = clock_wall() / 1000;
	k->trace.erased = asked_erased;
	k->trace.erased_with = &asked;
	rc = asked_answer(&asked, &k->trace, &m, out, &e);
	return rc >= 0 ? rc : args_fail(CLI_USAGE, "%s: %s", k->command, e.text);
}
