/* Verifies and signs what a test brings on stdin; keys come from there too, so nobody is asked.
 *
 *	key NAME HEX            a TXT record (its text); several make a record set
 *	silent NAME             asked for that name, DNS fails
 *	forget                  no keys any more
 *	now SECONDS             since 1970
 *	cut N                   the body comes in pieces of N bytes (0: whole)
 *	private HEX             PEM of the key that signs
 *	verify LENGTH           that many bytes of message follow: one line of JSON
 *	sign HEAD BODY DOMAIN SELECTOR NAMES LENGTH    likewise: one line with the field as JSON
 *	tags HEX LENGTH         likewise, with these tags whatever they are; b= is put behind them
 */
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/json.h"
#include "vouch/dkim_sign.h"
#include "vouch/signatures.h"

enum { KEYS = 256 };

struct desk {
	struct arena memory;
	struct {
		struct str name, rdata;
		bool silent;
	} key[KEYS];
	size_t n, cut, asked;
	int64_t now;
	EVP_PKEY *private;
};

static struct str unhex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *out = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++)
		sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&out[i]);
	return str_mem(out, n);
}

/* As character strings of a TXT record. */
static struct str wire(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.n + text.n / 255 + 2);
	size_t n = 0;

	do {
		struct str piece = str_take(text, 255);

		out[n++] = (char)piece.n;
		for (size_t i = 0; i < piece.n; i++)
			out[n++] = piece.p[i];
		text = str_skip(text, 255);
	} while (text.n > 0);
	return str_mem(out, n);
}

static void answer_one(struct desk *d, struct dns_question *q, struct arena *a)
{
	q->rdata = arena_alloc(a, KEYS * sizeof(*q->rdata));
	q->status = DNS_NONE;
	for (size_t i = 0; i < d->n; i++) {
		if (!str_ieq(d->key[i].name, q->name))
			continue;
		q->status = d->key[i].silent ? DNS_FAILED : DNS_FOUND;
		q->why = STR("no answer in time");
		if (!d->key[i].silent)
			q->rdata[q->n++] = d->key[i].rdata;
	}
}

static void answer(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct desk *d = with;

	(void)deadline;
	d->asked += n;
	for (size_t i = 0; i < n; i++)
		answer_one(d, &q[i], a);
}

static void put(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	json_str(j, s);
}

static void put_num(struct json *j, const char *key, uint64_t n)
{
	json_key(j, key);
	json_num(j, (int64_t)n);
}

static void put_dkim(struct json *j, const struct dkim_signature *s)
{
	json_begin_object(j);
	put(j, "result", str_of(dkim_word(s->result)));
	put(j, "why", s->why);
	put(j, "d", s->domain);
	put(j, "s", s->selector);
	put(j, "i", s->identity);
	put(j, "a", s->algorithm);
	put(j, "b", s->b);
	put_num(j, "bits", s->bits);
	put_num(j, "body-unsigned", s->body_unsigned);
	json_key(j, "testing");
	json_bool(j, s->testing);
	json_end_object(j);
}

static void put_arc(struct json *j, const struct arc *c)
{
	json_begin_object(j);
	put(j, "result", str_of(arc_word(c->result)));
	put(j, "why", c->why);
	put_num(j, "failed", c->failed);
	put_num(j, "sets", c->n);
	put_num(j, "oldest-pass", c->oldest_pass);
	json_key(j, "temporary");
	json_bool(j, c->temporary);
	put(j, "saw", c->saw);
	json_end_object(j);
}

static void say(struct buf *out)
{
	buf_addc(out, '\n');
	fwrite(out->p, 1, out->n, stdout);
	fflush(stdout);
}

static void split(struct str message, struct str *header, struct str *body)
{
	ptrdiff_t at = str_find(message, STR("\r\n\r\n"));

	if (str_starts(message, STR("\r\n")))
		at = -2;
	*header = at == -1 ? message : str_take(message, (size_t)(at + 4));
	*body = str_skip(message, header->n);
}

static void body_in_pieces(const struct desk *d, struct str body, void (*add)(void *, struct str), void *to)
{
	while (body.n > 0) {
		struct str piece = d->cut > 0 ? str_take(body, d->cut) : body;

		add(to, piece);
		body = str_skip(body, piece.n);
	}
}

static void to_signatures(void *to, struct str piece)
{
	signatures_body(to, piece);
}

static void to_body(void *to, struct str piece)
{
	body_add(to, piece);
}

static void verify(struct desk *d, struct str message)
{
	ARENA(a);
	BUF(out);
	struct json j = json_to(&out);
	struct vouch_ask ask = { answer, d };
	struct signatures s;
	struct str header, body;

	split(message, &header, &body);
	d->asked = 0;
	signatures_begin(&s, &a, header, d->now);
	body_in_pieces(d, body, to_signatures, &s);
	signatures_end(&s, &ask, 0);
	json_begin_object(&j);
	json_key(&j, "dkim");
	json_begin_array(&j);
	for (size_t i = 0; i < s.dkim.n; i++)
		put_dkim(&j, &s.dkim.list[i]);
	json_end_array(&j);
	put_num(&j, "total", s.dkim.total);
	put_num(&j, "asked", d->asked);
	json_key(&j, "arc");
	put_arc(&j, &s.arc);
	json_end_object(&j);
	say(&out);
	signatures_clear(&s);
}

