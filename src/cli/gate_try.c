/* telltale gate try: its words, its message, its answer. */
#include "cli/gate_try.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/inet.h"
#include "base/io.h"
#include "cli/cli.h"
#include "cli/terminal.h"

const char gate_try_usage[] =
    "usage: telltale gate try --ip IP --from ADDRESS --to ADDRESS [--to ADDRESS]... [--helo NAME] [--auth USER]\n"
    "                         [--tls] [--listener LABEL] [--message FILE] [--json] [-c FILE]\n"
    "\n"
    "Ask the gate of the running server, without sending mail: each check with its outcome, what was seen and how\n"
    "long it took, then for each recipient the reply that the client would get, the code of the spamdyke log and\n"
    "what would have let it through.  Nothing is changed: the graylist learns nothing, no log line is written.\n"
    "\n"
    "  --ip IP          the client's address, IPv4 or IPv6\n"
    "  --from ADDRESS   the sender; <> is that of bounces\n"
    "  --to ADDRESS     a recipient; may be repeated\n"
    "  --helo NAME      what the client calls itself (default: its address in brackets; for SPF)\n"
    "  --auth USER      as if that account had logged in; whether it exists, and may, is not asked\n"
    "  --tls            the connection is encrypted\n"
    "  --listener LABEL which port (default: 25, else the first without submission = true)\n"
    "  --message FILE   a message, - is stdin: header lists, DKIM, ARC and DMARC are asked too\n"
    "\n"
    "The configuration is the file as it stands, which may be newer than what the server runs with until it is\n"
    "reloaded.  The client is taken for one that waits for the greeting.  rspamd and milters are not asked.\n"
    "\n"
    "JSON: "
    "{\"accepted\":true|false,\"ip\":..,\"rdns\":..,\"helo\":..,\"auth\":..,\"from\":..,\"listener\":..,\"gate\":true|"
    "false,\n"
    "\"stages\":[{\"stage\":\"connect\",\"checks\":[{\"name\":..,\"outcome\":\"passed|refused|allowed|error|skipped\","
    "\"ms\":N|null,\n"
    "\"seen\":..}]}],\"recipients\":[{\"address\":..,\"accepted\":..,\"junk\":..,\"reply\":{\"code\":..,\"enhanced\":.."
    ",\"text\":..},\n"
    "\"code\":..,\"reason\":..,\"check\":..,\"passes\":..,\"advice\":..,\"own_settings\":..,\"stages\":[..]}],"
    "\"warning\":..}\n"
    "\n"
    "Exit codes: 0 all recipients would be taken, 1 one would not, or no server is running, 2 wrong usage.\n";

/* "a@b", "<a@b>"; a sender may be nothing, a recipient without a domain. */
static bool read_path(struct trial *t, const char *z, struct addr *out)
{
	struct str s = str_of(z);
	struct cur c;

	if (!str_starts(s, STR("<")))
		s = arena_fmt(&t->mem, "<%s>", z);
	c = cur_of(s);
	return addr_parse_path(&c, &t->mem, out) == 0 && cur_end(&c);
}

static int take_from(struct trial *t, const char *z)
{
	if (!read_path(t, z, &t->sender))
		return args_fail(CLI_USAGE, "gate try: --from %s is no address", z);
	t->from = addr_text(&t->mem, &t->sender);
	return 0;
}

static int take_to(struct trial *t, const char *z)
{
	struct tried *x = &t->rcpts[t->n];

	if (t->n == TRY_RCPTS_MAX)
		return args_fail(CLI_USAGE, "gate try: more than %d recipients", TRY_RCPTS_MAX);
	if (!read_path(t, z, &x->addr) || addr_null(&x->addr))
		return args_fail(CLI_USAGE, "gate try: --to %s is no address", z);
	x->text = addr_text(&t->mem, &x->addr);
	x->key = addr_key(&t->mem, &x->addr);
	t->n++;
	return 0;
}

static int take_ip(struct trial *t, const char *z)
{
	unsigned char bytes[INET_BYTES_MAX];
	char text[INET6_ADDRSTRLEN];

	/* As sessions write it. */
	if (inet_bytes(AF_INET, str_of(z), bytes))
		inet_ntop(AF_INET, bytes, text, sizeof(text));
	else if (inet_bytes(AF_INET6, str_of(z), bytes))
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
	else
		return args_fail(CLI_USAGE, "gate try: --ip %s is no address", z);
	t->ip = arena_str(&t->mem, str_of(text));
	return 0;
}

