/* Any bytes as a reference to a decision, and as what ends a weekly letter: none is believed but what the key made;
 * numbers read as they are written.
 * The seeds end in a hash of the key below; what is not one is also read as numbers to write. */
#include "base/err.h"
#include "mail/digest.h"
#include "mail/reference.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY STR("0123456789abcdef0123456789abcdef")

static void write_and_read(const struct reference *x)
{
	struct reference y;
	BUF(b);

	reference_put(&b, KEY, x);
	MUST(b.n <= REFERENCE_TEXT_MAX);
	MUST(reference_read(buf_str(&b), KEY, 0, &y) == REFERENCE_GOOD);
	MUST(x->connection == y.connection && x->index == y.index && x->day == y.day);
	b.p[b.n / 2] = b.p[b.n / 2] == 'A' ? 'B' : 'A';
	MUST(reference_read(buf_str(&b), KEY, 0, &y) == REFERENCE_FORGED);
}

static void read_token(struct str s)
{
	BUF(mailbox);
	BUF(b);

	if (!digest_token_read(s, KEY, &mailbox))
		return;
	digest_token_put(&b, KEY, buf_str(&mailbox));
	MUST(str_eq(s, buf_str(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_mem(data, size);
	uint64_t n[3] = { 0 };
	struct reference x;
	BUF(b);

	if (reference_read(s, KEY, 0, &x) != REFERENCE_FORGED) {
		reference_put(&b, KEY, &x);
		MUST(str_eq(s, buf_str(&b))); /* there is one way to write it */
	}
	read_token(s);
	memcpy(n, data, size < sizeof(n) ? size : sizeof(n));
	write_and_read(&(struct reference){ n[0] >> 1, n[1] >> 1, (int64_t)(n[2] >> 1) });
	return 0;
}
