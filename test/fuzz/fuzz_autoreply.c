/* A stranger's header becomes an automatic answer: it stays one header, in lines that any server takes. */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/autoreply.h"

static void check_head(struct str head)
{
	struct str line;
	size_t fields = 0;

	while (head.n > 0) {
		MUST(str_cut(head, STR("\r\n"), &line, &head));
		MUST(line.n <= 998 && str_chr(line, '\r') < 0 && str_chr(line, '\n') < 0);
		MUST(line.n > 0 || head.n == 0);
		fields += line.n > 0 && line.p[0] != ' ' && line.p[0] != '\t';
	}
	MUST(fields >= 9 && fields <= 12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	BUF(head);
	BUF(body);
	struct str input = str_mem((const char *)data, size), sender, message;
	struct autoreply r = { .hostname = STR("mx.here.example"),
			       .from = STR("me@here.example"),
			       .text = STR("away\n"),
			       .now = 1615286632000 };
	struct autoreply_ask q = { .final = STR("me@here.example"), .original = STR("Me@here.example") };

	str_cut(input, STR("\n"), &sender, &message);
	q.sender = str_take(sender, 300);
	q.message = message;
	if (autoreply_refuses(&q, &a, &r.of) != NULL)
		return 0;
	r.to = q.sender;
	autoreply_put(&head, &body, &r);
	check_head(buf_str(&head));
	return 0;
}
