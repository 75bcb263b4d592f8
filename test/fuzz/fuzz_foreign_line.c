/* Any bytes as lines of another mail server's log: every field lies in its line, what it quotes too, and a whole
 * file of them is answered from (fuzz_trace.c looks at the answers of our own logs). */
#include <jansson.h>

#include "trace/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct str s, struct str text)
{
	return s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n);
}

static void look_at_line(struct str line)
{
	struct foreign_line l;
	struct str text;
	struct log_line as;
	int code;

	if (!foreign_read(line, &l))
		return;
	MUST(l.kind > FOREIGN_UNKNOWN && l.kind < FOREIGN_KINDS && l.server < FOREIGN_SERVERS);
	for (int f = 0; f < FOREIGN_FIELDS; f++)
		if (f != FF_status) /* a word of ours, for what postsuper removed */
			MUST(inside(l.field[f], line));
	code = foreign_reply(&l, &text);
	MUST(code >= 0 && code < 600 && inside(text, line));
	MUST(inside(foreign_answer(l.field[FF_text]), line) && inside(foreign_queued_as(l.field[FF_text]), line));
	log_parse(LOG_FOREIGN, line, &as);
	MUST(as.kind == LOG_OTHERS && as.stamped && str_eq(as.raw, line));
}

/* Behind another line it is what it is alone. */
static void look_behind(struct str line, struct foreign_line *behind)
{
	struct foreign_line alone;
	bool found = foreign_read(line, &alone);

	MUST(foreign_read_next(line, behind) == found && behind->kind == alone.kind && behind->server == alone.server);
	MUST(behind->frame.moment == alone.frame.moment && str_eq(behind->frame.rest, alone.frame.rest) &&
	     civil_to_seconds(behind->frame.stamp) == civil_to_seconds(alone.frame.stamp));
	for (int f = 0; f < FOREIGN_FIELDS; f++)
		MUST(str_eq(behind->field[f], alone.field[f]) &&
		     (behind->field[f].p == NULL) == (alone.field[f].p == NULL));
}

static void ask(struct source *s, const char *question)
{
	struct trace_ask what = { .question = str_of(question), .source = s, .limit = 20, .now = 1700000000 };
	struct answer r;
	struct err e;
	BUF(text);
	BUF(json);
	json_t *root;
	json_error_t wrong;

	MUST(trace_answer(&r, &what, &e) == 0);
	answer_text(&text, &r, false, 0);
	for (size_t i = 0; i < text.n; i++)
		MUST(text.p[i] == '\n' || ((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f));
	answer_json(&json, &r);
	root = json_loadb(json.p, json.n, 0, &wrong);
	MUST(root != NULL);
	json_decref(root);
	answer_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_mem(data, size), line, rest = text;
	struct foreign_line behind = { 0 };
	struct source s;

	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		look_at_line(line);
		look_behind(line, &behind);
	}
	source_init(&s);
	str_cut(text, STR("\xff"), &line, &rest); /* two hosts' files */
	source_add_text(&s, "one/mail.log", line);
	source_add_text(&s, "two/mail.log", rest);
	ask(&s, "any:*");
	ask(&s, "id:8A1B2C3D4E");
	source_clear(&s);
	return 0;
}
