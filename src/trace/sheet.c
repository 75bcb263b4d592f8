#include "trace/sheet.h"

#include <stdarg.h>

#include "trace/writer.h"

struct sheet *report_sheet(struct report *r, const struct sheet_form *form)
{
	struct sheet *s = arena_alloc(r->mem, sizeof(*s));

	MUST(form->ncolumns <= SHEET_COLUMNS);
	s->form = form;
	if (r->last != NULL)
		r->last->next = s;
	else
		r->sheets = s;
	return r->last = s;
}

struct cell *sheet_row(struct report *r, struct sheet *s)
{
	size_t n = s->form->ncolumns;

	if (s->nrows == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 16;
		s->cells = arena_grow(r->mem, s->cells, s->nrows * n, s->cap * n, sizeof(*s->cells));
	}
	return s->cells + n * s->nrows++;
}

const struct sheet *report_find(const struct report *r, struct str name)
{
	const struct sheet *s = r->sheets;

	while (s != NULL && !str_eqz(name, s->form->name))
		s = s->next;
	return s;
}

void report_say(struct report *r, const char *fmt, ...)
{
	struct note *x = arena_alloc(r->mem, sizeof(*x));
	va_list ap;
	BUF(b);

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	x->text = arena_str(r->mem, buf_str(&b));
	if (r->last_said != NULL)
		r->last_said->next = x;
	else
		r->said = x;
	r->last_said = x;
}

bool sheet_shown(const struct sheet *s)
{
	return !s->spare && (s->nrows > 0 || s->form->none != NULL);
}

bool sheet_says_nothing(const struct sheet *s, size_t k)
{
	size_t n = s->form->ncolumns;

	if (!s->form->columns[k].minor)
		return false;
	for (size_t i = 0; i < s->nrows; i++)
		if (s->cells[i * n + k].n != 0 || s->cells[i * n + k].text.n > 0)
			return false;
	return true;
}

int64_t sheet_most(const struct sheet *s, size_t column)
{
	int64_t most = 0;

	for (size_t i = 0; i < s->nrows; i++)
		if (s->cells[i * s->form->ncolumns + column].n > most)
			most = s->cells[i * s->form->ncolumns + column].n;
	return most;
}

void put_count(struct buf *out, int64_t n)
{
	size_t at = out->n, digits;
	BUF(plain);

	buf_fmt(&plain, "%lld", (long long)n);
	digits = plain.n;
	for (size_t i = 0; i < digits; i++) {
		if (i > 0 && (digits - i) % 3 == 0 && out->n > at && plain.p[i - 1] != '-')
			buf_addc(out, ',');
		buf_addc(out, plain.p[i]);
	}
}

void put_bytes(struct buf *out, int64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double x = (double)n;
	size_t u = 0;

	while (x >= 999.5 && u + 1 < COUNT(units))
		x /= 1000, u++;
	buf_fmt(out, u > 0 && x < 99.95 ? "%.1f %s" : "%.0f %s", x, units[u]);
}

