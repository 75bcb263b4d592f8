/* A visit to a scripted filter (fake_milter.h). */
#ifndef MILTER_VISIT_H
#define MILTER_VISIT_H

#include "fake_milter.h"
#include "handoff/milter.h"

enum { PATIENT = 60000 };

static const struct milter_facts facts = {
	.hostname = STR_INIT("mx.example.org"),
	.daemon = STR_INIT("smtp"),
	.version = STR_INIT("Telltale"),
	.ip = STR_INIT("192.0.2.1"),
	.port = 0x1234,
	.name = STR_INIT("client.example"),
	.ptr = STR_INIT("client.example"),
	.tls_version = STR_INIT("TLSv1.3"),
	.cipher = STR_INIT("TLS_AES_256_GCM_SHA384"),
	.cipher_bits = STR_INIT("256"),
	.auth_type = STR_INIT("PLAIN"),
	.auth_authen = STR_INIT("bob"),
	.id = STR_INIT("77"),
};

static const struct str args[] = { STR_INIT("SIZE=100"), STR_INIT("BODY=8BITMIME") };
static const struct milter_path from = { STR_INIT("a@b.example"), STR_INIT("b.example"), args, 2 };
static const struct milter_path to = { STR_INIT("c@example.org"), STR_INIT("example.org"), NULL, 0 };

static inline struct milter *milter_for(const struct fake *f, int64_t patience)
{
	struct milter_set set = { "fake", f->at, PATIENT, patience, patience, PATIENT };

	return milter_new(&set, &facts);
}

static inline void heard(struct fake *f, const char *expected)
{
	pthread_mutex_lock(&f->lock);
	assert_string_equal(buf_z(&f->heard), expected);
	buf_reset(&f->heard);
	pthread_mutex_unlock(&f->lock);
}

/* How many packets began so. */
static inline size_t heard_of(struct fake *f, const char *begin)
{
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (struct str s = buf_str(&f->heard), line; str_cut(s, STR("\n"), &line, &s);)
		n += str_starts(line, str_of(begin));
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* What it heard up to there is not looked at. */
static inline void forget_until(struct fake *f, const char *end)
{
	ptrdiff_t at;

	pthread_mutex_lock(&f->lock);
	at = str_find(buf_str(&f->heard), str_of(end));
	assert_true(at >= 0);
	buf_cut(&f->heard, (size_t)at + strlen(end));
	pthread_mutex_unlock(&f->lock);
}

static inline enum milter_verdict say_head(struct milter *m, const char *header)
{
	struct head h;
	ARENA(a);

	head_read(&h, &a, str_of(header));
	return milter_head(m, &h).is;
}

/* A whole visit with one message; stops at the first word that is not "go on". */
static inline struct milter_word visit(struct milter *m, struct arena *a, struct milter_changes *out)
{
	struct milter_word w = milter_connect(m);
	struct head h;

	*out = (struct milter_changes){ 0 };
	if (w.is == MILTER_CONTINUE)
		w = milter_helo(m, STR("client"));
	if (w.is == MILTER_CONTINUE)
		w = milter_mail(m, &from);
	if (w.is == MILTER_CONTINUE)
		w = milter_rcpt(m, &to);
	if (w.is == MILTER_CONTINUE)
		w = milter_data(m);
	head_read(&h, a, STR("Subject: hi\r\nX-Folded: a;\r\n\tb\r\n"));
	if (w.is == MILTER_CONTINUE)
		w = milter_head(m, &h);
	if (w.is == MILTER_CONTINUE)
		w = milter_body(m, STR("text\r\n"));
	return w.is == MILTER_CONTINUE ? milter_end(m, a, out) : w;
}

#endif
