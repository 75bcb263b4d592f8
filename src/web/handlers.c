/* Handlers that need nobody. */
#include "base/clock.h"
#include "base/json.h"
#include "web/web.h"

int web_healthz(struct web *w, const struct web_request *q, struct web_reply *r)
{
	(void)w;
	(void)q;
	r->type = "text/plain; charset=utf-8";
	buf_adds(&r->body, "ok\n");
	return web_good(r);
}

static void put_who(struct json *j, const struct web_who *who)
{
	json_key(j, "role"), json_z(j, web_roles[who->role]);
	json_key(j, "mailbox"), json_str(j, who->mailbox);
	json_key(j, "domains"), json_begin_array(j);
	for (size_t i = 0; i < who->ndomains; i++)
		json_str(j, who->domains[i]);
	json_end_array(j);
	json_key(j, "token"), json_str(j, who->token);
}

int web_me(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct json j = json_to(&r->body);
	BUF(zone);

	zone_put(&zone, str_eqz(w->conf->logs.time, "utc") ? 0 : zone_offset(clock_wall() / 1000));
	json_begin_object(&j);
	put_who(&j, &q->who);
	json_key(&j, "hostname"), json_str(&j, w->conf->top.hostname);
	json_key(&j, "contact"), json_str(&j, w->conf->top.contact);
	/* A stranger need not know how old we are. */
	json_key(&j, "version"), json_z(&j, q->who.role == WEB_NOBODY ? "" : TELLTALE_VERSION);
	json_key(&j, "zone"), json_str(&j, buf_str(&zone));
	json_end_object(&j);
	buf_addc(&r->body, '\n');
	return web_good(r);
}
