/* Whatever a filter writes: packets are cut the same however they come, and what is read from one stays within it and
 * within our limits; a reply's text cannot leave its line. */
#include "base/err.h"
#include "handoff/milter.h"
#include "handoff/milter_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct str s, struct str packet)
{
	return s.n == 0 || (s.p >= packet.p && s.p + s.n <= packet.p + packet.n);
}

static void check_code(struct str text)
{
	struct reply r;
	ARENA(a);

	if (milter_reply_code(text, &a, &r) < 0)
		return;
	MUST(r.code >= 400 && r.code <= 599 && r.text.n <= MILTER_TEXT_MAX);
	for (size_t i = 0; i < r.text.n; i++)
		MUST(ascii_isprint(r.text.p[i]));
	for (const char *z = r.enhanced; *z != '\0'; z++)
		MUST(ascii_isdigit(*z) || *z == '.');
	MUST(r.enhanced[0] == '\0' || r.enhanced[0] - '0' == r.code / 100);
}

static void check_edit(const struct milter_reply *r)
{
	struct edit d = { .kind = EDIT_CHANGE, .at = 1, .name = r->name, .value = r->value };
	struct head h;
	const char *why;
	size_t n;
	ARENA(a);

	if (edit_make(&d, &a, &why) < 0)
		return;
	head_read(&h, &a, STR("A: 1\r\nB: 2\r\n"));
	n = h.n;
	MUST(head_edit(&h, &d, 1) == 0 && h.n <= n + 1);
	for (size_t i = 0; i < h.n; i++)
		MUST(h.fields[i].name.n > 0);
}

static void check(struct str packet)
{
	struct milter_reply r;
	struct milter_deal d;
	const char *why;

	if (milter_reply_read(packet, &r, &why) == 0) {
		MUST(within(r.name, packet) && within(r.value, packet) && within(r.text, packet));
		if (r.is == MILTER_IS_REPLYCODE)
			check_code(r.text);
		if (r.is == MILTER_IS_ADD_HEADER || r.is == MILTER_IS_CHANGE_HEADER)
			check_edit(&r);
	} else {
		MUST(why != NULL);
	}
	if (milter_deal_read(packet, &d, &why) == 0)
		for (size_t i = 0; i < COUNT(d.macros); i++)
			MUST(within(d.macros[i], packet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), packet;
	size_t used;

	check(in);
	while (milter_packet(in, &packet, &used) == 1) {
		MUST(used == packet.n + 4 && used <= in.n);
		check(packet);
		in = str_skip(in, used);
	}
	return 0;
}
