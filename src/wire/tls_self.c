/* A certificate for a house that has none yet. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "base/io.h"
#include "wire/tls_inside.h"

enum { DAYS = 3650, COMMON_NAME_MAX = 64, SERIAL_BYTES = 16 };

static bool add_name(GENERAL_NAMES *names, int type, const void *p, int n)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	if (name == NULL || value == NULL || ASN1_STRING_set(value, p, n) != 1 ||
	    sk_GENERAL_NAME_push(names, name) <= 0) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return true;
}

/* The names that it vouches for: our own, and those by which somebody on this machine tries it out. */
static bool set_names(X509 *x, const char *hostname)
{
	static const unsigned char four[4] = { 127, 0, 0, 1 }, six[16] = { [15] = 1 };
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool ok = names != NULL && add_name(names, GEN_DNS, hostname, (int)strlen(hostname)) &&
		  add_name(names, GEN_DNS, "localhost", 9) && add_name(names, GEN_IPADD, four, sizeof(four)) &&
		  add_name(names, GEN_IPADD, six, sizeof(six)) &&
		  X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;

	GENERAL_NAMES_free(names);
	return ok;
}

static bool set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f; /* positive */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return ok;
}

static bool set_subject(X509 *x, const char *hostname)
{
	X509_NAME *name = X509_get_subject_name(x);
	const char *cn = strlen(hostname) <= COMMON_NAME_MAX ? hostname : "localhost";

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(x, name) == 1;
}

static bool set_use(X509 *x)
{
	X509_EXTENSION *leaf = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
	X509_EXTENSION *server = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "serverAuth");
	bool ok = leaf != NULL && server != NULL && X509_add_ext(x, leaf, -1) == 1 && X509_add_ext(x, server, -1) == 1;

	X509_EXTENSION_free(leaf);
	X509_EXTENSION_free(server);
	return ok;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *hostname)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_subject(x, hostname) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL && /* clocks differ */
	       X509_time_adj_ex(X509_getm_notAfter(x), DAYS, 0, NULL) != NULL && X509_set_pubkey(x, key) == 1 &&
	       set_names(x, hostname) && set_use(x) && X509_sign(x, key, EVP_sha256()) > 0;
}

/* Both as PEM, in memory that is wiped when it is freed (BIO_s_secmem). */
static int write_pem(X509 *x, EVP_PKEY *key, BIO *cert_out, BIO *key_out, struct err *e)
{
	if (cert_out == NULL || key_out == NULL || PEM_write_bio_X509(cert_out, x) != 1 ||
	    PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) != 1)
		return tls_err(e, "write the self-signed certificate");
	return 0;
}

static struct str content(BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	return str_mem(p, (size_t)n);
}

static int save(const char *path, struct str pem, struct err *e)
{
	struct str full = str_of(path), dir = STR("."), name = full;
	ptrdiff_t slash = str_rchr(full, '/');
	BUF(folder);

	if (slash >= 0) {
		dir = str_take(full, slash == 0 ? 1 : (size_t)slash);
		name = str_skip(full, (size_t)slash + 1);
	}
	buf_addstr(&folder, dir);
	if (io_mkdirs(buf_z(&folder), 0700, e) < 0)
		return -1;
	FD(at) = io_opendir(AT_FDCWD, buf_z(&folder), e);
	return at < 0 ? -1 : io_replace(at, name.p, pem, 0600, e);
}

int tls_make_self_signed(const char *hostname, const char *cert_path, const char *key_path, struct err *e)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_secmem());
	int rc;

	if (key == NULL || x == NULL || !fill(x, key, hostname))
		rc = tls_err(e, "make a self-signed certificate for %s", hostname);
	else
		rc = write_pem(x, key, cert_out, key_out, e);
	if (rc == 0)
		rc = save(key_path, content(key_out), e);
	if (rc == 0)
		rc = save(cert_path, content(cert_out), e);
	BIO_free(cert_out);
	BIO_free(key_out);
	X509_free(x);
	EVP_PKEY_free(key);
	return rc;
}
