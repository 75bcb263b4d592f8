/* Whom a client expects at the other end: a name that authorities vouch for, or what DNS says (DANE). */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "base/cur.h"
#include "base/inet.h"
#include "wire/tls_inside.h"

enum { SHA256_BYTES = 32, SHA512_BYTES = 64, PIN_MOST = 16 * 1024 };

/* Does OpenSSL take the bytes for a certificate, or for a key? */
static bool parses(const struct tls_pin *pin)
{
	const unsigned char *p = (const unsigned char *)pin->data.p;
	bool ok;

	if (pin->selector == TLS_PIN_WHOLE) {
		X509 *x = d2i_X509(NULL, &p, (long)pin->data.n);

		ok = x != NULL && X509_get0_pubkey(x) != NULL;
		X509_free(x);
	} else {
		EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)pin->data.n);

		ok = key != NULL;
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	return ok && (const char *)p == pin->data.p + pin->data.n;
}

static bool data_ok(const struct tls_pin *pin)
{
	switch (pin->match) {
	case TLS_PIN_AS_IS:
		return pin->data.n > 0 && pin->data.n <= PIN_MOST && parses(pin);
	case TLS_PIN_SHA256:
		return pin->data.n == SHA256_BYTES;
	case TLS_PIN_SHA512:
		return pin->data.n == SHA512_BYTES;
	}
	return false;
}

bool tls_pin_read(struct str rdata, struct tls_pin *out)
{
	struct cur c = cur_of(rdata);
	int usage = cur_next(&c), selector = cur_next(&c), match = cur_next(&c);

	if (!cur_ok(&c) || usage < TLS_PIN_CA || usage > TLS_PIN_SERVER || selector < 0 || selector > TLS_PIN_KEY ||
	    match < 0 || match > TLS_PIN_SHA512)
		return false;
	*out = (struct tls_pin){ .usage = usage, .selector = selector, .match = match, .data = cur_rest(&c) };
	return data_ok(out);
}

/* RFC 7672: the names count under a CA's record only (3.1.1, 3.1.2); the time of the certificate likewise. */
static bool expect_pins(SSL *ssl, const struct tls_peer *peer)
{
	size_t taken = 0;

	if (SSL_dane_enable(ssl, peer->name) != 1)
		return false;
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < peer->nalso; i++)
		if (SSL_add1_host(ssl, peer->also[i]) != 1)
			return false;
	for (size_t i = 0; i < peer->npins; i++) {
		const struct tls_pin *pin = &peer->pins[i];
		int rc = SSL_dane_tlsa_add(ssl, (uint8_t)pin->usage, (uint8_t)pin->selector, (uint8_t)pin->match,
					   (const unsigned char *)pin->data.p, pin->data.n);

		if (rc < 0)
			return false;
		taken += (size_t)rc;
	}
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return taken > 0;
}

/* Whose name must the server's certificate bear?  An address does not go into SNI (RFC 6066, 3). */
bool tls_expect(SSL *ssl, const struct tls_peer *peer)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
	bool address = inet_is(str_of(peer->name));

	if (peer->npins > 0)
		return !address && expect_pins(ssl, peer);
	if (!address && peer->name[0] != '\0' && SSL_set_tlsext_host_name(ssl, peer->name) != 1)
		return false;
	SSL_set_verify(ssl, peer->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* Without verification too: what is wrong can be told. */
	return (address ? X509_VERIFY_PARAM_set1_ip_asc(p, peer->name)
			: X509_VERIFY_PARAM_set1_host(p, peer->name, 0)) == 1 ||
	       !peer->verify;
}

enum tls_fault tls_fault_of(const SSL *ssl)
{
	switch (SSL_get_verify_result(ssl)) {
	case X509_V_OK:
		return TLS_FAULT_NONE;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_FAULT_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_FAULT_NAME;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TLS_FAULT_UNTRUSTED;
	default:
		return TLS_FAULT_OTHER;
	}
}
