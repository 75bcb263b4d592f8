#include "deliver/remote_report.h"

#include <string.h>

void remote_report(struct remote_try *t, enum outcome_kind kind, struct str words)
{
	t->out = (struct outcome){ kind, words };
}

/* A last line of our own: whom DNS or the configuration named. */
static void name_server(struct remote_try *t, const struct remote_talk *k)
{
	if (strcmp(k->host, k->ip) != 0)
		t->out.report = arena_fmt(t->mem, "%.*s\nAsked server %s.", STR_ARG(t->out.report), k->host);
}

/* The words, and what the other server said. */
static struct str with_answer(struct remote_try *t, struct str words, const struct said *a)
{
	struct str said = str_trim(buf_str(&a->text));

	if (!a->done || said.n == 0)
		return words;
	return arena_fmt(t->mem, "%.*s\nRemote host said: %.*s", STR_ARG(words), STR_ARG(said));
}

static enum outcome_kind kind_of(const struct said *a)
{
	return a->code >= 500 ? OUTCOME_FAILURE : OUTCOME_DEFERRAL;
}

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", as patched qmail-remotes have it. */
static struct str with_encryption(struct remote_try *t, struct str words, const struct remote_talk *k)
{
	struct str version, cipher;

	if (!str_cut(wire_encryption(&k->client.wire), STR(" "), &version, &cipher))
		return words;
	return arena_fmt(t->mem, "%.*s\nSTARTTLS proto=%.*s; cipher=%.*s;", STR_ARG(words), STR_ARG(version),
			 STR_ARG(cipher));
}

/* The answer to a command, in the words for that command. */
static void report_no(struct remote_try *t, const struct remote_talk *k)
{
	static const struct {
		const char *before, *behind;
		bool final; /* a 5xx is */
	} words[] = {
		[CLIENT_GREETING] = { "Connected to ", " but greeting failed.", false },
		[CLIENT_HELLO] = { "Connected to ", " but my name was rejected.", false },
		[CLIENT_AUTH] = { "Connected to ", " but authentication was rejected.", false },
		[CLIENT_MAIL] = { "Connected to ", " but sender was rejected.", true },
		[CLIENT_RCPT] = { "", " does not like recipient.", true },
		[CLIENT_DATA] = { "", " failed on DATA command.", true },
		[CLIENT_MESSAGE] = { "", " failed after I sent the message.", true },
	};
	const struct said *a = &k->client.said;
	enum client_step step = k->client.step;
	struct str line = arena_fmt(t->mem, "%s%s%s", words[step].before, k->ip, words[step].behind);

	line = with_answer(t, line, a);
	if (step == CLIENT_RCPT)
		line = arena_fmt(t->mem, "%.*s\nGiving up on %s.", STR_ARG(line), k->ip);
	remote_report(t, words[step].final ? kind_of(a) : OUTCOME_DEFERRAL, line);
}

/* What demands TLS; empty: nothing does. */
static struct str demanded(struct remote_try *t)
{
	const char *why = t->policy->because;

	if (why == NULL && t->way->client.user.n > 0)
		why = "relay { user }";
	return why != NULL ? arena_fmt(t->mem, " while %s exists", why) : STR("");
}

static void report_no_tls(struct remote_try *t, const struct remote_talk *k)
{
	const struct said *a = &k->client.said;
	const char *what = a->done ? "STARTTLS rejected" : "No TLS achieved";

	remote_report(
	    t, OUTCOME_DEFERRAL,
	    with_answer(t, arena_fmt(t->mem, "%s%.*s; connected to %s. (#4.7.5)", what, STR_ARG(demanded(t)), k->ip),
			a));
}

static void report_bad_tls(struct remote_try *t, const struct remote_talk *k)
{
	remote_report(t, OUTCOME_DEFERRAL,
		      arena_fmt(t->mem,
				"TLS unable to verify server or to agree with it%.*s; connected to %s: %s. (#4.7.5)",
				STR_ARG(demanded(t)), k->ip, k->client.why.text));
}

