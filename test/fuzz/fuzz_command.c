/* What is said is inside the line; a fine MAIL or RCPT, written anew from its parts, says the same. */
#include "base/err.h"
#include "mail/envelope.h"
#include "mail/xtext.h"
#include "wire/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ENVID and ORCPT at their shortest are no longer than they came. */
static void put_notices(struct buf *b, const struct command *c)
{
	static const char *const notify[] = { "NEVER", "SUCCESS", "FAILURE", "DELAY" };
	struct str type, address;
	const char *sep = " NOTIFY=";

	if (c->envid.n > 0)
		buf_adds(b, " ENVID="), xtext_put(b, c->envid);
	if (c->ret != RET_NONE)
		buf_fmt(b, " RET=%s", c->ret == RET_FULL ? "FULL" : "HDRS");
	for (unsigned i = 0; i < 4; i++)
		if ((c->notify & 1u << i) != 0)
			buf_fmt(b, "%s%s", sep, notify[i]), sep = ",";
	if (str_cut(c->orcpt, STR(";"), &type, &address)) {
		buf_fmt(b, " ORCPT=%.*s;", STR_ARG(type));
		xtext_put(b, address);
	}
}

static void again(const struct command *c, struct arena *a)
{
	struct command d;
	BUF(b);

	buf_adds(&b, c->verb == VERB_MAIL ? "MAIL FROM:<" : "RCPT TO:<");
	addr_put(&b, &c->path);
	buf_addc(&b, '>');
	if (c->sized)
		buf_fmt(&b, " SIZE=%llu", (unsigned long long)c->size);
	if (c->eightbit)
		buf_adds(&b, " BODY=8BITMIME");
	put_notices(&b, c);
	command_parse(buf_str(&b), a, &d);
	MUST(d.fault == COMMAND_FINE && d.verb == c->verb);
	MUST(str_eq(c->path.local, d.path.local) && str_eq(c->path.domain, d.path.domain));
	MUST(str_eq(c->envid, d.envid) && str_eq(c->orcpt, d.orcpt) && c->ret == d.ret && c->notify == d.notify);
	MUST(c->size == d.size && c->sized == d.sized && c->eightbit == d.eightbit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct str line = str_mem(data, size);
	struct command c;

	command_parse(line, &a, &c);
	MUST(c.verb <= VERB_UNKNOWN);
	MUST((c.verb == VERB_UNKNOWN) <= (c.fault != COMMAND_FINE));
	MUST(c.arg.n == 0 || (c.arg.p >= line.p && c.arg.p + c.arg.n <= line.p + line.n));
	if (c.fault == COMMAND_FINE && (c.verb == VERB_MAIL || c.verb == VERB_RCPT))
		again(&c, &a);
	return 0;
}
