#include "vouch/body.h"

#include "base/err.h"

void body_init(struct body *b)
{
	*b = (struct body){ .n = 0 };
}

void body_clear(struct body *b)
{
	for (size_t i = 0; i < COUNT(b->form); i++)
		sha256_free(b->form[i].sum);
	body_init(b);
}

int body_want(struct body *b, enum canon canon, uint64_t length)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->wants[i].canon == canon && b->wants[i].length == length)
			return (int)i;
	if (b->n == BODY_WANTS_MAX)
		return -1;
	if (b->form[canon].sum == NULL)
		b->form[canon].sum = sha256_new();
	b->wants[b->n] = (struct body_want){ .canon = canon, .length = length };
	return (int)b->n++;
}

/* Take the digests that are wanted here, and find out where the next one is. */
static void look(struct body *b, enum canon canon)
{
	struct body_form *f = &b->form[canon];

	f->next = BODY_ALL;
	for (size_t i = 0; i < b->n; i++) {
		struct body_want *w = &b->wants[i];

		if (w->canon != canon || w->there)
			continue;
		if (w->length == f->bytes) {
			sha256_get(f->sum, w->digest);
			w->there = true;
		} else if (w->length < f->next) {
			f->next = w->length;
		}
	}
}

static void hash(struct body *b, enum canon canon, struct str s)
{
	struct body_form *f = &b->form[canon];

	if (f->bytes == 0)
		look(b, canon);
	while (s.n > 0) {
		struct str now = s.n < f->next - f->bytes ? s : str_take(s, (size_t)(f->next - f->bytes));

		sha256_add(f->sum, now);
		f->bytes += now.n;
		s = str_skip(s, now.n);
		if (f->bytes == f->next)
			look(b, canon);
	}
}

/* What was held back was not the end. */
static void release(struct body *b, enum canon canon)
{
	static const char lines[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
	struct body_form *f = &b->form[canon];

	while (f->crlfs > 0) {
		struct str s = str_take(STR(lines), f->crlfs < sizeof(lines) / 2 ? (size_t)f->crlfs * 2 : SIZE_MAX);

		hash(b, canon, s);
		f->crlfs -= s.n / 2;
	}
	if (f->blank)
		hash(b, canon, STR(" "));
	if (f->cr)
		hash(b, canon, STR("\r"));
	f->blank = f->cr = false;
}

/* Simple: all as it is, but the line ends at the end.  Is the next byte still among those? */
static bool holds(struct body_form *f, char c)
{
	if (f->cr && c == '\n') {
		f->cr = false;
		f->crlfs++;
		return true;
	}
	if (f->cr || c != '\r')
		return false;
	f->cr = true;
	return true;
}

static void add_simple(struct body *b, struct str s)
{
	struct body_form *f = &b->form[CANON_SIMPLE];

	while (s.n > 0 && holds(f, s.p[0]))
		s = str_skip(s, 1);
	if (s.n == 0)
		return;
	release(b, CANON_SIMPLE);
	if (s.p[s.n - 1] == '\r') {
		f->cr = true;
		s.n--;
	}
	while (str_ends(s, STR("\r\n"))) {
		f->crlfs++;
		s.n -= 2;
	}
	hash(b, CANON_SIMPLE, s);
}

/* What relaxed does not change, on its way to the hash: one call for many bytes. */
struct run {
	struct body *body;
	size_t n;
	char bytes[1024];
};

static void flush(struct run *r)
{
	if (r->n > 0)
		hash(r->body, CANON_RELAXED, str_mem(r->bytes, r->n));
	r->n = 0;
}

static void put(struct run *r, char c)
{
	if (r->n == sizeof(r->bytes))
		flush(r);
	r->bytes[r->n++] = c;
}

/* The bytes in front that are neither white space nor line ends; how many were taken. */
static size_t put_word(struct run *r, struct str s)
{
	struct str most = str_take(s, sizeof(r->bytes) - r->n);
	char *to = r->bytes + r->n;
	size_t n = 0;

	for (; n < most.n && (unsigned char)most.p[n] > ' '; n++)
		to[n] = most.p[n];
	r->n += n;
	return n;
}

static void release_relaxed(struct run *r)
{
	struct body_form *f = &r->body->form[CANON_RELAXED];

	if (f->crlfs > 1) {
		bool blank = f->blank, cr = f->cr;

		flush(r);
		f->blank = f->cr = false;
		release(r->body, CANON_RELAXED);
		f->blank = blank;
		f->cr = cr;
	} else if (f->crlfs == 1) {
		put(r, '\r');
		put(r, '\n');
	}
	if (f->blank)
		put(r, ' ');
	if (f->cr)
		put(r, '\r');
	f->crlfs = 0;
	f->blank = f->cr = false;
}

/* White space and line ends are held until it is clear that something follows on the line, or below. */
static void add_relaxed(struct body *b, struct str s)
{
	struct body_form *f = &b->form[CANON_RELAXED];
	struct run r = { .body = b, .n = 0 };

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (f->cr && c == '\n') {
			f->cr = f->blank = false;
			f->crlfs++;
			continue;
		}
		if (f->cr)
			release_relaxed(&r);
		if (c == '\r') {
			f->cr = true;
		} else if (c == ' ' || c == '\t') {
			f->blank = true;
		} else {
			if (f->crlfs > 0 || f->blank)
				release_relaxed(&r);
			put(&r, c);
			i += put_word(&r, str_skip(s, i + 1));
		}
	}
	flush(&r);
}

void body_add(struct body *b, struct str piece)
{
	if (b->form[CANON_SIMPLE].sum != NULL)
		add_simple(b, piece);
	if (b->form[CANON_RELAXED].sum != NULL)
		add_relaxed(b, piece);
}

/* Simple ends with exactly one CRLF, whatever was there; relaxed with one, or is empty. */
static void end_form(struct body *b, enum canon canon)
{
	struct body_form *f = &b->form[canon];

	if (f->sum == NULL)
		return;
	if (f->cr)
		release(b, canon);
	if (canon == CANON_SIMPLE || f->bytes > 0)
		hash(b, canon, STR("\r\n"));
	look(b, canon);
	for (size_t i = 0; i < b->n; i++) {
		if (b->wants[i].canon != canon || b->wants[i].length != BODY_ALL)
			continue;
		sha256_get(f->sum, b->wants[i].digest);
		b->wants[i].there = true;
	}
}

void body_end(struct body *b)
{
	end_form(b, CANON_SIMPLE);
	end_form(b, CANON_RELAXED);
}

const unsigned char *body_digest(const struct body *b, int want)
{
	MUST(want >= 0 && (size_t)want < b->n);
	return b->wants[want].there ? b->wants[want].digest : NULL;
}

uint64_t body_length(const struct body *b, enum canon canon)
{
	return b->form[canon].bytes;
}
