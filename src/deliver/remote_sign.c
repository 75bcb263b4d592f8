#include "deliver/remote_sign.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "sign/keyring.h"
#include "sign/sign.h"
#include "vouch/body.h"

enum { SIZE_MOST = 1024 * 1024, PATIENCE = 3000, SAID_PAUSE = 10 * 1000 };

/* At most once in ten seconds. */
static void say_unsigned(const struct err *e)
{
	static int64_t said = INT64_MIN / 2;

	if (clock_mono() - said < SAID_PAUSE)
		return;
	said = clock_mono();
	say(SAY_WARNING, "a message of our own goes unsigned: %s", e->text);
}

/* The domain of From, and those above it down to two labels. */
static struct str domains_of(const struct canon_head *h, struct arena *a)
{
	struct str domain = sign_author(h, a), label, list = domain;

	if (!keyring_domain_ok(domain))
		return str_of(NULL);
	for (int n = 1; n < SIGN_DOMAINS_MAX && str_cut(domain, STR("."), &label, &domain); n++)
		if (str_chr(domain, '.') > 0)
			list = arena_fmt(a, "%.*s\n%.*s", STR_ARG(list), STR_ARG(domain));
	return list;
}

static struct str digest_of(struct str text, struct arena *a)
{
	struct body b;
	struct str out;
	int want;

	body_init(&b);
	want = body_want(&b, CANON_RELAXED, BODY_ALL);
	body_add(&b, text);
	body_end(&b);
	out = arena_str(a, str_mem(body_digest(&b, want), SHA256_SIZE));
	body_clear(&b);
	return out;
}

/* The fields to be put above it; empty: none. */
static struct str ask(struct ipc_client *signer, const struct conf *conf, struct canon_head *h, struct str body,
		      struct arena *a)
{
	struct sign_ask q = { .domains = domains_of(h, a) };
	struct str fields = str_of(NULL);
	struct err e = { 0 };
	BUF(names);
	BUF(bytes);

	if (q.domains.n == 0 || !sign_names(h, &conf->dkim.headers, &names) || !sign_fields(h, buf_str(&names), &bytes))
		return fields;
	q.names = buf_str(&names);
	q.fields = buf_str(&bytes);
	q.body = digest_of(body, a);
	if (sign_message(signer, &q, a, &fields, deadline_in(PATIENCE), &e) == SIGN_FAILED)
		say_unsigned(&e);
	return fields;
}

static int replace(struct client_message *m, struct str fields, struct str whole, struct err *e)
{
	BUF(all);
	int fd;

	buf_addstr(&all, fields);
	buf_addstr(&all, whole);
	fd = io_memfd("signed", buf_str(&all), e);
	if (fd < 0)
		return -1;
	close(m->fd);
	m->fd = fd;
	m->offset = 0;
	m->size = all.n;
	return 0;
}

void remote_sign(struct ipc_client *signer, const struct conf *conf, struct client_message *m, struct arena *a)
{
	struct str head, body, fields;
	struct canon_head h;
	struct err e = { 0 };
	BUF(whole);

	if (signer == NULL || m->size == 0 || m->size > SIZE_MOST)
		return;
	buf_need(&whole, (size_t)m->size);
	if (io_pread_all(m->fd, whole.p, (size_t)m->size, (off_t)m->offset) < 0)
		return; /* who sends it will say so */
	whole.n = (size_t)m->size;
	if (!str_cut(buf_str(&whole), STR("\r\n\r\n"), &head, &body))
		return;
	canon_head_read(&h, a, str_take(buf_str(&whole), head.n + 2));
	fields = ask(signer, conf, &h, body, a);
	canon_head_clear(&h);
	if (fields.n > 0 && replace(m, fields, buf_str(&whole), &e) < 0)
		say_unsigned(&e);
}
