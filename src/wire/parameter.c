#include "wire/parameter.h"

#include "mail/envelope.h"
#include "mail/xtext.h"

/* Each reads its value into the command: NULL, or what is wrong with it. */
typedef const char *reader(struct str value, struct arena *a, struct command *out);

/* Saturates: a number too large for us is too large for any limit, not malformed. */
static const char *read_size(struct str s, struct arena *a, struct command *out)
{
	(void)a;
	out->sized = true;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]))
			return "SIZE is not a number";
	if (s.n == 0 || s.n > 20)
		return "SIZE is not a number";
	if (!str_u64(s, UINT64_MAX, &out->size))
		out->size = UINT64_MAX;
	return NULL;
}

static const char *read_body(struct str s, struct arena *a, struct command *out)
{
	(void)a;
	out->eightbit = str_ieq(s, STR("8BITMIME"));
	return out->eightbit || str_ieq(s, STR("7BIT")) ? NULL : "BODY is 7BIT or 8BITMIME";
}

/* A mailbox as xtext, or "<>"; whom it names is nobody's business here. */
static const char *read_auth(struct str s, struct arena *a, struct command *out)
{
	struct str mailbox;

	out->auth = true;
	return str_eqz(s, "<>") || (s.n > 0 && xtext_read(s, a, &mailbox)) ? NULL
									   : "AUTH is not written as RFC 4954 asks";
}

static const char *read_ret(struct str s, struct arena *a, struct command *out)
{
	(void)a;
	out->ret = str_ieq(s, STR("FULL")) ? RET_FULL : str_ieq(s, STR("HDRS")) ? RET_HDRS : RET_NONE;
	return out->ret != RET_NONE ? NULL : "RET is FULL or HDRS";
}

static const char *read_envid(struct str s, struct arena *a, struct command *out)
{
	if (s.n > ENVELOPE_ENVID_MAX)
		return "ENVID is longer than 100 characters";
	return s.n > 0 && xtext_read(s, a, &out->envid) ? NULL : "ENVID is not written as RFC 3461 asks";
}

static const char *read_requiretls(struct str s, struct arena *a, struct command *out)
{
	(void)a;
	out->requiretls = true;
	return s.n == 0 ? NULL : "REQUIRETLS has no value";
}

/* "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" ), each once */
static const char *read_notify(struct str s, struct arena *a, struct command *out)
{
	static const struct {
		struct str word;
		unsigned bit;
	} words[] = { { STR_INIT("NEVER"), NOTIFY_NEVER },
		      { STR_INIT("SUCCESS"), NOTIFY_SUCCESS },
		      { STR_INIT("FAILURE"), NOTIFY_FAILURE },
		      { STR_INIT("DELAY"), NOTIFY_DELAY } };
	bool more = true;

	(void)a;
	while (more) {
		struct str word;
		size_t i = 0;

		more = str_cut(s, STR(","), &word, &s);
		while (i < COUNT(words) && !str_ieq(word, words[i].word))
			i++;
		if (i == COUNT(words) || (out->notify & words[i].bit) != 0)
			return "NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY";
		out->notify |= words[i].bit;
	}
	return (out->notify & NOTIFY_NEVER) != 0 && out->notify != NOTIFY_NEVER ? "NOTIFY=NEVER stands alone" : NULL;
}

/* type ";" xtext, the type an atom */
static const char *read_orcpt(struct str s, struct arena *a, struct command *out)
{
	struct str type, address;

	if (s.n > ENVELOPE_ORCPT_MAX)
		return "ORCPT is longer than 500 characters";
	if (!str_cut(s, STR(";"), &type, &address) || type.n == 0 || address.n == 0 ||
	    !xtext_read(address, a, &address))
		return "ORCPT is not written as RFC 3461 asks";
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_isalpha(type.p[i]) && !ascii_isdigit(type.p[i]) && type.p[i] != '-')
			return "ORCPT is not written as RFC 3461 asks";
	out->orcpt = arena_fmt(a, "%.*s;%.*s", STR_ARG(type), STR_ARG(address));
	return NULL;
}

static const struct {
	struct str name;
	bool mail; /* of MAIL; else of RCPT */
	reader *read;
} rows[] = {
	{ STR_INIT("SIZE"), true, read_size },      { STR_INIT("BODY"), true, read_body },
	{ STR_INIT("AUTH"), true, read_auth },      { STR_INIT("RET"), true, read_ret },
	{ STR_INIT("ENVID"), true, read_envid },    { STR_INIT("REQUIRETLS"), true, read_requiretls },
	{ STR_INIT("NOTIFY"), false, read_notify }, { STR_INIT("ORCPT"), false, read_orcpt },
};

enum command_fault parameter_read(bool mail, struct str word, struct arena *a, unsigned *seen, struct command *out)
{
	struct str name, value;
	size_t i = 0;

	str_cut(word, STR("="), &name, &value);
	while (i < COUNT(rows) && (rows[i].mail != mail || !str_ieq(name, rows[i].name)))
		i++;
	if (i == COUNT(rows))
		return COMMAND_PARAMETER;
	if ((*seen & 1u << i) != 0)
		out->why = "a parameter stands there twice";
	else
		out->why = rows[i].read(value, a, out);
	*seen |= 1u << i;
	return out->why == NULL ? COMMAND_FINE : COMMAND_VALUE;
}
