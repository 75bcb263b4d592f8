/* Header patterns, as file names are matched: `*` any run, `?` one byte, [abc], [a-z], [!abc] one of them (or none),
 * `\` takes the next byte as it is.
 *
 * A pattern is cut at its stars.  Its parts are searched one behind the other, the earliest place each, which never
 * has to be taken back; a part of plain bytes by memmem(), another by a bit for each of its places (shift-and).  So
 * no header makes matching slower than its length times the number of patterns. */
#include <string.h>
#include "base/err.h"
#include "gate/list_inside.h"

enum { PLACES_MAX = 64, MASKED_MAX = 1024 /* parts with masks, of a list: 2 KiB each */ };

struct part {
	struct str plain;      /* when masks is NULL */
	const uint64_t *masks; /* for each byte: the places that take it */
	size_t n;              /* bytes that it covers */
};

struct pattern {
	struct part *parts;
	size_t n;
	bool open_front, open_end; /* it begins, ends with a star */
};

/* ---- making ---- */

/* The set behind "[", up to its "]", into every byte's mask; false: it has no end. */
static bool take_set(struct str *rest, uint64_t place, uint64_t masks[256])
{
	bool in[256] = { false }, not = rest->n > 0 && (rest->p[0] == '!' || rest->p[0] == '^');
	size_t i = not ? 1 : 0, first = i;

	for (; i < rest->n && (rest->p[i] != ']' || i == first); i++) {
		unsigned char from = (unsigned char)rest->p[i], to = from;

		if (i + 2 < rest->n && rest->p[i + 1] == '-' && rest->p[i + 2] != ']') {
			to = (unsigned char)rest->p[i + 2];
			i += 2;
		}
		for (unsigned c = from; c <= to; c++)
			in[c] = true;
	}
	if (i >= rest->n)
		return false;
	*rest = str_skip(*rest, i + 1);
	for (unsigned c = 0; c < 256; c++)
		if (in[c] != not )
			masks[c] |= place;
	return true;
}

static const uint64_t *kept(struct list *l, const uint64_t masks[256])
{
	uint64_t *copy = arena_alloc(&l->mem, 256 * sizeof(*copy));

	memcpy(copy, masks, 256 * sizeof(*copy));
	l->nmasked++;
	return copy;
}

/* Up to a star or the end; bytes has room for all of *rest. */
static const char *take_part(struct list *l, struct str *rest, char *bytes, struct part *out)
{
	uint64_t masks[256] = { 0 };
	bool plain = true;
	size_t n = 0;

	for (; rest->n > 0 && rest->p[0] != '*'; n++) {
		char c = rest->p[0];
		uint64_t place = n < PLACES_MAX ? (uint64_t)1 << n : 0;

		*rest = str_skip(*rest, 1);
		if (c == '[') {
			if (!take_set(rest, place, masks))
				return "a [ without its ]";
			plain = false;
			continue;
		}
		if (c == '\\' && rest->n > 0) {
			c = rest->p[0];
			*rest = str_skip(*rest, 1);
		} else if (c == '?') {
			for (unsigned k = 0; k < 256; k++)
				masks[k] |= place;
			plain = false;
			continue;
		}
		masks[(unsigned char)c] |= place;
		bytes[n] = c;
	}
	if (!plain && n > PLACES_MAX)
		return "more than 64 bytes between two stars, with ? or [ among them";
	if (!plain && l->nmasked == MASKED_MAX)
		return "too many parts with ? or [ in the patterns of this list";
	*out = (struct part){ { bytes, plain ? n : 0 }, plain ? NULL : kept(l, masks), n };
	return NULL;
}

/* Lower case, runs of blanks as one space: as the header lines will be. */
static struct str folded(struct arena *a, struct str entry)
{
	char *to = arena_alloc(a, entry.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < entry.n; i++) {
		char c = entry.p[i] == '\t' ? ' ' : ascii_lower(entry.p[i]);

		if (c != ' ' || n == 0 || to[n - 1] != ' ')
			to[n++] = c;
	}
	return str_mem(to, n);
}

int list_take_header(struct list *l, struct str entry, const char **why)
{
	struct pattern *p = arena_alloc(&l->mem, sizeof(*p));
	struct str rest = folded(&l->mem, str_trim(entry));
	char *bytes = arena_alloc(&l->mem, rest.n + 1);

	if (str_chr(rest, ':') < 0)
		return list_wrong(why, "no colon: a header line is \"Name: value\"");
	p->open_front = rest.p[0] == '*';
	p->parts = arena_alloc(&l->mem, (rest.n + 1) * sizeof(*p->parts));
	while (rest.n > 0) {
		const char *wrong = NULL;

		p->open_end = rest.p[0] == '*';
		if (p->open_end) {
			rest = str_skip(rest, 1);
		} else {
			wrong = take_part(l, &rest, bytes, &p->parts[p->n]);
			bytes += wrong == NULL ? p->parts[p->n++].n : 0;
		}
		if (wrong != NULL)
			return list_wrong(why, wrong);
	}
	return list_keep_matched(l, p, LIST_HEADERS_MAX, why);
}

/* ---- matching ---- */

/* Where the part ends at its earliest place in s; SIZE_MAX: it is not there. */
static size_t find_part(const struct part *p, struct str s)
{
	uint64_t last, places = 0;

	if (p->masks == NULL) { /* of any length: only parts with masks have a bit for each place */
		ptrdiff_t at = str_find(s, p->plain);

		return at < 0 ? SIZE_MAX : (size_t)at + p->n;
	}
	last = p->n > 0 ? (uint64_t)1 << (p->n - 1) : 0;
	for (size_t i = 0; i < s.n; i++) {
		places = (places << 1 | 1) & p->masks[(unsigned char)s.p[i]];
		if (places & last)
			return i + 1;
	}
	return SIZE_MAX;
}

static bool part_is(const struct part *p, struct str s)
{
	if (p->masks == NULL)
		return str_eq(p->plain, s);
	for (size_t i = 0; i < s.n; i++)
		if (!(p->masks[(unsigned char)s.p[i]] & (uint64_t)1 << i))
			return false;
	return true;
}

static bool matches(const struct pattern *p, struct str s)
{
	size_t from = 0, to = p->n;

	if (!p->open_front) {
		const struct part *first = &p->parts[from++];

		if (first->n > s.n || !part_is(first, str_take(s, first->n)))
			return false;
		s = str_skip(s, first->n);
		if (to == 1)
			return p->open_end || s.n == 0;
	}
	if (!p->open_end) {
		const struct part *last = &p->parts[--to];

		if (last->n > s.n || !part_is(last, str_skip(s, s.n - last->n)))
			return false;
		s = str_take(s, s.n - last->n);
	}
	for (; from < to; from++) {
		size_t end = find_part(&p->parts[from], s);

		if (end == SIZE_MAX)
			return false;
		s = str_skip(s, end);
	}
	return true;
}

/* The value is one line: unfolded. */
size_t list_find_header(const struct list *l, struct str value)
{
	ARENA(a);
	struct str line = folded(&a, value);

	for (size_t i = 0; i < l->n; i++)
		if (matches(l->matched[i], line))
			return i;
	return SIZE_MAX;
}
