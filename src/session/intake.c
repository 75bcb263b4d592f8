#include "session/intake.h"

#include "base/clock.h"

void intake_begin(struct intake *in, struct spool *spool)
{
	*in =
	    (struct intake){ .began = clock_mono(), .head = BUF_INIT, .kept = BUF_INIT, .body = spool_body_new(spool) };
}

void intake_drop(struct intake *in)
{
	if (in->body != NULL)
		spool_body_free(in->body);
	in->body = NULL;
}

void intake_clear(struct intake *in)
{
	intake_drop(in);
	buf_clear(&in->head);
	buf_clear(&in->kept);
}

struct str intake_fields(const struct intake *in)
{
	return buf_str(in->changed ? &in->kept : &in->head);
}

static void give_up_head(struct intake *in)
{
	in->head_too_big = true;
	buf_clear(&in->head);
	intake_drop(in);
}

/* The header ended inside this piece, or, where a line turned out to be no field, in front of it: what was taken for
 * header and is body stays where it is.  An empty line will stand between the two in any case: a reader who would go
 * on behind that line must not find a header that nobody judged. */
static struct str split(struct intake *in, struct str piece)
{
	size_t before = in->head.n, end = (size_t)in->walk.bytes;
	struct str body = str_skip(piece, end > before ? end - before : 0);

	if (end >= before) {
		buf_addstr(&in->head, str_take(piece, end - before));
	} else {
		buf_addstr(&in->head, piece);
		body = str_skip(buf_str(&in->head), end);
	}
	in->blank = true;
	in->head.n = in->walk.malformed ? end : end - 2; /* no buf_trunc(): the body may begin right there */
	return body;
}

void intake_hold(struct intake *in, size_t beside)
{
	size_t all = beside + (in->head.n > INTAKE_HELD ? in->head.cap : 0);

	in->beside = beside;
	if (in->body == NULL || all == in->held)
		return;
	in->held = all;
	spool_body_hold(in->body, all);
}

bool intake_add(struct intake *in, struct str piece, uint64_t most, struct str *body)
{
	in->size += piece.n;
	*body = in->head_too_big ? str_of(NULL) : piece;
	if (in->walk.ended || in->head_too_big)
		return false;
	header_feed(&in->walk, piece.p, piece.n);
	*body = str_of(NULL);
	if (in->walk.bytes > most) {
		give_up_head(in);
		return false;
	}
	if (in->walk.ended)
		*body = split(in, piece);
	else
		buf_addstr(&in->head, piece);
	intake_hold(in, in->beside);
	return in->walk.ended;
}

bool intake_end(struct intake *in)
{
	return !in->walk.ended && !in->head_too_big;
}

int intake_settle(struct intake *in, int64_t deadline, struct err *e)
{
	if (in->head.n <= INTAKE_HELD || in->body == NULL)
		return 0;
	in->sent = true;
	if (intake_store(in, intake_fields(in), deadline, e) < 0)
		return -1;
	return in->blank ? intake_store(in, STR("\r\n"), deadline, e) : 0;
}

int intake_store(struct intake *in, struct str body, int64_t deadline, struct err *e)
{
	return in->body == NULL || body.n == 0 ? 0 : spool_body_add(in->body, body.p, body.n, deadline, e);
}

void intake_put_head(const struct intake *in, struct buf *out)
{
	if (in->sent)
		return;
	buf_addstr(out, intake_fields(in));
	if (in->blank)
		buf_adds(out, "\r\n");
}
