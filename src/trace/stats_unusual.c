/* "Who sent that burst last night?  Is an account hacked?": senders and logins per hour against their own usual hours.
 *
 * The rule stands in words in RULE.  Median and median deviation, so that the burst itself, or one like it last month,
 * does not raise what is usual.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/stats.h"

enum {
	LEAST = 20,         /* recipients in an hour: fewer are nobody's burst */
	FOLD = 3,           /* so many times the median */
	DEVIATIONS = 6,     /* so many median deviations above it */
	HISTORY = 3,        /* hours of his own, a day or more away, to know somebody by */
	AWAY = 24,          /* hours */
	HOURS_MOST = 10000, /* of one sender that are compared: the latest ones */
	KNOWN = 86400       /* a network is known when it was used that long before */
};
#define RULE \
	"An hour of a sender or login is unusual when more recipients were named in it than 20, than three times the " \
	"median of its other hours, and than that median plus six times their median deviation. Its other hours are " \
	"those " \
	"in which it sent, at least a day away; who has fewer than three is measured against the hours of all " \
	"others. " \
	"A network (/24, /48) is new when only others were used a day or more before the burst."

static const struct sheet_column columns[] = { { CELL_TEXT, "kind", "KIND", false },
					       { CELL_TEXT, "who", "WHO", false },
					       { CELL_TIME, "begin", "BEGIN", false },
					       { CELL_COUNT, "hours", "HOURS", true },
					       { CELL_COUNT, "recipients", "RCPTS", false },
					       { CELL_COUNT, "usual", "USUAL/H", false },
					       { CELL_COUNT, "limit", "LIMIT/H", true },
					       { CELL_COUNT, "refused", "REFUSED", true },
					       { CELL_COUNT, "networks", "NETS", true },
					       { CELL_COUNT, "new_networks", "NEW NETS", false },
					       { CELL_TIME, "first_odd", "FIRST ODD", true },
					       { CELL_TEXT, "first_odd_address", "FROM", true },
					       { CELL_TEXT, "id", "ID", true } };
#define FORM(none_) \
	{ \
		.name = "unusual", .title = "Bursts", .columns = columns, .ncolumns = COUNT(columns), .bar = 4, \
		.note = RULE, .none = none_ RULE \
	}
static const struct sheet_form form = FORM("Nobody sent unusually much. ");
static const struct sheet_form short_form = FORM("Nobody is named. ");

/* What a key sent within one hour. */
struct hour {
	uint32_t key, hour, n;
};

struct hours {
	struct hour *at;
	size_t n, cap;
};

struct burst {
	const uint32_t *column;
	bool login;
	uint32_t key, begin, end; /* hours, end included */
	uint64_t n;               /* recipients */
	uint32_t usual, limit, peak;
	bool known; /* by hours of its own */
};

struct bursts {
	struct burst *at;
	size_t n, cap;
	uint32_t first, last; /* hours of all that was looked at */
};

static void add_hour(struct hours *h, struct hour x)
{
	if (h->n == h->cap) {
		h->cap = h->cap > 0 ? 2 * h->cap : 1024;
		h->at = mem_grow(h->at, h->cap * sizeof(*h->at));
	}
	h->at[h->n++] = x;
}

