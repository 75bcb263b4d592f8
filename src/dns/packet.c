#include "dns/packet.h"

#include <string.h>

#include "base/cur.h"
#include "dns/dns.h"
#include "dns/name.h"

enum { HEADER = 12, POINTERS_MAX = 64, ALIASES_MAX = 16 };

/* A name in uncompressed wire form, lower case. */
struct name {
	char p[DNS_NAME_WIRE_MAX];
	size_t n;
};

/* One resource record of the answer section; data begins at `at` of the packet. */
struct record {
	struct name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, length;
};

static unsigned big16(struct cur *c)
{
	unsigned high = (unsigned)cur_next(c) & 0xff;

	return high << 8 | ((unsigned)cur_next(c) & 0xff);
}

static uint32_t big32(struct cur *c)
{
	uint32_t high = big16(c);

	return high << 16 | big16(c);
}

static struct cur cur_at(struct str packet, size_t at)
{
	struct cur c = cur_of(packet);

	cur_take(&c, at, "outside the packet");
	return c;
}

static void add_label(struct cur *c, struct name *out, size_t length)
{
	struct str label = cur_take(c, length, "a label is cut off");

	if (out->n + 1 + length + 1 > sizeof(out->p)) {
		cur_fail(c, "a name is too long");
		return;
	}
	out->p[out->n++] = (char)length;
	for (size_t i = 0; i < label.n; i++)
		out->p[out->n++] = ascii_lower(label.p[i]);
}

/* Reads the name at *c and leaves *c behind it, wherever its pointers lead. */
static void read_name(struct str packet, struct cur *c, struct name *out)
{
	struct cur at = *c;
	bool jumped = false;
	int jumps = 0, length;

	out->n = 0;
	while ((length = cur_next(&at)) > 0) {
		if (length < 0x40) {
			add_label(&at, out, (size_t)length);
		} else if (length >= 0xc0 && jumps++ < POINTERS_MAX) {
			size_t to = ((size_t)length & 0x3f) << 8 | ((size_t)cur_next(&at) & 0xff);

			if (!jumped && cur_ok(&at))
				*c = at;
			jumped = true;
			if (cur_ok(&at))
				at = cur_at(packet, to);
		} else {
			cur_fail(&at, "a bad label");
		}
	}
	out->p[out->n++] = 0;
	if (length < 0 || !cur_ok(&at))
		cur_fail(c, at.why != NULL ? at.why : "a name is cut off");
	else if (!jumped)
		*c = at;
}

static void read_record(struct str packet, struct cur *c, struct record *r)
{
	read_name(packet, c, &r->owner);
	if (cur_rest(c).n < 10)
		cur_fail(c, "a record is cut off");
	r->type = big16(c);
	r->class = big16(c);
	r->ttl = big32(c);
	r->length = big16(c);
	r->at = cur_pos(c);
	cur_take(c, r->length, "a record's data is cut off");
}

/* Bytes before the name in the data of the types whose names may be compressed; -1 for the other types. */
static int before_name(unsigned type)
{
	switch (type) {
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return 0;
	case DNS_MX:
		return 2;
	case 33: /* SRV */
		return 6;
	default:
		return -1;
	}
}

static void add_record(struct packet *out, struct str head, struct str tail)
{
	size_t n = head.n + tail.n;

	buf_addc(&out->records, (char)(n & 0xff));
	buf_addc(&out->records, (char)(n >> 8));
	buf_addstr(&out->records, head);
	buf_addstr(&out->records, tail);
	out->n++;
}

static int take_data(struct str packet, const struct record *r, struct packet *out)
{
	struct str data = str_take(str_skip(packet, r->at), r->length);
	int before = before_name(r->type);
	struct cur c = cur_at(packet, r->at);
	struct name name;

	if (before < 0) {
		add_record(out, data, STR(""));
		return 0;
	}
	cur_take(&c, (size_t)before, "cut off");
	read_name(packet, &c, &name);
	if (!cur_ok(&c) || cur_pos(&c) != r->at + r->length)
		return -1;
	add_record(out, str_take(data, (size_t)before), str_mem(name.p, name.n));
	return 0;
}

static bool same(const struct name *a, const struct name *b)
{
	return str_eq(str_mem(a->p, a->n), str_mem(b->p, b->n));
}

/* Where we stand in the answer section's chain of aliases. */
struct walk {
	struct str packet;
	struct cur answers; /* at the first answer */
	unsigned count, type;
	struct name at; /* the name whose records are wanted now */
};

/* 1: the alias was followed, 0: there is none, -1: malformed. */
static int follow(struct walk *w, const struct record *r, struct packet *out)
{
	struct cur c = cur_at(w->packet, r->at);

	read_name(w->packet, &c, &w->at);
	if (!cur_ok(&c) || cur_pos(&c) != r->at + r->length)
		return -1;
	out->alias = true;
	return 1;
}

/* One pass over the answers: takes the records of w->at, or follows its alias (1), or finds no more (0). */
static int pass(struct walk *w, struct packet *out)
{
	struct cur c = w->answers;
	struct record r, alias = { 0 };

	for (unsigned i = 0; i < w->count; i++) {
		read_record(w->packet, &c, &r);
		if (!cur_ok(&c))
			return -1;
		if (r.class != 1 || !same(&r.owner, &w->at))
			continue;
		if (r.type == w->type || r.type == DNS_CNAME)
			out->ttl = r.ttl < out->ttl ? r.ttl : out->ttl;
		if (r.type == w->type && take_data(w->packet, &r, out) < 0)
			return -1;
		if (r.type == DNS_CNAME)
			alias = r;
	}
	return out->n == 0 && alias.type == DNS_CNAME ? follow(w, &alias, out) : 0;
}

static int walk_answers(struct walk *w, struct packet *out)
{
	int rc = 0;

	for (int i = 0; i < ALIASES_MAX; i++) {
		rc = pass(w, out);
		if (rc <= 0)
			return rc;
	}
	return -1;
}

int packet_read(struct str bytes, int rrtype, struct packet *out, struct err *e)
{
	struct cur c = cur_of(bytes);
	struct walk w = { .packet = bytes, .type = (unsigned)rrtype };
	unsigned questions;

	*out = (struct packet){ .ttl = UINT32_MAX };
	cur_take(&c, 3, "cut off");
	out->rcode = (unsigned)cur_next(&c) & 0xf;
	questions = big16(&c);
	w.count = big16(&c);
	cur_take(&c, 4, "cut off");
	if (!cur_ok(&c) || cur_pos(&c) != HEADER || questions != 1)
		return err_set(e, "a malformed answer");
	read_name(bytes, &c, &w.at);
	cur_take(&c, 4, "the question is cut off");
	w.answers = c;
	if (!cur_ok(&c) || walk_answers(&w, out) < 0)
		return err_set(e, "a malformed answer");
	dns_name_put(&out->canonical, str_mem(w.at.p, w.at.n));
	return 0;
}

void packet_clear(struct packet *p)
{
	buf_clear(&p->records);
	buf_clear(&p->canonical);
}
