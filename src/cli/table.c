#include "cli/table.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"

enum { COLUMNS_MAX = 16 };

struct table {
	size_t n;
	const char *keys[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
};

static void put_size(struct buf *out, json_int_t bytes)
{
	static const char units[] = "KMGT";
	size_t unit = 0;

	while (unit < sizeof(units) - 1 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	if (bytes == 0)
		buf_adds(out, "none");
	else if (unit == 0)
		buf_fmt(out, "%lld", (long long)bytes);
	else
		buf_fmt(out, "%lld%c", (long long)bytes, units[unit - 1]);
}

/* For people who want to know how much, not how many: "74.2G". */
static void put_room(struct buf *out, json_int_t bytes)
{
	static const char units[] = "KMGTPE";
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1024 && unit < sizeof(units) - 1; unit++)
		n /= 1024;
	if (unit == 0)
		buf_fmt(out, "%lld", (long long)bytes);
	else
		buf_fmt(out, "%.1f%c", n, units[unit - 1]);
}

static void put_pairs(struct buf *out, const json_t *object);

static void put_cell(struct buf *out, const char *key, const json_t *v)
{
	if (json_is_string(v))
		buf_addstr(out, str_mem(json_string_value(v), json_string_length(v)));
	else if (json_is_integer(v) && strcmp(key, "quota") == 0)
		put_size(out, json_integer_value(v));
	else if (json_is_integer(v) && (strcmp(key, "free") == 0 || strcmp(key, "size") == 0))
		put_room(out, json_integer_value(v));
	else if (json_is_integer(v))
		buf_fmt(out, "%lld", (long long)json_integer_value(v));
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_adds(out, i > 0 ? ", " : "");
		put_cell(out, key, json_array_get(v, i));
	}
	if (json_is_object(v))
		put_pairs(out, v);
}

/* An object inside: "name=value" as people type it; of a list, each value. */
static void put_pairs(struct buf *out, const json_t *object)
{
	const char *key;
	json_t *value;
	bool first = true;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		for (size_t i = 0; i < (json_is_array(value) ? json_array_size(value) : 1); i++) {
			buf_adds(out, first ? "" : ", ");
			buf_fmt(out, "%s=", key);
			put_cell(out, key, json_is_array(value) ? json_array_get(value, i) : value);
			first = false;
		}
	}
}

static size_t width(const char *key, const json_t *v)
{
	BUF(cell);

	put_cell(&cell, key, v);
	return cell.n;
}

static void add_column(struct table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->keys[i], key) == 0)
			return;
	if (t->n == COLUMNS_MAX)
		return;
	t->keys[t->n] = key;
	t->widths[t->n++] = strlen(key);
}

static void measure(struct table *t, json_t *rows)
{
	const char *key;
	json_t *value;

	for (size_t r = 0; r < json_array_size(rows); r++)
		json_object_foreach(json_array_get(rows, r), key, value) add_column(t, key);
	for (size_t r = 0; r < json_array_size(rows); r++)
		for (size_t i = 0; i < t->n; i++) {
			size_t w = width(t->keys[i], json_object_get(json_array_get(rows, r), t->keys[i]));

			t->widths[i] = w > t->widths[i] ? w : t->widths[i];
		}
}

/* The last column is not padded: no line ends in spaces. */
static void print_cell(FILE *to, const struct table *t, size_t i, const char *text)
{
	if (i + 1 < t->n)
		fprintf(to, "%-*s  ", (int)t->widths[i], text);
	else
		fprintf(to, "%s\n", text);
}

static void print_rows(FILE *to, json_t *rows)
{
	struct table t = { 0 };

	measure(&t, rows);
	for (size_t i = 0; i < t.n; i++)
		print_cell(to, &t, i, t.keys[i]);
	for (size_t r = 0; r < json_array_size(rows); r++)
		for (size_t i = 0; i < t.n; i++) {
			BUF(cell);

			put_cell(&cell, t.keys[i], json_object_get(json_array_get(rows, r), t.keys[i]));
			print_cell(to, &t, i, buf_z(&cell));
		}
}

static void print_object(FILE *to, json_t *object)
{
	const char *key;
	json_t *value;
	size_t widest = 0;

	json_object_foreach(object, key, value) widest = strlen(key) > widest ? strlen(key) : widest;
	json_object_foreach(object, key, value)
	{
		BUF(cell);

		put_cell(&cell, key, value);
		fprintf(to, "%-*s  %s\n", (int)widest, key, cell.n > 0 ? buf_z(&cell) : "-");
	}
}

int table_print(FILE *to, struct str json)
{
	json_t *root = json_loadb(json.p, json.n, 0, NULL);
	int rc = 0;

	if (json_is_array(root))
		print_rows(to, root);
	else if (json_is_object(root))
		print_object(to, root);
	else
		rc = -1;
	json_decref(root);
	return rc;
}
