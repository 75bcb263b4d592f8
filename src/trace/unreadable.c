#include "trace/unreadable.h"

enum { MASKED = 4096 }; /* bytes that are looked at for addresses */

static const char *why_of(const struct source_file *f, struct str raw, enum source_fault fault)
{
	static const char *const why[] = {
		[SOURCE_NUL] = "a NUL byte", [SOURCE_LONG] = "longer than 64 KiB", [SOURCE_TORN] = "torn: it has no end"
	};
	struct log_line l;

	if (fault != SOURCE_GOOD)
		return why[fault];
	log_parse(f->family, raw, &l);
	return l.kind == LOG_UNKNOWN ? "no known form" : NULL;
}

uint64_t unreadable_count(const struct source *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->files[i].unreadable;
	return n;
}

static size_t each_of(const struct source_file *f, size_t most, void (*see)(void *, const struct unreadable *),
		      void *with)
{
	struct source_walk w = { .file = f };
	enum source_fault fault;
	size_t n = 0;
	struct str raw;

	while (n < most && n < f->unreadable && source_next(&w, &raw, &fault)) {
		struct unreadable u = { .file = f, .number = w.number, .raw = raw, .torn = fault == SOURCE_TORN };

		u.why = why_of(f, raw, fault);
		if (u.why == NULL)
			continue;
		u.offset = (uint64_t)(raw.p - f->text.p);
		see(with, &u);
		n++;
	}
	return n;
}

void unreadable_each(const struct source *s, size_t most, void (*see)(void *, const struct unreadable *), void *with)
{
	for (size_t i = 0; i < s->n && most > 0; i++)
		most -= each_of(&s->files[i], most, see, with);
}

/* A NUL within an address must not keep half of it from being masked. */
static void put_masked(struct buf *out, struct scope *sc, struct str text, bool torn)
{
	BUF(copy);

	buf_addstr(&copy, text);
	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] == '\0')
			copy.p[i] = '_';
	if (torn) {
		ptrdiff_t space = str_rchr(buf_str(&copy), ' ');

		buf_trunc(&copy, space < 0 ? 0 : (size_t)space + 1);
		sc->masked = true;
	}
	scope_mask(sc, out, buf_str(&copy));
	buf_adds(out, torn ? "***" : "");
}

static bool names(struct str text, const char *before, struct str what)
{
	BUF(pattern);

	buf_fmt(&pattern, "*%s%.*s*", before, STR_ARG(what));
	return str_glob(buf_str(&pattern), text);
}

static bool concerns(const struct scope *sc, struct str head)
{
	return (sc->domain.n == 0 || names(head, "@", sc->domain)) &&
	       (sc->mailbox.n == 0 || names(head, "", sc->mailbox));
}

bool unreadable_beginning(struct buf *out, struct scope *sc, const struct unreadable *u)
{
	struct str head = str_take(u->raw, MASKED);
	size_t from = out->n;

	if (!concerns(sc, head)) {
		sc->masked = true;
		return false;
	}
	if (scope_all(sc))
		buf_addstr(out, head);
	else
		put_masked(out, sc, head, u->torn || head.n < u->raw.n);
	if (out->n - from > UNREADABLE_SHOWN) {
		buf_trunc(out, from + UNREADABLE_SHOWN);
		buf_adds(out, "...");
	}
	return true;
}
