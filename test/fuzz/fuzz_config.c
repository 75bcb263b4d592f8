/* Any bytes as a configuration: refused with a reason that names the file, or accepted, and then
 * complete (a hostname, a contact, absolute paths), read again from the kept text to the same, and
 * not to be had by leaving the last bracket out. */
#include <stdint.h>
#include <string.h>

#include "base/conf.h"

static void complete(const struct conf *c)
{
	MUST(c->top.hostname.n > 0 && c->top.contact.n > 0);
	MUST(c->top.data_dir.n > 0 && c->top.data_dir.p[0] == '/');
	MUST(c->accounts.sqlite.n > 0 && c->accounts.sqlite.p[0] == '/');
	MUST(c->limits.message_size > 0 && c->limits.sessions > 0 && c->queue.lifetime > 0);
	for (size_t i = 0; i < c->nports; i++)
		MUST(c->ports[i].label.n > 0 && c->ports[i].set.bind.n > 0);
}

static bool parses(struct str text)
{
	struct conf c;
	struct err e = { 0 };
	bool ok = conf_parse(&c, text, "fuzz", &e) == 0;

	if (ok)
		complete(&c);
	else
		MUST(strncmp(e.text, "fuzz", 4) == 0);
	if (ok)
		MUST(str_eq(c.text, text));
	conf_clear(&c);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_mem(data, size);

	if (size > 65536 || !parses(text))
		return 0;
	while (text.n > 0 && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\n'))
		text.n--;
	if (text.n > 0 && text.p[text.n - 1] == '}' && memchr(text.p, '#', text.n) == NULL &&
	    str_find(text, STR("//")) < 0 && str_find(text, STR("/*")) < 0)
		MUST(!parses(str_take(text, text.n - 1)));
	return 0;
}
