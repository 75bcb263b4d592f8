#include "vouch/keyset.h"

void keyset_init(struct keyset *k, struct arena *a)
{
	*k = (struct keyset){ .arena = a };
}

void keyset_clear(struct keyset *k)
{
	for (size_t i = 0; i < k->n; i++)
		for (size_t r = 0; r < k->place[i]->n; r++)
			key_clear(&k->place[i]->key[r]);
	k->n = 0;
}

struct keyset_place *keyset_want(struct keyset *k, struct str selector, struct str domain)
{
	struct str name = arena_fmt(k->arena, "%.*s._domainkey.%.*s", STR_ARG(selector), STR_ARG(domain));

	name = arena_lower(k->arena, name);
	for (size_t i = 0; i < k->n; i++)
		if (str_eq(k->place[i]->name, name))
			return k->place[i];
	if (k->n == KEYSET_MAX)
		return NULL;
	k->place[k->n] = arena_alloc(k->arena, sizeof(*k->place[0]));
	k->place[k->n]->name = name;
	return k->place[k->n++];
}

static void take_record(struct keyset *k, struct keyset_place *p, struct str rdata)
{
	struct str text;
	const char *why;

	if (p->n == KEYSET_RECORDS)
		return;
	why = key_text(rdata, k->arena, &text) ? key_read(text, k->arena, &p->key[p->n]) : "the record is too long";
	if (why == NULL)
		p->n++;
	else
		key_clear(&p->key[p->n]);
	if (why != NULL && p->wrong == NULL)
		p->wrong = why;
}

void keyset_ask(struct keyset *k, const struct vouch_ask *ask, int64_t deadline)
{
	struct dns_question *q = arena_alloc(k->arena, (k->n + 1) * sizeof(*q));

	for (size_t i = 0; i < k->n; i++)
		q[i] = (struct dns_question){ .name = k->place[i]->name, .type = DNS_TXT, .status = DNS_FAILED };
	if (k->n > 0)
		ask->all(ask->with, q, k->n, k->arena, deadline);
	for (size_t i = 0; i < k->n; i++) {
		k->place[i]->status = q[i].status;
		k->place[i]->said = q[i].why;
		for (size_t r = 0; q[i].status == DNS_FOUND && r < q[i].n && r < 2 * KEYSET_RECORDS; r++)
			take_record(k, k->place[i], q[i].rdata[r]);
	}
}