/* The server cannot take this message, whatever it would say to it. */
static void report_unfit(struct remote_try *t, const struct remote_talk *k, enum client_end end)
{
	const struct client *c = &k->client;
	struct str why = STR("it takes no such address. (#5.6.7)");

	if (end == CLIENT_NO_8BIT)
		why = arena_fmt(t->mem, "it takes no 8-bit message, and this one cannot be made 7-bit: %s. (#5.6.3)",
				c->why.text);
	if (end == CLIENT_TOO_BIG)
		why = arena_fmt(t->mem, "it takes no message of more than %llu bytes; this one has %llu. (#5.3.4)",
				(unsigned long long)c->offers.most, (unsigned long long)t->message.size);
	if (end == CLIENT_NO_REQUIRETLS)
		why = STR("it does not offer REQUIRETLS, which the sender demands. (#5.7.30)");
	remote_report(t, OUTCOME_FAILURE, arena_fmt(t->mem, "Connected to %s but %.*s", k->ip, STR_ARG(why)));
}

static void report_words(struct remote_try *t, const struct remote_talk *k, enum client_end end)
{
	const struct client *c = &k->client;

	switch (end) {
	case CLIENT_YES:
		remote_report(
		    t, OUTCOME_SUCCESS,
		    with_encryption(t, with_answer(t, arena_fmt(t->mem, "%s accepted message.", k->ip), &c->said), k));
		break;
	case CLIENT_NO:
		report_no(t, k);
		break;
	case CLIENT_DIED:
		remote_report(t, OUTCOME_DEFERRAL,
			      arena_fmt(t->mem, "Connected to %s but connection died. %s(#4.4.2)", k->ip,
					c->critical ? "Possible duplicate! " : ""));
		break;
	case CLIENT_NO_TLS:
		report_no_tls(t, k);
		break;
	case CLIENT_BAD_TLS:
		report_bad_tls(t, k);
		break;
	case CLIENT_NO_AUTH:
		remote_report(
		    t, OUTCOME_DEFERRAL,
		    arena_fmt(t->mem, "Connected to %s but it offers no way to log in that I know. (#4.7.0)", k->ip));
		break;
	case CLIENT_NO_8BIT:
	case CLIENT_TOO_BIG:
	case CLIENT_NO_REQUIRETLS:
	case CLIENT_NO_UTF8:
		report_unfit(t, k, end);
		break;
	case CLIENT_BAD_NAME:
		remote_report(t, OUTCOME_FAILURE, STR("I (qmail-remote) was invoked improperly. (#5.3.5)"));
		break;
	case CLIENT_UNREADABLE:
		remote_report(t, OUTCOME_DEFERRAL, STR("Unable to read message. (#4.3.0)"));
		break;
	}
}

/* Over a connection that was kept, the next message needs neither connecting nor a handshake. */
static void note(struct remote_try *t, const struct remote_talk *k)
{
	bool first = k->messages == 0;

	t->met = (struct remote_met){ .host = arena_str(t->mem, str_of(k->host)),
				      .ip = arena_str(t->mem, str_of(k->ip)),
				      .tls = arena_str(t->mem, wire_encryption(&k->client.wire)),
				      .source = arena_str(t->mem, str_of(k->source)),
				      .policy = remote_policy_word(k->proof, k->client.wire.tls != NULL),
				      .port = k->port,
				      .dsn = k->client.offers.dsn,
				      .connect = first ? k->connected : 0,
				      .handshake = first ? k->client.handshake : 0,
				      .reply = k->client.said.done ? k->client.waited : 0 };
}

void remote_report_end(struct remote_try *t, const struct remote_talk *k, enum client_end end)
{
	report_words(t, k, end);
	name_server(t, k);
	note(t, k);
}
