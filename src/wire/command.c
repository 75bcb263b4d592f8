#include "wire/command.h"

#include "wire/parameter.h"

enum takes { ARG_NONE, ARG_SOME, ARG_ANY, ARG_FROM, ARG_TO };

#define VERB(name, takes) { STR_INIT(#name), takes },
static const struct {
	struct str name;
	enum takes takes;
} verbs[] = {
#include "wire/verbs.def"
};
#undef VERB

/* First words of requests that browsers and proxies send to port 25 on somebody's behalf. */
static const struct str foreign[] = {
	STR_INIT("GET"),    STR_INIT("POST"),    STR_INIT("PUT"),   STR_INIT("HEAD"),
	STR_INIT("DELETE"), STR_INIT("OPTIONS"), STR_INIT("TRACE"), STR_INIT("CONNECT"),
	STR_INIT("PATCH"),  STR_INIT("HTTP"),    STR_INIT("Host:"), STR_INIT("User-Agent:"),
};

bool command_starts(char c)
{
	return ascii_isalpha(c) || c == '\r' || c == '\n';
}

struct str verb_name(enum verb v)
{
	return v < VERB_UNKNOWN ? verbs[v].name : str_of(NULL);
}

static enum verb verb_of(struct str word)
{
	size_t i = 0;

	while (i < COUNT(verbs) && !str_ieq(word, verbs[i].name))
		i++;
	return (enum verb)i;
}

static bool is_foreign(struct str word)
{
	for (size_t i = 0; i < COUNT(foreign); i++)
		if (str_ieq(word, foreign[i]))
			return true;
	return false;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return true;
	return str_chr(s, 0x7f) >= 0;
}

/* parameters = *( SP name [ "=" value ] ) */
static enum command_fault parameters(struct str rest, enum takes takes, struct arena *a, struct command *out)
{
	unsigned seen = 0;

	for (;;) {
		struct str word = str_word(&rest);
		enum command_fault f;

		if (word.n == 0)
			return COMMAND_FINE;
		f = parameter_read(takes == ARG_FROM, word, a, &seen, out);
		if (f != COMMAND_FINE)
			return f;
	}
}

/* arg = ( "FROM:" | "TO:" ) [ SP ] path parameters */
static enum command_fault path_argument(struct str arg, enum takes takes, struct arena *a, struct command *out)
{
	struct str word = takes == ARG_FROM ? STR("FROM:") : STR("TO:");
	struct cur c;

	if (!str_istarts(arg, word))
		return COMMAND_ARGUMENT;
	out->arg = str_trim(str_skip(arg, word.n));
	c = cur_of(out->arg);
	if (addr_parse_path(&c, a, &out->path) < 0)
		return str_ascii(out->arg) ? COMMAND_PATH : COMMAND_UTF8;
	if (!cur_end(&c) && cur_peek(&c) != ' ' && cur_peek(&c) != '\t')
		return COMMAND_PATH;
	out->sent = str_take(out->arg, cur_pos(&c));
	return parameters(cur_rest(&c), takes, a, out);
}

static enum command_fault argument(struct str arg, struct arena *a, struct command *out)
{
	enum takes takes = verbs[out->verb].takes;

	if (takes == ARG_FROM || takes == ARG_TO)
		return path_argument(arg, takes, a, out);
	if ((takes == ARG_NONE && arg.n > 0) || (takes == ARG_SOME && arg.n == 0))
		return COMMAND_ARGUMENT;
	return COMMAND_FINE;
}

void command_parse(struct str line, struct arena *a, struct command *out)
{
	struct str rest = line, word = str_word(&rest);

	*out = (struct command){ .verb = VERB_UNKNOWN };
	if (is_foreign(word)) {
		out->fault = COMMAND_FOREIGN;
		return;
	}
	out->verb = verb_of(word);
	out->arg = str_trim(rest);
	if (has_control(line))
		out->fault = COMMAND_CONTROL;
	else if (out->verb == VERB_UNKNOWN)
		out->fault = COMMAND_UNKNOWN;
	else
		out->fault = argument(out->arg, a, out);
}
