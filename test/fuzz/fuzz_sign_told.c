/* Whatever comes over telltale-signer's socket, from either end: what is believed fits its contract. */
#include "sign/told.h"

#include "vouch/dkim_sign.h"
#include "vouch/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct str body)
{
	struct sign_told told;
	struct str fields;
	struct err e;
	ARENA(a);

	if (ipc_unpack(body, &sign_told_type, &told, NULL) < 0)
		return;
	if (sign_told_read(&told, sign_dkim_fields, &a, &fields, &e) != SIGN_DONE) {
		MUST(fields.n == 0);
		return;
	}
	MUST(str_starts(fields, STR("DKIM-Signature: ")) && str_ends(fields, STR("\r\n")));
	MUST(str_find(fields, STR("\r\n\r\n")) < 0);
	for (size_t i = 0; i < fields.n; i++)
		MUST(ascii_isprint(fields.p[i]) || fields.p[i] == '\t' || fields.p[i] == '\r' || fields.p[i] == '\n');
}

/* The two fields of a seal, and nothing else. */
static void sealed(struct str body)
{
	struct sign_told told;
	struct str fields;
	struct err e;
	ARENA(a);

	if (ipc_unpack(body, &sign_told_type, &told, NULL) < 0 ||
	    sign_told_read(&told, sign_arc_fields, &a, &fields, &e) != SIGN_DONE)
		return;
	MUST(str_starts(fields, STR("ARC-Seal: ")) && str_find(fields, STR("\r\nARC-Message-Signature: ")) > 0);
	MUST(str_find(fields, STR("\r\n\r\n")) < 0 && str_ends(fields, STR("\r\n")));
}

static void seal(struct str body)
{
	struct sign_seal q;

	if (ipc_unpack(body, &sign_seal_type, &q, NULL) < 0 || !sign_seal_ok(&q))
		return;
	MUST(q.instance >= 1 && q.instance <= 50 && q.body.n == SHA256_SIZE && dkim_sign_names_from(q.names));
	MUST(str_ends(q.results, STR("\r\n")) && str_find(q.results, STR("\r\n\r\n")) < 0);
}

static void question(struct str body)
{
	struct sign_ask ask;

	if (ipc_unpack(body, &sign_ask_type, &ask, NULL) < 0 || !sign_asked_ok(&ask))
		return;
	MUST(ask.body.n == SHA256_SIZE && dkim_sign_names_from(ask.names));
	MUST(ask.domains.n > 0 && str_chr(ask.domains, '/') < 0 && str_find(ask.domains, STR("..")) < 0);
	MUST(str_chr(ask.names, ';') < 0 && str_chr(ask.names, '\n') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_mem(data, size);

	answer(body);
	question(body);
	sealed(body);
	seal(body);
	return 0;
}