/* The two greatest units; below a minute and a second what the number gives. */
void put_length(struct buf *out, int64_t ms)
{
	int64_t s = (ms + 500) / 1000;

	if (ms <= 0)
		buf_adds(out, "<1 s");
	else if (ms < 1000)
		buf_fmt(out, "%lld ms", (long long)ms);
	else if (ms < 59950)
		buf_fmt(out, ms % 1000 == 0 || ms >= 9950 ? "%.0f s" : "%.1f s", (double)ms / 1000);
	else if (s < 3600)
		buf_fmt(out, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
	else if (s < 86400)
		buf_fmt(out, "%lld h %lld min", (long long)(s / 3600), (long long)(s % 3600 / 60));
	else
		buf_fmt(out, "%lld d %lld h", (long long)(s / 86400), (long long)(s % 86400 / 3600));
}

static void put_day(struct buf *out, struct civil c)
{
	buf_fmt(out, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static void put_time(struct buf *out, const struct report *r, enum cell_kind kind, int64_t utc)
{
	int offset = day_offset(&r->answer->frame, utc);
	struct civil c = civil_of_seconds(utc + offset);

	if (kind == CELL_TIME) {
		stamp_put(out, c);
		buf_addc(out, ' ');
		zone_put(out, offset);
		return;
	}
	put_day(out, c);
	buf_addc(out, ' ');
	if (kind == CELL_DAY)
		buf_adds(out, weekday_names[civil_weekday(civil_to_days(c.year, c.month, c.day))]);
	else
		buf_fmt(out, "%02d:%02d", c.hour, c.minute);
}

/* The same for programs. */
static void put_moment(struct buf *out, const struct report *r, enum cell_kind kind, int64_t utc)
{
	if (kind == CELL_DAY)
		put_day(out, civil_of_seconds(utc + day_offset(&r->answer->frame, utc)));
	else
		answer_time(out, r->answer, utc);
}

bool cell_is_time(enum cell_kind kind)
{
	return kind == CELL_TIME || kind == CELL_HOUR || kind == CELL_DAY;
}

void sheet_put(struct buf *out, const struct report *r, enum cell_kind kind, const struct cell *c)
{
	if (c->as != CELL_TEXT)
		kind = c->as;
	if (kind == CELL_TEXT)
		answer_safe(out, c->text);
	else if (c->n == CELL_UNKNOWN)
		buf_addc(out, '-');
	else if (kind == CELL_COUNT)
		put_count(out, c->n);
	else if (kind == CELL_BYTES)
		put_bytes(out, c->n);
	else if (kind == CELL_SHARE)
		buf_fmt(out, "%.1f %%", (double)c->n / 10);
	else if (cell_is_time(kind))
		put_time(out, r, kind, c->n);
	else
		put_length(out, c->n);
}

static void json_cell(struct json *j, const struct report *r, const struct sheet_column *col, const struct cell *c)
{
	BUF(b);

	if (col->kind == CELL_SHARE)
		return;
	json_key(j, col->key);
	if (col->kind == CELL_TEXT) {
		json_str(j, c->text);
	} else if (c->n == CELL_UNKNOWN) {
		json_none(j);
	} else if (cell_is_time(col->kind)) {
		put_moment(&b, r, col->kind, c->n);
		json_str(j, buf_str(&b));
	} else {
		json_num(j, c->n);
	}
}

static void json_sheet(struct json *j, const struct report *r, const struct sheet *s)
{
	size_t n = s->form->ncolumns;

	json_key(j, s->form->name);
	json_begin_object(j);
	json_key(j, "title");
	json_z(j, s->form->title);
	json_key(j, "rows");
	json_begin_array(j);
	for (size_t i = 0; i < s->nrows; i++) {
		json_begin_object(j);
		for (size_t k = 0; k < n; k++)
			json_cell(j, r, &s->form->columns[k], &s->cells[i * n + k]);
		json_end_object(j);
	}
	json_end_array(j);
	json_key(j, "more");
	json_num(j, (int64_t)s->more);
	json_end_object(j);
}

void report_put_json(struct buf *out, struct report *r)
{
	struct writer w = { .j = json_to(out), .r = r->answer };
	struct json *j = &w.j;

	json_begin_object(j);
	json_key(j, "title");
	json_z(j, r->title);
	json_key(j, "question");
	if (r->answer->asked)
		writer_question(&w);
	else
		json_none(j);
	json_key(j, "said");
	json_begin_array(j);
	for (const struct note *x = r->said; x != NULL; x = x->next)
		json_str(j, x->text);
	json_end_array(j);
	json_key(j, "tables");
	json_begin_object(j);
	for (const struct sheet *s = r->sheets; s != NULL; s = s->next)
		json_sheet(j, r, s);
	json_end_object(j);
	writer_searched(&w);
	json_end_object(j);
	buf_addc(out, '\n');
}

static void csv_text(struct buf *out, struct str text)
{
	BUF(safe);

	answer_safe(&safe, text);
	buf_addc(out, '"');
	if (safe.n > 0 && (safe.p[0] == '=' || safe.p[0] == '+' || safe.p[0] == '-' || safe.p[0] == '@'))
		buf_addc(out, '\'');
	for (size_t i = 0; i < safe.n; i++) {
		if (safe.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, safe.p[i]);
	}
	buf_addc(out, '"');
}

static void csv_cell(struct buf *out, const struct report *r, enum cell_kind kind, const struct cell *c)
{
	if (kind == CELL_TEXT)
		csv_text(out, c->text);
	else if (c->n == CELL_UNKNOWN)
		return;
	else if (cell_is_time(kind))
		put_moment(out, r, kind, c->n);
	else
		buf_fmt(out, "%lld", (long long)c->n);
}

void sheet_csv(struct buf *out, const struct report *r, const struct sheet *s)
{
	const struct sheet_column *cols = s->form->columns;
	size_t n = s->form->ncolumns;

	for (size_t i = 0; i <= s->nrows; i++) {
		bool first = true;

		for (size_t k = 0; k < n; k++) {
			if (cols[k].kind == CELL_SHARE)
				continue;
			buf_adds(out, first ? "" : ",");
			first = false;
			if (i == 0)
				buf_adds(out, cols[k].key);
			else
				csv_cell(out, r, cols[k].kind, &s->cells[(i - 1) * n + k]);
		}
		buf_adds(out, "\r\n");
	}
}