static int by_key_and_hour(const void *a, const void *b)
{
	const struct hour *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->hour < y->hour ? -1 : x->hour > y->hour;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The rows stand by time, newest first, so an hour of a key is over when another one begins for it. */
static void gather(struct hours *out, const struct rows *r, const uint32_t *column, size_t keys)
{
	struct hour *open = mem_alloc((keys + 1) * sizeof(*open));

	for (size_t i = 0; i < r->n; i++) {
		uint32_t key = column[i], hour = r->time[i] / 3600;

		if (key >= keys || r->time[i] == UINT32_MAX || r->to[i] == UINT32_MAX)
			continue;
		if (open[key].n > 0 && open[key].hour != hour) {
			add_hour(out, open[key]);
			open[key].n = 0;
		}
		open[key] = (struct hour){ key, hour, open[key].n + r->times[i] };
	}
	for (size_t k = 0; k < keys; k++)
		if (open[k].n > 0)
			add_hour(out, open[k]);
	free(open);
	if (out->n > 0)
		qsort(out->at, out->n, sizeof(*out->at), by_key_and_hour);
}

/* Median and median deviation; the numbers are sorted and changed. */
static void middle(uint32_t *n, size_t count, uint32_t *median, uint32_t *deviation)
{
	qsort(n, count, sizeof(*n), by_number);
	*median = n[count / 2];
	for (size_t i = 0; i < count; i++)
		n[i] = n[i] > *median ? n[i] - *median : *median - n[i];
	qsort(n, count, sizeof(*n), by_number);
	*deviation = n[count / 2];
}

struct usual {
	uint32_t median, limit;
	bool known;
};

static struct usual usual_of(uint32_t *n, size_t count)
{
	uint32_t median, deviation;
	uint64_t limit;

	if (count == 0)
		return (struct usual){ 0, LEAST, false };
	middle(n, count, &median, &deviation);
	limit = (uint64_t)median + (uint64_t)DEVIATIONS * deviation;
	limit = limit > (uint64_t)FOLD * median ? limit : (uint64_t)FOLD * median;
	limit = limit > LEAST ? limit : LEAST;
	return (struct usual){ median, limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX, true };
}

static struct usual usual_of_all(const struct hours *h, uint32_t *scratch)
{
	for (size_t i = 0; i < h->n; i++)
		scratch[i] = h->at[i].n;
	return usual_of(scratch, h->n);
}

/* By the key's hours that are a day or more away from the hour. */
static struct usual usual_of_key(const struct hour *own, size_t n, uint32_t hour, uint32_t *scratch,
				 const struct usual *all)
{
	size_t count = 0;
	struct usual x = *all;

	for (size_t i = 0; i < n; i++)
		if (own[i].hour + AWAY <= hour || own[i].hour >= hour + AWAY)
			scratch[count++] = own[i].n;
	x.known = false;
	return count < HISTORY ? x : usual_of(scratch, count);
}

static void add_burst(struct bursts *b, const struct burst *like, const struct hour *x, const struct usual *u)
{
	struct burst *last = b->n > 0 ? &b->at[b->n - 1] : NULL;

	if (last != NULL && last->column == like->column && last->key == x->key && last->end + 1 >= x->hour) {
		last->end = x->hour;
		last->n += x->n;
		last->peak = x->n > last->peak ? x->n : last->peak;
		return;
	}
	if (b->n == b->cap) {
		b->cap = b->cap > 0 ? 2 * b->cap : 16;
		b->at = mem_grow(b->at, b->cap * sizeof(*b->at));
	}
	b->at[b->n] = *like;
	b->at[b->n].key = x->key;
	b->at[b->n].begin = b->at[b->n].end = x->hour;
	b->at[b->n].n = b->at[b->n].peak = x->n;
	b->at[b->n].usual = u->median;
	b->at[b->n].limit = u->limit;
	b->at[b->n++].known = u->known;
}

/* One key's hours.  What is usual is asked once a day: it is that of the day's first busy hour. */
static void look_at_key(struct bursts *out, const struct burst *like, const struct hour *own, size_t n,
			uint32_t *scratch, const struct usual *all)
{
	struct usual u = { 0 };
	uint32_t asked = 0;
	bool any = false;

	if (n > HOURS_MOST) {
		own += n - HOURS_MOST;
		n = HOURS_MOST;
	}
	for (size_t i = 0; i < n; i++) {
		if (own[i].n <= LEAST)
			continue;
		if (!any || own[i].hour >= asked + AWAY) {
			u = usual_of_key(own, n, own[i].hour, scratch, all);
			asked = own[i].hour;
			any = true;
		}
		if (own[i].n > u.limit)
			add_burst(out, like, &own[i], &u);
	}
}

static void look(struct bursts *out, const struct rows *r, const struct burst *like, size_t keys)
{
	struct hours h = { 0 };
	struct usual all;
	uint32_t *scratch;

	gather(&h, r, like->column, keys);
	scratch = mem_alloc((h.n + 1) * sizeof(*scratch));
	all = usual_of_all(&h, scratch);
	for (size_t i = 0, end; i < h.n; i = end) {
		for (end = i; end < h.n && h.at[end].key == h.at[i].key;)
			end++;
		out->first = h.at[i].hour < out->first ? h.at[i].hour : out->first;
		out->last = h.at[end - 1].hour > out->last ? h.at[end - 1].hour : out->last;
		look_at_key(out, like, h.at + i, end - i, scratch, &all);
	}
	free(scratch);
	free(h.at);
}

/* The farthest above what is usual first. */
static int by_excess(const void *a, const void *b)
{
	const struct burst *x = a, *y = b;
	uint64_t left = (uint64_t)x->peak * y->limit, right = (uint64_t)y->peak * x->limit;

	if (left != right)
		return left > right ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1) : x->login - y->login;
}

enum { NET_KNOWN = 1, NET_USED = 2 };

static uint32_t net_of(const struct rows *r, size_t i)
{
	return r->ip[i] < r->ips.n ? r->ips.of[r->ip[i]] : UINT32_MAX;
}

struct around_burst {
	uint64_t refused;
	size_t networks, new_networks;
	bool known; /* by a network that was used a day or more before; else none can be called new */
	size_t odd; /* the first row from a new network; rows.n: none */
};

static bool within(const struct burst *b, uint32_t time)
{
	return time / 3600 >= b->begin && time / 3600 <= b->end;
}

