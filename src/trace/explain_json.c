#include "trace/explain.h"

static void put_final(struct json *j, enum final final)
{
	json_key(j, "final");
	if (final == FINAL_UNKNOWN)
		json_none(j);
	else
		json_bool(j, final == FINAL_YES);
}

static void put_fields(struct json *j, const struct explanation *x)
{
	uint64_t n = 0;

	json_key(j, "fields"), json_begin_object(j);
	for (size_t i = 0; i < x->nfields; i++) {
		json_key(j, x->fields[i].name);
		if (x->fields[i].number && str_u64(x->fields[i].value, INT64_MAX, &n))
			json_num(j, (int64_t)n);
		else
			json_str(j, x->fields[i].value);
	}
	if (x->passes.n > 0)
		json_key(j, "passes"), json_str(j, x->passes);
	json_end_object(j);
}

static void put_filled(struct json *j, const char *key, struct str value)
{
	json_key(j, key);
	if (value.n > 0)
		json_str(j, value);
	else
		json_none(j);
}

static void put_rcpt(struct json *j, const struct explained_rcpt *r)
{
	json_begin_object(j);
	put_filled(j, "address", r->address);
	if (r->original.n > 0)
		put_filled(j, "original", r->original);
	json_key(j, "cause"), json_z(j, r->cause);
	put_filled(j, "status", r->status);
	put_filled(j, "reply", r->reply);
	put_filled(j, "host", r->host);
	put_final(j, r->final);
	json_key(j, "meaning"), json_str(j, r->meaning);
	json_key(j, "who"), json_z(j, who_word(r->who));
	json_key(j, "advice"), json_str(j, r->advice);
	json_end_object(j);
}

static void put_hop(struct json *j, const struct explained_hop *h)
{
	json_begin_object(j);
	put_filled(j, "from", h->from);
	put_filled(j, "ip", h->ip);
	put_filled(j, "by", h->by);
	put_filled(j, "with", h->with);
	json_key(j, "encrypted"), json_bool(j, h->encrypted);
	put_filled(j, "tls", h->tls);
	json_key(j, "login"), json_bool(j, h->login);
	put_filled(j, "id", h->id);
	put_filled(j, "qp", h->qp);
	put_filled(j, "for", h->to);
	put_filled(j, "time", h->time);
	json_key(j, "delay");
	if (h->delayed)
		json_num(j, h->delay);
	else
		json_none(j);
	json_end_object(j);
}

static void put_message(struct json *j, const struct explanation *x)
{
	if (x->nrcpts > 0) {
		json_key(j, "recipients"), json_begin_array(j);
		for (size_t i = 0; i < x->nrcpts; i++)
			put_rcpt(j, &x->rcpts[i]);
		json_end_array(j);
		json_key(j, "more_recipients"), json_num(j, (int64_t)x->more);
	}
	json_key(j, "hops"), json_begin_array(j);
	for (size_t i = 0; i < x->nhops; i++)
		put_hop(j, &x->hops[i]);
	json_end_array(j);
	json_key(j, "odd"), json_begin_array(j);
	for (size_t i = 0; i < x->nodd; i++)
		json_str(j, x->odd[i]);
	json_end_array(j);
}

void explain_json(struct json *j, const struct explanation *x)
{
	json_begin_object(j);
	json_key(j, "kind"), json_z(j, x->kind);
	json_key(j, "meaning"), json_str(j, x->meaning);
	put_final(j, x->final);
	json_key(j, "who"), json_z(j, who_word(x->who));
	json_key(j, "advice"), json_str(j, x->advice);
	put_fields(j, x);
	if (x->message)
		put_message(j, x);
	json_end_object(j);
}
