/* Any values in any line: it is one line of that kind, clean, and its fields read back as they were escaped.
 *
 * Input: one byte for the kind, then for each field of its row a length (two bytes) and so many bytes.
 */
#include <string.h>

#include "base/cur.h"
#include "logs/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_field(struct log_line *l, enum log_field f, struct arena *a, struct cur *c)
{
	struct str value;
	size_t n = cur_u16(c);
	enum shape_reads reads = shape_class(f)->reads;
	struct str escaped;

	value = cur_ok(c) ? str_take(cur_rest(c), n) : (struct str){ NULL, 0 };
	if (cur_ok(c))
		cur_take(c, value.n, "short");
	log_set(l, f, a, value);
	if (value.n == 0)
		return;
	escaped = log_escape(a, f, value);
	MUST(str_eq(l->field[f], escaped) && escaped.n <= shape_class(f)->cap);
	if (reads == READS_DIGITS || reads == READS_CODE || reads == READS_CONT || reads == READS_MOMENT)
		return;
	MUST(str_eq(log_plain(a, escaped), value) || str_ends(escaped, STR("...")));
}

static void must_be_clean(struct str line)
{
	MUST(line.n <= LOG_LINE_MAX && str_chr(line, '\n') == (ptrdiff_t)line.n - 1);
	for (size_t i = 0; i + 1 < line.n; i++)
		MUST((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f);
}

/* A RESP that says "250 ok E qp Q" is a RESP_QUEUED: the same line (logs.h). */
static bool same_kind(enum log_kind want, enum log_kind got)
{
	return got == want || (want == LOG_SMTP_RESP && got == LOG_SMTP_RESP_QUEUED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(str_mem(data, size));
	int byte = cur_next(&c);
	enum log_kind kind = (enum log_kind)(LOG_EMPTY + 1 + (byte < 0 ? 0 : byte) % (LOG_KINDS - LOG_EMPTY - 1));
	const struct shape *s = shape_of(kind);
	struct log_line l, back;
	ARENA(a);
	BUF(b);

	log_begin(&l, kind, 1615286631000);
	for (int i = 0; i < s->n; i++) {
		if (s->part[i].field >= 0)
			set_field(&l, (enum log_field)s->part[i].field, &a, &c);
	}
	log_print(&b, &l);
	must_be_clean(buf_str(&b));
	log_parse(s->family, buf_str(&b), &back);
	MUST(same_kind(kind, back.kind));
	for (int f = 0; f < LOG_FIELDS && back.kind == kind; f++)
		MUST(str_eq(back.field[f], l.field[f]));
	return 0;
}
