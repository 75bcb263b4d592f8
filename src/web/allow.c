/* Whom an owner hears. */
#include "base/json.h"
#include "lookup/settings.h"
#include "web/owners.h"
#include "web/scope.h"

enum { LISTS_MAX = 40 /* that are told at once */ };

/* Whose list it is; an administrator has none of his own. */
static int list_of(const struct web_request *q, struct str *scope, struct web_reply *r)
{
	struct str domain, mailbox;
	int code = web_scope(q, &domain, &mailbox, r);

	if (code != 0)
		return code;
	*scope = mailbox.n > 0 ? mailbox : domain;
	return scope->n > 0 ? 0 : web_error(r, 400, "Whose list: scope= a domain or a mailbox.");
}

/* 0, or the code of an answer. */
static int ask_list(struct web *w, const struct web_request *q, struct str scope, struct own_told *told,
		    struct web_reply *r)
{
	BUF(words);

	owners_word(&words, STR("allow"));
	owners_word(&words, STR("list"));
	owners_word(&words, scope);
	return owners_ask(w, q, &words, told, r);
}

static void put_list(struct buf *out, struct str scope, const struct own_told *told)
{
	struct json j = json_to(out);

	json_begin_object(&j);
	json_key(&j, "scope"), json_str(&j, scope);
	json_key(&j, "most"), json_num(&j, ALLOW_MAX);
	json_key(&j, "rows"), buf_addstr(out, told->output); /* JSON of our own making */
	json_end_object(&j);
}

static int tell_list(struct web *w, const struct web_request *q, struct str scope, struct web_reply *r)
{
	struct own_told told;
	int code = ask_list(w, q, scope, &told, r);

	if (code != 0)
		return code;
	put_list(&r->body, scope, &told);
	buf_addc(&r->body, '\n');
	return web_good(r);
}

/* An administrator sees mail of many domains: those of them that are ours, each with its list. */
static int tell_lists(struct web *w, const struct web_request *q, struct str domains, struct web_reply *r)
{
	struct web_reply none = { 0 };
	struct str domain;
	int code = 0;
	BUF(out);

	for (int i = 0; i < LISTS_MAX && domains.n > 0 && code != 503; i++) {
		struct own_told told;

		str_cut(domains, STR(","), &domain, &domains);
		code = owners_is_word(domain) ? ask_list(w, q, domain, &told, &none) : 400;
		if (code == 0) {
			buf_adds(&out, out.n > 0 ? "," : "");
			put_list(&out, domain, &told);
		}
	}
	web_reply_clear(&none);
	if (code == 503)
		return web_error(r, 503, "The accounts cannot be asked now; please try again.");
	buf_fmt(&r->body, "{\"lists\":[%.*s]}\n", STR_ARG(buf_str(&out)));
	return web_good(r);
}

int web_allowed(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str scope = STR("");
	int code;

	if (q->who.role == WEB_ADMIN && web_has_param(q, "domains"))
		return tell_lists(w, q, web_param(q, "domains"), r);
	code = list_of(q, &scope, r);
	return code != 0 ? code : tell_list(w, q, scope, r);
}

int web_allow(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str sender = web_param(q, "sender"), scope = STR("");
	bool away = str_eqz(web_param(q, "remove"), "true");
	struct own_told told;
	int code = list_of(q, &scope, r);
	BUF(words);

	if (code != 0)
		return code;
	if (!owners_is_word(sender))
		return web_error(r, 400, "Whom to hear: sender= an address, or @domain for all of it.");
	owners_word(&words, STR("allow"));
	owners_word(&words, away ? STR("remove") : STR("add"));
	owners_word(&words, scope);
	owners_word(&words, sender);
	if (!away && str_eqz(web_param(q, "sure"), "true"))
		owners_word(&words, STR("--sure"));
	code = owners_ask(w, q, &words, &told, r);
	return code != 0 ? code : tell_list(w, q, scope, r);
}
