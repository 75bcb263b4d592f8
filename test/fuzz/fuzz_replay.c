/* Any bytes as an SMTP and a spamdyke log (parted by 0xff), decided again under a gate with most of its filters: every
 * decision is counted once, and both forms of the answer are written. */
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "trace/day.h"
#include "trace/group.h"
#include "trace/story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
    "hostname = \"mx.example.com\"\ndata-dir = \"/nowhere\"\nlistener \"25\" { bind = {\"127.0.0.1:2525\"} }\n"
    "gate { reject-ip-in-cc-rdns = true  dns-blacklist-entry = \"zen.example\"  rhs-blacklist-entry = \"rhs.example\"\n"
    "spf = reject  dmarc = reject  graylist-level = always-create-dir  reject-sender = no-mx  greeting-delay-secs = 1\n"
    "sender-whitelist-entry = \"@ok.example\"  header-blacklist-entry = \"Subject: *casino*\"  max-recipients = 3 }\n";

static void replay(struct source *s, const struct conf *c)
{
	struct replay *r = mem_alloc(sizeof(*r));
	struct day_frame frame;
	struct tale tale;
	struct book book;
	struct err e;
	BUF(out);

	*r = (struct replay){ .conf = c, .since = INT64_MIN, .limit = 20 };
	r->gate = replay_gate_new(c, c, NULL, &e);
	MUST(r->gate != NULL);
	source_settle(s);
	book_init(&book, s);
	group_read(&book, 1700000000);
	complete(&tale, &book);
	day_frame_init(&frame, &book.zone, STR(""), zone_utc(&book.zone, book.newest), 1700000000);
	replay_tale(r, &tale);
	MUST(r->same + r->changed + r->renamed + r->unsaid == r->total);
	replay_text(&out, r, &frame, false);
	for (size_t i = 0; i < out.n; i++)
		MUST(out.p[i] == '\n' || ((unsigned char)out.p[i] >= 0x20 && out.p[i] != 0x7f));
	replay_json(&out, r, &frame);
	book_clear(&book);
	replay_clear(r);
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_mem((const char *)data, size), smtp, spamdyke;
	struct source s;
	struct conf c;
	struct err e;

	if (size > 16384)
		return 0;
	MUST(conf_parse(&c, STR(config), "test", &e) == 0);
	str_cut(text, STR("\xff"), &smtp, &spamdyke);
	source_init(&s);
	source_add_text(&s, "smtp-25.log", smtp);
	source_add_text(&s, "spamdyke.log", spamdyke);
	replay(&s, &c);
	source_clear(&s);
	conf_clear(&c);
	return 0;
}
