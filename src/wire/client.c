/* The beginning of a conversation: until both sides know whom they talk to. */
#include "wire/client.h"

#include <string.h>
#include <sys/socket.h>
#include "base/base64.h"
#include "base/clock.h"

enum { TLS_TIME = 60 * 1000, GOODBYE_TIME = 1000 };

int client_hear(struct client *c, int64_t deadline)
{
	int64_t begun = clock_mono();
	int rc = wire_said(&c->wire, &c->said, deadline);

	c->waited = clock_mono() - begun;
	return rc;
}

/* Send what waits, hear the answer to step. */
static enum client_end hear(struct client *c, enum client_step step)
{
	int64_t deadline = deadline_in(c->set->reply);

	c->step = step;
	if (wire_flush(&c->wire, deadline) < 0) {
		said_reset(&c->said);
		return CLIENT_DIED;
	}
	return client_hear(c, deadline) < 0 ? CLIENT_DIED : CLIENT_YES;
}

static enum client_end hear_yes(struct client *c, enum client_step step)
{
	enum client_end end = hear(c, step);

	return end == CLIENT_YES && !said_is(&c->said, 2) ? CLIENT_NO : end;
}

/* "AUTH PLAIN LOGIN", and "AUTH=PLAIN" as old servers have it. */
static void take_auth(struct client_offers *o, struct str rest)
{
	struct str word;

	while ((word = str_word(&rest)).n > 0) {
		o->plain = o->plain || str_ieq(word, STR("PLAIN"));
		o->login = o->login || str_ieq(word, STR("LOGIN"));
	}
}

static void take_offers(struct client *c)
{
	struct str rest = buf_str(&c->said.text), line;
	struct client_offers *o = &c->offers;

	*o = (struct client_offers){ 0 };
	(void)said_line(&rest, &line); /* its name */
	while (said_line(&rest, &line)) {
		struct str word = str_word(&line);

		o->pipelining = o->pipelining || str_ieq(word, STR("PIPELINING"));
		o->starttls = o->starttls || str_ieq(word, STR("STARTTLS"));
		o->eightbit = o->eightbit || str_ieq(word, STR("8BITMIME"));
		o->chunking = o->chunking || str_ieq(word, STR("CHUNKING"));
		o->dsn = o->dsn || str_ieq(word, STR("DSN"));
		o->requiretls = o->requiretls || str_ieq(word, STR("REQUIRETLS"));
		if (str_ieq(word, STR("SIZE"))) {
			o->size = true;
			(void)str_u64(str_trim(line), UINT64_MAX, &o->most);
		}
		o->utf8 = o->utf8 || str_ieq(word, STR("SMTPUTF8"));
		if (str_ieq(word, STR("AUTH")))
			take_auth(o, line);
		else if (str_istarts(word, STR("AUTH=")))
			take_auth(o, str_skip(word, 5));
	}
}

/* EHLO, and HELO for who does not know that. */
static enum client_end hello(struct client *c)
{
	enum client_end end;

	buf_fmt(&c->wire.out, "EHLO %.*s\r\n", STR_ARG(c->set->helo));
	end = hear_yes(c, CLIENT_HELLO);
	if (end == CLIENT_NO && said_is(&c->said, 5)) {
		buf_fmt(&c->wire.out, "HELO %.*s\r\n", STR_ARG(c->set->helo));
		end = hear_yes(c, CLIENT_HELLO);
		c->offers = (struct client_offers){ 0 };
		return end;
	}
	if (end == CLIENT_YES)
		take_offers(c);
	return end;
}

/* From here on both ways are encrypted. */
static enum client_end shake_hands(struct client *c)
{
	int64_t begun = clock_mono();
	int rc = wire_connect_tls(&c->wire, c->set->context, &c->set->peer, deadline_in(TLS_TIME), &c->why);

	c->handshake = clock_mono() - begun;
	said_reset(&c->said);
	return rc == 0 ? CLIENT_YES : CLIENT_BAD_TLS;
}