static int take_listener(struct trial *t, const char *z)
{
	for (size_t i = 0; i < t->conf->nports; i++)
		if (str_eqz(t->conf->ports[i].label, z))
			t->port = &t->conf->ports[i];
	if (t->port == NULL)
		return args_fail(CLI_USAGE, "gate try: the configuration has no listener \"%s\"", z);
	return 0;
}

/* Bare line ends become CRLF: that is how a client would send them. */
static int take_message(struct trial *t, const char *file)
{
	struct err e = { 0 };
	BUF(raw);
	BUF(lines);
	FD(fd) = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || io_slurp_fd(fd, TRY_MESSAGE_MAX, &raw, &e) < 0)
		return args_fail(CLI_USAGE, "gate try: %s: %s", file, fd < 0 ? strerror(errno) : e.text);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\n' && (i == 0 || raw.p[i - 1] != '\r'))
			buf_addc(&lines, '\r');
		buf_addc(&lines, raw.p[i]);
	}
	t->message = arena_str(&t->mem, buf_str(&lines));
	t->has_message = true;
	return 0;
}

static int take(struct trial *t, const char *name, const char *value)
{
	if (strcmp(name, "--ip") == 0)
		return take_ip(t, value);
	if (strcmp(name, "--from") == 0)
		return take_from(t, value);
	if (strcmp(name, "--to") == 0)
		return take_to(t, value);
	if (strcmp(name, "--helo") == 0)
		t->helo = str_take(str_of(value), 255);
	else if (strcmp(name, "--auth") == 0)
		t->user = arena_lower(&t->mem, str_of(value));
	else if (strcmp(name, "--listener") == 0)
		return take_listener(t, value);
	else if (strcmp(name, "--message") == 0)
		return take_message(t, value);
	else
		return args_fail(CLI_USAGE, "gate try: there is no option %s", name);
	return 0;
}

static int take_words(struct trial *t, char **words, size_t n)
{
	bool from = false;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		from = from || strcmp(words[i], "--from") == 0;
		if (strcmp(words[i], "--tls") == 0)
			t->tls = true;
		else if (words[i][0] != '-' || i + 1 == n)
			rc = args_fail(CLI_USAGE, "gate try: %s %s", words[i],
				       words[i][0] == '-' ? "needs a value" : "is no option");
		else
			rc = take(t, words[i], words[i + 1]), i++;
	}
	if (rc == 0 && (t->ip.n == 0 || !from || t->n == 0))
		rc = args_fail(CLI_USAGE, "gate try needs --ip, --from and --to");
	return rc;
}

/* 25, or else the first where strangers are heard. */
static const struct conf_port *usual_port(const struct conf *c)
{
	const struct conf_port *found = NULL;

	for (size_t i = 0; i < c->nports; i++) {
		const struct conf_port *p = &c->ports[i];

		if (!p->set.submission && (found == NULL || str_eqz(p->label, "25")))
			found = p;
	}
	return found != NULL ? found : c->nports > 0 ? &c->ports[0] : NULL;
}

static int complete(struct trial *t)
{
	if (t->port == NULL)
		t->port = usual_port(t->conf);
	if (t->port == NULL)
		return args_fail(CLI_USAGE, "gate try: the configuration has no listener");
	if (t->user.n > 0 && !t->tls && t->port->tls != CONF_TLS_IMPLICIT && !t->conf->tls.auth_without_tls)
		return args_fail(CLI_USAGE, "gate try: listener %s offers a login only over TLS: add --tls",
				 conf_z(t->port->label));
	if (t->helo.n == 0)
		t->helo = arena_fmt(&t->mem, "[%s%.*s]", str_chr(t->ip, ':') >= 0 ? "IPv6:" : "", STR_ARG(t->ip));
	return 0;
}

static int answer(struct trial *t, bool as_json)
{
	BUF(out);
	int rc = trial_ask(t);

	if (rc != 0)
		return rc;
	if (as_json)
		trial_json(&out, t);
	else
		trial_text(&out, t, terminal_colours());
	if (io_write_all(STDOUT_FILENO, out.p, out.n) < 0)
		return args_fail(CLI_NO, "the answer could not be written: %s", strerror(errno));
	return trial_taken(t) ? CLI_DONE : CLI_NO;
}

int gate_try(const struct args *a, char **words, size_t n)
{
	struct trial t = { 0 };
	struct conf c;
	int rc = args_conf(a, &c);

	if (rc != 0)
		return rc;
	t.conf = &c;
	t.rcpts = mem_alloc((TRY_RCPTS_MAX + 1) * sizeof(*t.rcpts));
	rc = take_words(&t, words, n);
	if (rc == 0)
		rc = complete(&t);
	if (rc == 0)
		rc = answer(&t, a->json);
	trial_clear(&t);
	free(t.rcpts);
	conf_clear(&c);
	return rc;
}
