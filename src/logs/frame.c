#include "logs/frame_stamp.h"

static bool is_digit(char c)
{
	return ascii_isdigit(c);
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c > ' ' && c < 0x7f && c != '[' && c != ']' && c != ':');
}

static bool is_host(char c)
{
	return c > ' ' && c < 0x7f;
}

/* "postfix/smtpd[123]: " or "qmail: " */
static bool read_tag(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct str pid = STR(""), program = cur_span(&c, is_name, "program");

	if (cur_try(&c, '[')) {
		pid = cur_span(&c, is_digit, "number");
		cur_want(&c, ']', "number");
	}
	cur_want(&c, ':', "colon");
	if (!cur_end(&c))
		cur_want(&c, ' ', "space");
	if (!cur_ok(&c))
		return false;
	out->program = program;
	out->pid = pid;
	*at = c;
	return true;
}

/* Without a host a word and a colon may be text ("status: local 0/10"): only a number makes it a program. */
static void read_numbered_tag(struct cur *at, struct frame *out)
{
	struct cur c = *at;
	struct frame f = *out;

	if (read_tag(&c, &f) && f.pid.n > 0) {
		*out = f;
		*at = c;
	}
}

/* Does it begin with a year, or with seconds? */
static bool four_digits(struct str s)
{
	return s.n >= 4 && ascii_isdigit(s.p[0]) && ascii_isdigit(s.p[1]) && ascii_isdigit(s.p[2]) &&
	       ascii_isdigit(s.p[3]);
}

/* host tag, and behind it perhaps the stamp of the program itself */
static void read_syslog(struct cur *c, struct frame *out)
{
	out->host = cur_span(c, is_host, "host");
	cur_want(c, ' ', "space");
	if (read_tag(c, out) && four_digits(cur_rest(c)) && !frame_exim(c, out))
		frame_epoch(c, out);
}

/* "message repeated 2 times: [ text]": it is the text that was written. */
static void unwrap_repeated(struct frame *out)
{
	struct cur c = cur_of(out->rest);
	struct str inner, times;

	if (!cur_tryz(&c, "message repeated "))
		return;
	times = cur_span(&c, is_digit, "number");
	cur_wantz(&c, " times: [ ", "times");
	inner = cur_rest(&c);
	if (!cur_ok(&c) || times.n > 9 || !str_ends(inner, STR("]")))
		return;
	out->again = times;
	out->rest = str_take(inner, inner.n - 1);
}

/* The stamp of the line before, up to its second, any fraction, and the same zone. */
static bool same_stamp(struct cur *c, const struct frame *f)
{
	struct cur at = *c;

	if (f->front.n == 0 || !str_starts(cur_rest(&at), f->front))
		return false;
	at.p += f->front.n;
	frame_fraction(&at);
	if (!cur_ok(&at) || !str_starts(cur_rest(&at), f->behind))
		return false;
	at.p += f->behind.n;
	*c = at;
	return true;
}

/* A month, a year or seconds, or TAI64N's @. */
static bool read_front(struct cur *c, struct frame *out)
{
	bool number = ascii_isdigit((char)cur_peek(c));

	if (number ? frame_3339(c, out) : frame_3164(c, out))
		read_syslog(c, out);
	else if (number ? frame_epoch(c, out) : frame_tai(c, out))
		read_numbered_tag(c, out);
	else
		return number && frame_exim(c, out);
	return true;
}

static void forget_words(struct frame *f)
{
	f->host = f->program = f->pid = f->again = f->rest = (struct str){ NULL, 0 };
}

bool frame_next(struct str line, struct frame *f)
{
	struct cur c = cur_of(line);
	bool found = true;

	if (same_stamp(&c, f)) {
		forget_words(f);
		read_syslog(&c, f);
	} else {
		*f = (struct frame){ 0 };
		found = read_front(&c, f);
	}
	if (!found || !cur_ok(&c)) {
		*f = (struct frame){ 0 };
		return false;
	}
	f->rest = cur_rest(&c);
	unwrap_repeated(f);
	return true;
}

/* Is it surely no stamp of the program itself?  Those begin with four digits, behind the first colon of the tag. */
static bool no_inner_stamp(struct str tagged)
{
	ptrdiff_t colon = str_chr(tagged, ':');

	tagged = str_skip(tagged, (size_t)(colon + 1));
	return colon > 0 && tagged.n > 0 && tagged.p[0] == ' ' && !four_digits(str_skip(tagged, 1));
}

bool frame_glance(struct str line, struct frame *f)
{
	struct cur c = cur_of(line);
	struct str host;

	if (!same_stamp(&c, f))
		return frame_next(line, f);
	host = cur_span(&c, is_host, "host");
	cur_want(&c, ' ', "space");
	if (!cur_ok(&c) || !no_inner_stamp(cur_rest(&c)))
		return frame_next(line, f);
	forget_words(f);
	f->host = host;
	f->rest = cur_rest(&c);
	return true;
}

bool frame_read(struct str line, struct frame *out)
{
	struct frame f = { 0 };

	if (!frame_next(line, &f))
		return false;
	*out = f;
	return true;
}
