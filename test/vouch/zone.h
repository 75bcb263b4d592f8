/* A DNS of a few rows for tests of vouch/: names and types as text, answers in wire form, CNAMEs followed. */
#ifndef TEST_VOUCH_ZONE_H
#define TEST_VOUCH_ZONE_H

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/inet.h"
#include "vouch/ask.h"

struct zone_row {
	const char *name,
	    *type;        /* "A", "AAAA", "MX", "NS", "PTR", "TXT", "CNAME"; "FAIL": what has no row cannot be asked */
	const char *data; /* "10 host" for MX; strings of a TXT are separated by \1; NULL: see wire */
	struct str wire;
};

struct zone {
	const struct zone_row *rows;
	size_t n;
	unsigned asked, rounds; /* questions, and calls that brought them */
	char names[4096];       /* what was asked, "TXT a.example; " each */
};

static int zone_type(const char *z)
{
	static const struct {
		const char *name;
		int type;
	} t[] = { { "A", DNS_A },   { "AAAA", DNS_AAAA }, { "MX", DNS_MX },       { "PTR", DNS_PTR },
		  { "NS", DNS_NS }, { "TXT", DNS_TXT },   { "CNAME", DNS_CNAME }, { "FAIL", -1 } };

	for (size_t i = 0; i < COUNT(t); i++)
		if (strcmp(t[i].name, z) == 0)
			return t[i].type;
	return 0;
}

static void zone_put_name(struct buf *b, struct str name)
{
	struct str label;

	while (name.n > 0) {
		str_cut(name, STR("."), &label, &name);
		buf_addc(b, (char)label.n);
		buf_addstr(b, label);
	}
	buf_addc(b, '\0');
}

static void zone_put_text(struct buf *b, struct str text)
{
	struct str s;

	do {
		str_cut(text, STR("\1"), &s, &text);
		do {
			struct str piece = str_take(s, 255);

			buf_addc(b, (char)piece.n);
			buf_addstr(b, piece);
			s = str_skip(s, 255);
		} while (s.n > 0);
	} while (text.n > 0);
}

static struct str zone_wire(const struct zone_row *row, struct arena *a)
{
	int type = zone_type(row->type);
	struct str data = str_of(row->data), preference, host;
	unsigned char ip[INET_BYTES_MAX];
	BUF(b);

	if (row->data == NULL)
		return row->wire;
	if (type == DNS_A && inet_bytes(AF_INET, data, ip)) {
		buf_add(&b, ip, 4);
	} else if (type == DNS_AAAA && inet_bytes(AF_INET6, data, ip)) {
		buf_add(&b, ip, 16);
	} else if (type == DNS_MX && str_cut(data, STR(" "), &preference, &host)) {
		buf_addc(&b, '\0');
		buf_addc(&b, (char)atoi(row->data));
		zone_put_name(&b, host);
	} else if (type == DNS_TXT) {
		zone_put_text(&b, data);
	} else {
		zone_put_name(&b, data);
	}
	return arena_str(a, buf_str(&b));
}

static void zone_answer(const struct zone *z, struct dns_question *q, struct str name, int depth, struct arena *a)
{
	const struct zone_row *alias = NULL;
	bool fails = false, here = false;

	q->rdata = arena_alloc(a, (z->n + 1) * sizeof(*q->rdata));
	q->n = 0;
	for (size_t i = 0; i < z->n; i++) {
		const struct zone_row *row = &z->rows[i];
		int type = zone_type(row->type);

		if (!str_ieq(str_of(row->name), name))
			continue;
		here = true;
		if (type == q->type)
			q->rdata[q->n++] = zone_wire(row, a);
		else if (type == DNS_CNAME)
			alias = row;
		fails = fails || type < 0;
	}
	if (q->n == 0 && alias != NULL && depth < 8) {
		zone_answer(z, q, dns_name_of(zone_wire(alias, a), a), depth + 1, a);
		return;
	}
	q->status = q->n > 0 ? DNS_FOUND : fails || alias != NULL ? DNS_FAILED : DNS_NONE;
	q->nowhere = q->status == DNS_NONE && !here;
	q->why = q->status == DNS_FAILED ? STR("SERVFAIL") : STR("");
}

static void zone_note(struct zone *z, const struct dns_question *q)
{
	size_t n = strlen(z->names);

	z->asked++;
	if (n + q->name.n + 16 < sizeof(z->names))
		snprintf(z->names + n, sizeof(z->names) - n, "%d %.*s; ", q->type, STR_ARG(q->name));
}

static void zone_all(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct zone *z = with;

	(void)deadline;
	z->rounds++;
	for (size_t i = 0; i < n; i++) {
		struct str name = q[i].name;

		zone_note(z, &q[i]);
		if (name.n > 0 && name.p[name.n - 1] == '.')
			name.n--;
		zone_answer(z, &q[i], name, 0, a);
	}
}

static struct vouch_ask zone_ask(struct zone *z)
{
	return (struct vouch_ask){ zone_all, z };
}

#endif
