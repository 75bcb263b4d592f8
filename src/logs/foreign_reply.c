/* The answers of servers that their logs, or others', quote. */
#include <string.h>

#include "base/cur.h"
#include "logs/foreign.h"

/* Exim's log names no number, but says whether the refusal was for now. */
static int exim_class(const struct foreign_line *l)
{
	if (l->server != FOREIGN_EXIM || l->kind != FOREIGN_REJECT)
		return 0;
	return l->field[FF_status].n > 0 ? FOREIGN_NOT_NOW : FOREIGN_NO;
}

/* "550 5.1.1 words", "550-words"; a code of RFC 3463 alone says whether it is final. */
int foreign_reply(const struct foreign_line *l, struct str *text)
{
	struct str said = l->field[FF_text];
	uint64_t n = 0;

	*text = said;
	if (said.n > 3 && str_u64(str_take(said, 3), 599, &n) && n >= 200 && (said.p[3] == ' ' || said.p[3] == '-')) {
		*text = str_trim(str_skip(said, 4));
		return (int)n;
	}
	if (said.n > 4 && said.p[1] == '.' && ascii_isdigit(said.p[2]))
		return said.p[0] == '5' ? FOREIGN_NO : said.p[0] == '4' ? FOREIGN_NOT_NOW : 0;
	return exim_class(l);
}

void foreign_as_line(struct str text, struct log_line *out)
{
	static const struct {
		enum log_field to;
		enum foreign_field from;
	} same[] = { { LOG_F_title, FF_title },     { LOG_F_ip, FF_ip },     { LOG_F_host, FF_peer },
		     { LOG_F_rcpt, FF_rcpt },       { LOG_F_user, FF_user }, { LOG_F_sender, FF_sender },
		     { LOG_F_description, FF_text } };
	static const char *const unsaid[] = { "499", "599" };
	struct foreign_line l;
	int code;

	if (foreign_read(text, &l))
		out->kind = LOG_OTHERS;
	else if (l.frame.rest.p == NULL)
		return;
	out->stamp = l.frame.stamp;
	out->stamped = true;
	out->host = l.frame.host;
	for (size_t i = 0; i < COUNT(same); i++)
		out->field[same[i].to] = l.field[same[i].from];
	code = foreign_reply(&l, &out->field[LOG_F_text]);
	if (foreign_unsaid(code))
		out->field[LOG_F_code] = str_of(unsaid[code == FOREIGN_NO]);
	else if (code > 0)
		out->field[LOG_F_code] = str_take(l.field[FF_text], 3);
}

bool foreign_is_reply(struct str s)
{
	return s.n > 3 && s.p[0] >= '2' && s.p[0] <= '5' && ascii_isdigit(s.p[1]) && ascii_isdigit(s.p[2]) &&
	       (s.p[3] == ' ' || s.p[3] == '-');
}

/* The first three digits that can be the number of an answer. */
struct str foreign_answer(struct str text)
{
	static const char *const ends[] = { " (in reply to ", " (state " };
	struct str said = STR("");

	for (size_t i = 0; i < text.n && said.n == 0; i++)
		if ((i == 0 || text.p[i - 1] == ' ') && foreign_is_reply(str_skip(text, i)))
			said = str_skip(text, i);
	for (size_t i = 0; i < COUNT(ends); i++) {
		ptrdiff_t at = str_find(said, str_of(ends[i]));

		if (at >= 0)
			said = str_take(said, (size_t)at);
	}
	return said;
}

static bool is_id_byte(char c)
{
	return ascii_isalnum(c) || c == '-';
}

struct str foreign_queued_as(struct str reply)
{
	/* qmail's log has `_` for spaces */
	static const struct str marks[] = { STR_INIT("queued as "), STR_INIT("queued_as_"), STR_INIT("OK id="),
					    STR_INIT("OK_id=") };
	bool postfix = str_find(reply, STR("queued")) >= 0, exim = !postfix && str_find(reply, STR("id=")) >= 0;

	for (size_t i = 0; i < COUNT(marks) && (postfix || exim); i++) {
		ptrdiff_t at = str_find(reply, marks[i]);
		struct cur c;

		if (at < 0)
			continue;
		c = cur_of(str_skip(reply, (size_t)at + marks[i].n));
		return cur_span(&c, is_id_byte, NULL);
	}
	return STR("");
}

bool foreign_queued_qp(struct str reply, uint64_t *epoch, uint64_t *qp)
{
	ptrdiff_t at = str_find(reply, STR("ok "));
	struct cur c = cur_of(str_skip(reply, at < 0 ? reply.n : (size_t)at + 3));

	if (at < 0 && (at = str_find(reply, STR("ok_"))) >= 0)
		c = cur_of(str_skip(reply, (size_t)at + 3));
	*epoch = cur_num(&c, UINT64_C(1) << 40, "epoch");
	if (!cur_tryz(&c, " qp "))
		cur_wantz(&c, "_qp_", "qp");
	*qp = cur_num(&c, UINT64_C(1) << 53, "qp");
	return cur_ok(&c);
}