static enum canon canon_named(const char *name)
{
	return strcmp(name, "relaxed") == 0 ? CANON_RELAXED : CANON_SIMPLE;
}

static void sign(struct desk *d, char word[][4096], struct str message)
{
	BUF(out);
	BUF(field);
	struct json j = json_to(&out);
	struct str header, body;
	struct body b;
	struct err e;
	struct dkim_signer s = { .domain = str_of(word[2]),
				 .selector = str_of(word[3]),
				 .names = str_of(word[4]),
				 .key = d->private,
				 .head = canon_named(word[0]),
				 .body = canon_named(word[1]),
				 .time = d->now };
	int want;

	split(message, &header, &body);
	body_init(&b);
	want = body_want(&b, s.body, BODY_ALL);
	body_in_pieces(d, body, to_body, &b);
	body_end(&b);
	if (dkim_sign(&s, header, body_digest(&b, want), &field, &e) < 0)
		json_z(&j, e.text);
	else
		json_str(&j, buf_str(&field));
	say(&out);
	body_clear(&b);
}

static size_t sign_digest(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t n)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	EVP_MD_CTX *m = EVP_MD_CTX_new();

	if (rsa) {
		MUST(EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1);
		MUST(EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1);
		MUST(EVP_PKEY_sign(c, out, &n, digest, SHA256_SIZE) == 1);
	} else {
		MUST(EVP_DigestSignInit(m, NULL, NULL, NULL, key) == 1);
		MUST(EVP_DigestSign(m, out, &n, digest, SHA256_SIZE) == 1);
	}
	EVP_PKEY_CTX_free(c);
	EVP_MD_CTX_free(m);
	return n;
}

static void sign_tags(struct desk *d, struct str tags, struct str message)
{
	ARENA(a);
	BUF(out);
	struct json j = json_to(&out);
	struct str header, body, all, field;
	unsigned char digest[SHA256_SIZE], bytes[512], text[1024];
	struct canon_head h;
	struct signature s;
	struct signature_word f;

	split(message, &header, &body);
	all = arena_fmt(&a, "DKIM-Signature:%.*s; b=\r\n%.*s", STR_ARG(tags), STR_ARG(header));
	canon_head_read(&h, &a, all);
	signature_read(&a, SIGNATURE_DKIM, &h.fields[0], &s, &f);
	signature_digest(&h, &s, digest);
	field = h.fields[0].raw;
	EVP_EncodeBlock(text, bytes, (int)sign_digest(d->private, digest, bytes, sizeof(bytes)));
	json_str(&j, arena_fmt(&a, "%.*s%s\r\n", (int)field.n - 2, field.p, (char *)text));
	say(&out);
	canon_head_clear(&h);
}

static struct str read_bytes(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	MUST(fread(p, 1, n, stdin) == n);
	return str_mem(p, n);
}

static void read_private(struct desk *d, const char *hex)
{
	struct str pem = unhex(&d->memory, hex);
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);

	EVP_PKEY_free(d->private);
	d->private = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	MUST(d->private != NULL);
	BIO_free(bio);
}

static void add_key(struct desk *d, const char *name, const char *hex)
{
	MUST(d->n < KEYS);
	d->key[d->n].name = arena_str(&d->memory, str_of(name));
	d->key[d->n].silent = hex == NULL;
	if (hex != NULL)
		d->key[d->n].rdata = wire(&d->memory, unhex(&d->memory, hex));
	d->n++;
}

static void obey(struct desk *d, const char *line)
{
	static char word[5][4096], hex[16384];
	size_t n;
	long number;
	ARENA(a);

	if (sscanf(line, "key %4095s %16383s", word[0], hex) == 2)
		add_key(d, word[0], hex);
	else if (sscanf(line, "silent %4095s", word[0]) == 1)
		add_key(d, word[0], NULL);
	else if (strcmp(line, "forget\n") == 0)
		d->n = 0;
	else if (sscanf(line, "now %ld", &number) == 1)
		d->now = number;
	else if (sscanf(line, "cut %zu", &n) == 1)
		d->cut = n;
	else if (sscanf(line, "private %16383s", hex) == 1)
		read_private(d, hex);
	else if (sscanf(line, "verify %zu", &n) == 1)
		verify(d, read_bytes(&a, n));
	else if (sscanf(line, "tags %16383s %zu", hex, &n) == 2)
		sign_tags(d, unhex(&a, hex), read_bytes(&a, n));
	else if (sscanf(line, "sign %4095s %4095s %4095s %4095s %4095s %zu", word[0], word[1], word[2], word[3],
			word[4], &n) == 6)
		sign(d, word, read_bytes(&a, n));
	else
		BUG("what is %s", line);
}

int main(void)
{
	static char line[32768];
	struct desk d = { .memory = ARENA_INIT };

	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(&d, line);
	EVP_PKEY_free(d.private);
	arena_clear(&d.memory);
	return 0;
}
