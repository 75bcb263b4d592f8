#include "base/quick.h"
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
	const char *p = at->p, *end = at->why == NULL ? at->end : at->p, *name = p, *number;
	struct str program, pid = STR("");

	while (p < end && is_name(*p))
		p++;
	program = str_mem(name, (size_t)(p - name));
	if (p < end && *p == '[') {
		for (number = ++p; p < end && is_digit(*p);)
			p++;
		pid = str_mem(number, (size_t)(p - number));
		if (pid.n == 0 || p == end || *p++ != ']')
			return false;
	}
	if (program.n == 0 || p == end || *p++ != ':' || (p < end && *p++ != ' '))
		return false;
	out->program = program;
	out->pid = pid;
	at->p = p;
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

/* The host and the space behind it; most lines have that of the line before. */
static struct str take_host(struct cur *c, struct str before)
{
	struct str rest = cur_rest(c), host;

	if (before.n > 0 && rest.n > before.n && rest.p[before.n] == ' ' && str_same(rest.p, before.p, before.n)) {
		c->p += before.n + 1;
		return str_take(rest, before.n);
	}
	host = cur_span(c, is_host, "host");
	cur_want(c, ' ', "space");
	return host;
}

/* host tag, and behind it perhaps the stamp of the program itself */
static void read_syslog(struct cur *c, struct frame *out, struct str host_before)
{
	out->host = take_host(c, host_before);
	if (read_tag(c, out) && four_digits(cur_rest(c)) && !frame_exim(c, out))
		frame_epoch(c, out);
}

/* "message repeated 2 times: [ text]": it is the text that was written. */
static void unwrap_repeated(struct frame *out)
{
	struct cur c = cur_of(out->rest);
	struct str inner, times;

	if (cur_peek(&c) != 'm' || !cur_tryz(&c, "message repeated "))
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
static inline bool same_stamp(struct cur *c, const struct frame *f)
{
	const char *p = c->p;
	size_t left = (size_t)(c->end - p);

	if (f->front.n == 0 || left < f->front.n || !str_same(p, f->front.p, f->front.n))
		return false;
	p += f->front.n;
	if (p < c->end && *p == '.') {
		if (++p == c->end || !is_digit(*p))
			return false;
		while (p < c->end && is_digit(*p))
			p++;
	}
	left = (size_t)(c->end - p);
	if (left < f->behind.n || !str_same(p, f->behind.p, f->behind.n))
		return false;
	c->p = p + f->behind.n;
	return true;
}

/* A month, a year or seconds, or TAI64N's @. */
static bool read_front(struct cur *c, struct frame *out)
{
	bool number = ascii_isdigit((char)cur_peek(c));

	if (number ? frame_3339(c, out) : frame_3164(c, out))
		read_syslog(c, out, STR(""));
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
	struct str host = f->host;
	bool found = true;

	if (same_stamp(&c, f)) {
		forget_words(f);
		read_syslog(&c, f, host);
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
	host = take_host(&c, f->host);
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