static void look_at_burst(struct around_burst *out, const struct rows *r, const struct burst *b, uint8_t *nets)
{
	*out = (struct around_burst){ .odd = r->n };
	memset(nets, 0, r->nets.n);
	for (size_t i = 0; i < r->n; i++) {
		uint32_t net = net_of(r, i);

		if (b->column[i] != b->key || r->time[i] == UINT32_MAX)
			continue;
		if (net != UINT32_MAX && (int64_t)r->time[i] < (int64_t)b->begin * 3600 - KNOWN)
			nets[net] |= NET_KNOWN;
		if (!within(b, r->time[i]))
			continue;
		if (net != UINT32_MAX)
			nets[net] |= NET_USED;
		if (r->verdict[i] == VERDICT_REFUSED || r->verdict[i] == VERDICT_REFUSED_TEMPORARILY ||
		    r->verdict[i] == VERDICT_RETURNED)
			out->refused += r->times[i];
	}
	for (size_t k = 0; k < r->nets.n; k++) {
		out->networks += (nets[k] & NET_USED) != 0;
		out->new_networks += nets[k] == NET_USED;
		out->known = out->known || (nets[k] & NET_KNOWN) != 0;
	}
	/* Newest first: the last one that fits is the first in time. */
	for (size_t i = 0; i < r->n && out->known; i++)
		if (b->column[i] == b->key && net_of(r, i) != UINT32_MAX && nets[net_of(r, i)] == NET_USED)
			out->odd = i;
}

enum { SAID = 3 };

/* The first ones in words, with the question that shows where they began. */
static void say_burst(struct stats *s, const struct cell *c, const struct burst *b)
{
	BUF(text);

	buf_fmt(&text, "The %.*s %.*s reached ", STR_ARG(c[0].text), STR_ARG(c[1].text));
	put_count(&text, c[4].n);
	buf_fmt(&text, " recipients in %lld hour%s from ", (long long)c[3].n, c[3].n == 1 ? "" : "s");
	sheet_put(&text, s->report, CELL_TIME, &c[2]);
	if (b->known)
		buf_fmt(&text, " on; usually it is %u an hour", b->usual);
	else
		buf_adds(&text, " on; how much is usual there these logs do not show");
	if (c[10].n != CELL_UNKNOWN) {
		buf_fmt(&text, ". First seen from a new network at ");
		sheet_put(&text, s->report, CELL_TIME, &c[10]);
		buf_fmt(&text, " (%.*s)", STR_ARG(c[11].text));
		if (c[12].text.n > 0)
			buf_fmt(&text, ": telltale trace %.*s", STR_ARG(c[12].text));
	} else {
		buf_addc(&text, '.');
	}
	report_say(s->report, "%.*s", STR_ARG(buf_str(&text)));
}

static void put_burst(struct stats *s, struct sheet *sheet, const struct burst *b, uint8_t *nets)
{
	const struct rows *r = &s->rows;
	struct cell *c = sheet_row(s->report, sheet);
	struct around_burst x;

	look_at_burst(&x, r, b, nets);
	c[0].text = b->login ? STR("login") : STR("sender");
	c[1].text = b->login ? stats_login(s, b->key) : stats_name(s, b->key);
	c[2].n = (int64_t)b->begin * 3600;
	c[3].n = b->end - b->begin + 1;
	c[4].n = (int64_t)b->n;
	c[5].n = b->known ? (int64_t)b->usual : CELL_UNKNOWN;
	c[6].n = b->limit;
	c[7].n = (int64_t)x.refused;
	c[8].n = (int64_t)x.networks;
	c[9].n = x.known ? (int64_t)x.new_networks : CELL_UNKNOWN;
	c[10].n = x.odd < r->n ? (int64_t)r->time[x.odd] : CELL_UNKNOWN;
	if (x.odd < r->n) {
		c[11].text = stats_text(s, &r->ips, r->ip[x.odd], "-");
		c[12].text = stats_id(s, r->story[x.odd]);
	}
	if (sheet->nrows <= SAID)
		say_burst(s, c, b);
}

static void put_bursts(struct stats *s, const struct bursts *found)
{
	struct sheet *sheet = report_sheet(s->report, &form);
	uint8_t *nets = mem_alloc(s->rows.nets.n + 1);

	for (size_t i = 0; i < found->n && i < s->top; i++)
		put_burst(s, sheet, &found->at[i], nets);
	sheet->more = found->n > s->top ? found->n - s->top : 0;
	free(nets);
}

/* Nobody has an hour that is a day away from another one, so nobody is accused. */
static void say_short(struct stats *s, uint32_t hours)
{
	report_say(s->report,
		   "All of this mail came within %u hour%s: too little to tell what is usual. Ask about several days; "
		   "who sent most says `telltale stats --csv senders`.",
		   hours, hours == 1 ? "" : "s");
	report_sheet(s->report, &short_form);
}

void stats_unusual(struct report *r, const struct stats_ask *ask)
{
	struct bursts found = { .first = UINT32_MAX };
	struct stats s;

	r->title = "Unusual senders and logins";
	stats_begin(&s, r, ask);
	look(&found, &s.rows, &(struct burst){ .column = s.rows.from }, s.rows.names.n);
	look(&found, &s.rows, &(struct burst){ .column = s.rows.login, .login = true }, s.rows.logins.n);
	if (found.n > 0)
		qsort(found.at, found.n, sizeof(*found.at), by_excess);
	if (found.n > 0 && found.last < found.first + AWAY)
		say_short(&s, found.last - found.first + 1);
	else
		put_bursts(&s, &found);
	free(found.at);
	stats_end(&s);
}
