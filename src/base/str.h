/* base/str.h - a borrowed piece of bytes.
 *
 * A `struct str` points into memory that somebody else owns (a buf, an arena,
 * a literal) and is never NUL-terminated by promise.  It is passed by value.
 * An empty str has n == 0; p may then be NULL.  Nothing here allocates.
 * What every parser does for each byte or word is inline.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A str of a string literal, usable in static tables too. */
#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_INIT(lit) \
	{ \
		(lit), sizeof(lit) - 1 \
	}

/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).n > 0 ? (s).p : ""

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* NULL gives the empty str. */
static inline struct str str_of(const char *z)
{
	return (struct str){ z, z != NULL ? strlen(z) : 0 };
}

static inline struct str str_mem(const void *p, size_t n)
{
	return (struct str){ p, n };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

bool str_ieq(struct str a, struct str b); /* ASCII case folded */
int str_cmp(struct str a, struct str b);  /* as memcmp, then by length */
bool str_istarts(struct str s, struct str prefix);
bool str_iends(struct str s, struct str suffix);
bool str_ascii(struct str s); /* no byte of it is beyond ASCII */

/* Position of the first (last) occurrence, or -1. */
ptrdiff_t str_chr(struct str s, char c);
ptrdiff_t str_rchr(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);

/* Without its first n bytes (all of them at most). */
static inline struct str str_skip(struct str s, size_t n)
{
	if (n >= s.n)
		return (struct str){ s.n > 0 ? s.p + s.n : s.p, 0 };
	return (struct str){ s.p + n, s.n - n };
}

/* Its first n bytes (all of them at most). */
static inline struct str str_take(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_take(s, prefix.n), prefix);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix);
}

struct str str_trim(struct str s); /* without spaces, tabs, CR, LF at both ends */

/* Cut at the first sep: *head gets what stands before it, *tail what follows.
 * False (and *head = s, *tail empty) when sep does not occur. */
bool str_cut(struct str s, struct str sep, struct str *head, struct str *tail);

/* The next word of *rest (words are separated by spaces and tabs); empty at the end. */
struct str str_word(struct str *rest);

/* The whole of s as an unsigned decimal number without sign, space or leading
 * junk; false when it is empty, has another byte, or exceeds max. */
bool str_u64(struct str s, uint64_t max, uint64_t *out);

/* Glob match, ASCII case folded, only `*` is special (any run of bytes).  Linear in s times pattern. */
bool str_glob(struct str pattern, struct str s);

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_isdigit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_isalpha(char c)
{
	char l = ascii_lower(c);

	return l >= 'a' && l <= 'z';
}

static inline bool ascii_isalnum(char c)
{
	return ascii_isalpha(c) || ascii_isdigit(c);
}

static inline bool ascii_isprint(char c) /* 0x20..0x7e */
{
	return c >= 0x20 && c <= 0x7e;
}

#endif
