/* The link that ends the letter names its mailbox, sealed: the letter can be turned off by whoever has it, and nothing
 * else can be done with that. */
#include "mail/digest.h"

enum { TOKEN_MAX = 600 };

void digest_token_put(struct buf *b, struct str key, struct str mailbox)
{
	seal_put(b, key, "digest", mailbox);
}

bool digest_token_read(struct str token, struct str key, struct buf *mailbox)
{
	return token.n <= TOKEN_MAX && seal_open(token, key, "digest", mailbox);
}
