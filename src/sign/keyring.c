#include "sign/keyring.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum { DOMAIN_BYTES_MAX = 253 };

static const char *const states[KEYRING_STATES] = { "next", "active", "retired" };
static const char *const types[] = { [KEY_RSA] = "rsa", [KEY_ED25519] = "ed25519" };

const char *keyring_state_word(enum keyring_state s)
{
	return states[s];
}

const char *keyring_type_word(enum key_type t)
{
	return types[t];
}

static bool is_low(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_isdigit(c);
}

bool keyring_domain_ok(struct str s)
{
	char before = '.';

	for (size_t i = 0; i < s.n; before = s.p[i++])
		if (s.p[i] == '.' ? before == '.' : !is_low(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= DOMAIN_BYTES_MAX && before != '.';
}

bool keyring_selector_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_low(s.p[i]) && (s.p[i] != '-' || i == 0))
			return false;
	return s.n > 0 && s.n <= KEYRING_SELECTOR_MAX;
}

static int word_of(struct str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(s, words[i]))
			return (int)i;
	return -1;
}

static bool has(const struct keyring *r, struct str selector)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eqz(selector, r->at[i].selector))
			return true;
	return false;
}

static int parse_line(struct str line, struct keyring *r, struct err *e)
{
	struct keyring_key *k = &r->at[r->n];
	struct str selector = str_word(&line), type = str_word(&line), state = str_word(&line), since = str_word(&line);
	int t = word_of(type, types, COUNT(types)), s = word_of(state, states, COUNT(states));
	uint64_t when;

	if (r->n == KEYRING_KEYS_MAX)
		return err_set(e, "more than %d keys", KEYRING_KEYS_MAX);
	if (!keyring_selector_ok(selector) || t < 0 || s < 0 || !str_u64(since, INT64_MAX / 1000, &when) ||
	    str_trim(line).n > 0)
		return err_set(e, "a line is no SELECTOR rsa|ed25519 next|active|retired SECONDS");
	if (has(r, selector))
		return err_set(e, "the selector %.*s stands there twice", STR_ARG(selector));
	*k = (struct keyring_key){ .type = (enum key_type)t, .state = (enum keyring_state)s, .since = (int64_t)when };
	memcpy(k->selector, selector.p, selector.n);
	r->n++;
	return 0;
}

int keyring_parse(struct str text, struct keyring *out, struct err *e)
{
	struct str line;

	*out = (struct keyring){ .n = 0 };
	if (text.n > KEYRING_BYTES_MAX || (text.n > 0 && text.p[text.n - 1] != '\n'))
		return err_set(e, "it is too long, or ends inside a line");
	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		if (str_trim(line).n > 0 && line.p[0] != '#' && parse_line(line, out, e) < 0)
			return -1;
	}
	return 0;
}

void keyring_put(const struct keyring *r, struct buf *out)
{
	buf_adds(out, "# SELECTOR ALGORITHM STATE SINCE; written by `telltale dkim`\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct keyring_key *k = &r->at[i];

		buf_fmt(out, "%s %s %s %lld\n", k->selector, types[k->type], states[k->state], (long long)k->since);
	}
}

/* Nobody is asked for a password. */
static int no_password(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

EVP_PKEY *keyring_private(struct str pem, enum key_type type, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
	int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;

	BIO_free(in);
	ERR_clear_error();
	if (key == NULL)
		err_set(e, "there is no private key without a password in it");
	else if (!EVP_PKEY_is_a(key, type == KEY_RSA ? "RSA" : "ED25519"))
		err_set(e, "it is no %s key", types[type]);
	else if (type == KEY_RSA && (bits < KEY_RSA_MIN || bits > KEY_RSA_MAX))
		err_set(e, "it has %d bits; %d to %d are taken", bits, KEY_RSA_MIN, KEY_RSA_MAX);
	else
		return key;
	EVP_PKEY_free(key);
	return NULL;
}
