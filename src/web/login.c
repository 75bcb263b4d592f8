/* Coming in, with the password of a mailbox or by an administrator's link, and going out. */
#include <stdio.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/say.h"
#include "web/cookie.h"
#include "web/plain.h"
#include "web/web.h"

enum {
	LOGIN_TIME = 15000, /* for telltale-lookup, which gives up after 10 s by itself */
	HELD_MOST = 200,    /* answers that wait for their time */
	LOOK = 200
};

static int too_often(struct web_reply *r, int64_t ms)
{
	int64_t seconds = (ms + 999) / 1000;
	struct json j;
	BUF(words);

	buf_fmt(&words, "There were too many attempts. Please wait %lld second%s.", (long long)seconds,
		seconds == 1 ? "" : "s");
	buf_reset(&r->body);
	j = json_to(&r->body);
	json_begin_object(&j);
	json_key(&j, "error"), json_str(&j, buf_str(&words));
	json_key(&j, "wait"), json_num(&j, seconds);
	json_end_object(&j);
	r->retry_after = (int)seconds;
	return r->code = 429;
}

/* A password or a session does not cross a network that anybody may listen to. */
static bool in_the_open(const struct web *w, const struct web_request *q)
{
	return !q->secure && !q->loopback && !w->conf->tls.auth_without_tls;
}

#define IN_THE_OPEN \
	"Logging in needs HTTPS, and this connection is not encrypted. (A web server in between must be named in " \
	"web { proxy }.)"

static struct str set_cookie(const struct web *w, const struct web_request *q, struct str value)
{
	BUF(b);

	cookie_put(&b, value, q->secure, w->prefix);
	return arena_str(q->mem, buf_str(&b));
}

/* Whatever session the browser had is over: an id from before never becomes one of somebody else. */
static void leave(struct web *w, const struct web_request *q)
{
	struct str rest = q->cookie, id;
	struct session x;

	while (cookie_next(&rest, q->secure, &id))
		if (sessions_find(w->sessions, id, clock_wall(), &x))
			(void)sessions_end(w->sessions, x.number);
}

/* The id of the new session, in memory of the request. */
static struct str enter(struct web *w, const struct web_request *q, struct session *x, struct web_reply *r)
{
	char id[SESSION_ID + 1];
	struct str kept;

	leave(w, q);
	(void)snprintf(x->ip, sizeof(x->ip), "%.*s", STR_ARG(str_take(q->ip, SESSION_IP_MAX)));
	sessions_begin(w->sessions, x, clock_wall(), id);
	kept = arena_str(q->mem, str_of(id));
	r->cookie = set_cookie(w, q, kept);
	explicit_bzero(id, sizeof(id));
	return kept;
}

/* ---- with a password ---- */

struct attempt {
	struct str account; /* lower case, as it was typed */
	struct login_answer answer;
	struct account_now who;
	enum account_known known;
};

/* The stamp is asked for first: if the password changes in between, the session ends at once. */
static enum login ask(struct web *w, const struct web_request *q, struct attempt *t)
{
	struct str user = str_trim(web_param(q, "user"));
	struct err e = { 0 };

	t->account = arena_lower(q->mem, user);
	t->known = whois_ask_anew(w->whois, t->account, clock_mono(), q->mem, &t->who, &e);
	(void)lookup_login(w->lookup, user, web_param(q, "password"), q->ip, q->mem, &t->answer,
			   deadline_in(LOGIN_TIME), &e);
	if (t->answer.result == LOGIN_YES && t->known != ACCOUNT_HERE)
		t->answer.result = LOGIN_TEMPORARY;
	return t->answer.result;
}

/* False: nobody can be let in any more. */
static bool wait_for(const struct web *w, int64_t ms)
{
	int64_t until = deadline_in(ms), left;

	while (!w->stopping && (left = until - clock_mono()) > 0)
		fiber_sleep(left < LOOK ? left : LOOK);
	return !w->stopping || ms == 0;
}

static int welcome(struct web *w, const struct web_request *q, const struct attempt *t, struct web_reply *r)
{
	struct session x = { .stamp = t->who.stamp };
	struct web_request in = *q;
	struct str id;

	(void)snprintf(x.account, sizeof(x.account), "%.*s", STR_ARG(str_take(t->account, SESSION_ACCOUNT_MAX)));
	id = enter(w, q, &x, r);
	web_who_is(&x, &t->who, id, &in);
	return web_me(w, &in, r);
}

/* The answer, good or bad, when its time has come. */
static int attempt(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct attempt t = { 0 };
	enum login result = ask(w, q, &t);

	if (result == LOGIN_TEMPORARY && t.answer.wait > 0)
		return too_often(r, t.answer.wait);
	if (result == LOGIN_TEMPORARY) {
		r->retry_after = 5;
		return web_error(r, 503, "Passwords cannot be checked now. Please try again in a moment.");
	}
	if (!wait_for(w, t.answer.wait))
		return web_error(r, 503, "The page ends just now. Please try again in a moment.");
	if (result == LOGIN_NO)
		return web_error(r, 401, "The address or the password is wrong.");
	return welcome(w, q, &t, r);
}

int web_login(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str password = web_param(q, "password");
	int64_t wait;
	int code;

	if (in_the_open(w, q))
		return web_error(r, 403, IN_THE_OPEN);
	if (str_trim(web_param(q, "user")).n == 0 || password.n == 0)
		return web_error(r, 400, "The address of the mailbox and its password are wanted: user, password.");
	wait = rate_take(w->logins, q->ip, clock_mono());
	if (wait > 0)
		return too_often(r, wait);
	if (w->held >= HELD_MOST)
		return too_often(r, LOGIN_TIME);
	w->held++;
	code = attempt(w, q, r);
	w->held--;
	explicit_bzero((void *)(uintptr_t)password.p, password.n); /* it lies in the request's own memory */
	return code;
}

int web_logout(struct web *w, const struct web_request *q, struct web_reply *r)
{
	leave(w, q);
	r->cookie = set_cookie(w, q, STR(""));
	buf_adds(&r->body, "{}\n");
	return web_good(r);
}

/* ---- by a link ---- */

static int no_link(struct web_reply *r, int code, const char *words)
{
	r->type = "text/html; charset=utf-8";
	buf_reset(&r->body);
	plain_begin(&r->body, "This link lets nobody in");
	plain_text(&r->body, "p", str_of(words));
	buf_adds(&r->body, "<p><a href=\"../\">To the page</a></p>\n");
	plain_end(&r->body);
	return r->code = code;
}

static int home(const struct web *w, struct web_reply *r)
{
	r->location = w->prefix;
	return r->code = 303;
}

/* Programs that look at links before people do ask with HEAD, or do not: a link is gone once it was got. */
int web_enter(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct session x = { .administrator = true };
	struct str token = str_skip(q->path, strlen("/enter/"));

	if (in_the_open(w, q))
		return no_link(r, 403, IN_THE_OPEN);
	if (rate_take(w->logins, q->ip, clock_mono()) > 0)
		return no_link(r, 429, "There were too many attempts. Please wait a little.");
	if (q->head || !sessions_take_link(w->sessions, token, clock_wall(), x.account)) {
		if (q->who.role == WEB_ADMIN)
			return home(w, r);
		return no_link(r, 404,
			       "It was used already, or is older than ten minutes. The server's administrator makes "
			       "another: telltale web link");
	}
	say(SAY_INFO, "an administrator comes in by the link of %s, from %.*s", x.account, STR_ARG(q->ip));
	(void)enter(w, q, &x, r);
	return home(w, r);
}