static enum client_end start_tls(struct client *c)
{
	bool must = c->set->tls == CLIENT_TLS_MUST || c->set->user.n > 0;
	enum client_end end;

	if (c->wire.tls != NULL)
		return CLIENT_YES;
	if (!c->offers.starttls || c->set->tls == CLIENT_TLS_NEVER) {
		said_reset(&c->said);
		c->step = CLIENT_STARTTLS;
		return must ? CLIENT_NO_TLS : CLIENT_YES;
	}
	buf_adds(&c->wire.out, "STARTTLS\r\n");
	end = hear_yes(c, CLIENT_STARTTLS);
	if (end == CLIENT_NO)
		return must ? CLIENT_NO_TLS : CLIENT_YES;
	if (end == CLIENT_YES)
		end = shake_hands(c);
	return end == CLIENT_YES ? hello(c) : end;
}

static void put_plain(struct client *c)
{
	BUF(secret);

	buf_addc(&secret, '\0');
	buf_addstr(&secret, c->set->user);
	buf_addc(&secret, '\0');
	buf_addstr(&secret, c->set->password);
	buf_adds(&c->wire.out, "AUTH PLAIN ");
	base64_encode(buf_str(&secret), &c->wire.out);
	buf_adds(&c->wire.out, "\r\n");
	explicit_bzero(secret.p, secret.n);
}

/* One question of AUTH LOGIN and our answer; CLIENT_NO: it was no question. */
static enum client_end tell(struct client *c, struct str what)
{
	enum client_end end = hear(c, CLIENT_AUTH);

	if (end != CLIENT_YES || c->said.code != 334)
		return end == CLIENT_YES ? CLIENT_NO : end;
	base64_encode(what, &c->wire.out);
	buf_adds(&c->wire.out, "\r\n");
	return CLIENT_YES;
}

static enum client_end log_in(struct client *c)
{
	enum client_end end = CLIENT_YES;

	if (c->set->user.n == 0)
		return CLIENT_YES;
	MUST(c->wire.tls != NULL);
	c->step = CLIENT_AUTH;
	if (!c->offers.plain && !c->offers.login)
		return CLIENT_NO_AUTH;
	if (c->offers.plain) {
		put_plain(c);
		return hear_yes(c, CLIENT_AUTH);
	}
	buf_adds(&c->wire.out, "AUTH LOGIN\r\n");
	end = tell(c, c->set->user);
	if (end == CLIENT_YES)
		end = tell(c, c->set->password);
	return end == CLIENT_YES ? hear_yes(c, CLIENT_AUTH) : end;
}

enum client_end client_begin(struct client *c, int fd, const struct client_set *set)
{
	enum client_end end;

	*c = (struct client){ .set = set };
	wire_init(&c->wire, fd);
	end = set->implicit ? shake_hands(c) : CLIENT_YES;
	if (end == CLIENT_YES)
		end = hear_yes(c, CLIENT_GREETING);
	if (end == CLIENT_YES)
		end = hello(c);
	if (end == CLIENT_YES)
		end = start_tls(c);
	return end == CLIENT_YES ? log_in(c) : end;
}

bool client_again(struct client *c)
{
	struct said kept = c->said;
	enum client_step step = c->step;
	bool again;

	c->said = (struct said){ 0 };
	buf_adds(&c->wire.out, "RSET\r\n");
	again = hear_yes(c, step) == CLIENT_YES;
	said_clear(&c->said);
	c->said = kept;
	return again;
}

void client_end(struct client *c)
{
	if (c->wire.fd < 0 || c->wire.shut)
		return;
	buf_adds(&c->wire.out, "QUIT\r\n");
	if (wire_flush(&c->wire, deadline_in(GOODBYE_TIME)) == 0)
		(void)shutdown(c->wire.fd, SHUT_WR);
}

void client_clear(struct client *c)
{
	wire_clear(&c->wire);
	said_clear(&c->said);
}
