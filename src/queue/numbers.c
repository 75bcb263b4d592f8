#include "queue/numbers.h"

#include <errno.h>
#include <inttypes.h>

#include "base/io.h"
#include "queue/sum.h"

enum { BLOCK = 16384, FILE_LIMIT = 4096 };
static const char file_name[] = "numbers";
static const char *const names[COUNTERS] = { "logged", "file" };

static unsigned counter_of(unsigned kind)
{
	MUST(kind < NUMBER_KINDS);
	return kind == NUMBER_FILE ? COUNTER_FILE : COUNTER_LOGGED;
}

static int save(struct numbers *n, struct err *e)
{
	BUF(text);

	for (unsigned k = 0; k < COUNTERS; k++)
		buf_fmt(&text, "%s %" PRIu64 "\n", names[k], n->end[k]);
	buf_fmt(&text, "check %" PRIu64 "\n", sum_bytes(0, buf_str(&text)));
	return io_replace(n->dir, file_name, buf_str(&text), 0600, e);
}

/* One line "NAME NUMBER\n" of *rest. */
static bool line(struct str *rest, const char *name, uint64_t max, uint64_t *out)
{
	struct str head, word, number;

	if (!str_cut(*rest, STR("\n"), &head, rest) || !str_cut(head, STR(" "), &word, &number))
		return false;
	return str_eqz(word, name) && str_u64(number, max, out);
}

static bool parse(struct numbers *n, struct str text)
{
	struct str rest = text, counted;
	uint64_t check;

	for (unsigned k = 0; k < COUNTERS; k++)
		if (!line(&rest, names[k], NUMBERS_LIMIT, &n->end[k]) || n->end[k] == 0)
			return false;
	if (str_eqz(rest, "check by-hand\n"))
		return true;
	counted = str_take(text, text.n - rest.n);
	return line(&rest, "check", UINT64_MAX, &check) && rest.n == 0 && check == sum_bytes(0, counted);
}

static int advise(struct err *e, const char *what)
{
	return err_set(e,
		       "spool/numbers is %s, and numbers must never repeat: write there the three lines `logged N`, "
		       "`file N` and `check by-hand`, the first N larger than any in the logs (spamdyke[N], qp N, "
		       "try, N), the second larger than any name in spool/segments and spool/big",
		       what);
}

int numbers_open(struct numbers *n, int dir, bool fresh, struct err *e)
{
	BUF(text);
	struct err why = { 0 };

	*n = (struct numbers){ .dir = dir };
	if (io_slurp(dir, file_name, FILE_LIMIT, &text, &why) < 0) {
		if (why.code != ENOENT)
			return err_set(e, "spool/%s", why.text);
		if (!fresh)
			return advise(e, "missing");
		for (unsigned k = 0; k < COUNTERS; k++)
			n->end[k] = 1;
		if (save(n, e) < 0)
			return -1;
	} else if (!parse(n, buf_str(&text))) {
		return advise(e, "damaged");
	}
	for (unsigned k = 0; k < COUNTERS; k++)
		n->next[k] = n->end[k];
	return 0;
}

static int extend(struct numbers *n, unsigned counter, uint64_t want, struct err *e)
{
	struct numbers former = *n;

	n->end[counter] += want > BLOCK ? want : BLOCK;
	if (n->end[counter] >= NUMBERS_LIMIT) {
		*n = former;
		return err_set(e, "all %s numbers are used up", names[counter]);
	}
	if (save(n, e) == 0)
		return 0;
	*n = former;
	return -1;
}

int numbers_take(struct numbers *n, unsigned kind, struct number_block *b, struct err *e)
{
	unsigned c = counter_of(kind);

	MUST(b->count > 0);
	if (b->count > BLOCK)
		b->count = BLOCK;
	if (n->next[c] == n->end[c] && extend(n, c, b->count, e) < 0)
		return -1;
	if (b->count > n->end[c] - n->next[c])
		b->count = n->end[c] - n->next[c];
	b->first = n->next[c];
	n->next[c] += b->count;
	return 0;
}

bool numbers_given(const struct numbers *n, unsigned kind, uint64_t number)
{
	return number < n->next[counter_of(kind)];
}

void numbers_raise(struct numbers *n, unsigned kind, uint64_t seen)
{
	unsigned c = counter_of(kind);

	if (seen < n->next[c] || seen >= NUMBERS_LIMIT - 1)
		return;
	n->next[c] = seen + 1;
	if (n->end[c] < n->next[c])
		n->end[c] = n->next[c]; /* the next block is saved from here on */
}

int numbers_close(struct numbers *n, struct err *e)
{
	for (unsigned k = 0; k < COUNTERS; k++)
		n->end[k] = n->next[k];
	return save(n, e);
}
