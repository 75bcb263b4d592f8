/* Whether an owner gets the weekly letter; and the link in it that ends it, without a login (RFC 8058). */
#include "mail/digest.h"
#include "web/owners.h"
#include "web/plain.h"

static int digest(struct web *w, const struct web_request *q, struct str verb, struct web_reply *r)
{
	struct str box = q->who.mailbox;
	struct own_told told;
	int code;
	BUF(words);

	if (q->who.role == WEB_ADMIN && str_chr(web_param(q, "scope"), '@') > 0)
		box = web_param(q, "scope");
	if (!owners_is_word(box))
		return web_error(r, 400, "The weekly letter goes to a mailbox: log in with one, or name it (scope=).");
	owners_word(&words, STR("digest"));
	owners_word(&words, verb);
	owners_word(&words, box);
	code = owners_ask(w, q, &words, &told, r);
	if (code != 0 || told.output.n == 0)
		return code;
	buf_addstr(&r->body, told.output);
	buf_addc(&r->body, '\n');
	return web_good(r);
}

int web_digest(struct web *w, const struct web_request *q, struct web_reply *r)
{
	return digest(w, q, STR("show"), r);
}

int web_digest_set(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str on = web_param(q, "on");
	int code;

	if (!str_eqz(on, "true") && !str_eqz(on, "false"))
		return web_error(r, 400, "on is true or false.");
	code = digest(w, q, str_eqz(on, "true") ? STR("on") : STR("off"), r);
	return code != 0 ? code : digest(w, q, STR("show"), r);
}

/* ---- unsubscribe/TOKEN ---- */

/* Begin the page, and find the mailbox whose letter has that link; 0, or the code of an answer. */
static int begin_page(struct web *w, const struct web_request *q, struct str *mailbox, struct buf *page)
{
	struct str token = str_skip(q->path, (size_t)(str_rchr(q->path, '/') + 1));
	BUF(b);

	plain_begin(page, "The weekly letter about refused mail");
	if (w->why_key.n == SEAL_KEY && digest_token_read(token, w->why_key, &b)) {
		*mailbox = arena_str(q->mem, buf_str(&b));
		return 0;
	}
	plain_text(page, "p",
		   STR("This is no link of ours: a letter of it may have been lost. It stands at the end of the weekly "
		       "letter."));
	return 404;
}

static int put_page(struct web_reply *r, int code, struct buf *page)
{
	plain_end(page);
	buf_clear(&r->body);
	r->body = *page;
	*page = (struct buf)BUF_INIT;
	r->type = "text/html; charset=utf-8";
	return r->code = code;
}

/* Whatever follows links of mail by itself changes nothing. */
int web_unsubscribe_page(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str mailbox;
	BUF(page);
	int code = begin_page(w, q, &mailbox, &page);

	if (code != 0)
		return put_page(r, code, &page);
	plain_text(&page, "p",
		   arena_fmt(q->mem, "It is sent to %.*s after weeks in which something was refused. Shall it stop?",
			     STR_ARG(mailbox)));
	plain_button(&page, "List-Unsubscribe", "One-Click", "Stop this letter");
	return put_page(r, 200, &page);
}

int web_unsubscribe(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct own_told told;
	struct str mailbox;
	BUF(words);
	BUF(page);
	int code = begin_page(w, q, &mailbox, &page);

	if (code != 0)
		return put_page(r, code, &page);
	owners_word(&words, STR("digest"));
	owners_word(&words, STR("off"));
	owners_word(&words, mailbox);
	code = owners_ask(w, q, &words, &told, r);
	if (code == 503) {
		plain_text(&page, "p", STR("That cannot be done now; please try again in a few minutes."));
		return put_page(r, code, &page);
	}
	/* An account that is gone gets none either. */
	plain_text(&page, "p", arena_fmt(q->mem, "%.*s gets it no more.", STR_ARG(mailbox)));
	plain_text(&page, "p", STR("It can be turned on again on the page, under Account."));
	return put_page(r, 200, &page);
}
