/* What was searched, file by file, and what was not: the JSON of it. */
#include "trace/answer_parts.h"

static void put_path(struct json *j, const char *key, struct str path)
{
	json_key(j, key);
	json_str(j, path);
}

static void put_words(struct json *j, const char *key, struct str words)
{
	json_key(j, key);
	if (words.n > 0)
		json_str(j, words);
	else
		json_none(j);
}

static void put_local(struct json *j, const char *key, const struct answer *r, int64_t local)
{
	BUF(b);

	if (local != 0)
		answer_time(&b, r, zone_utc(&r->book.zone, local));
	put_words(j, key, buf_str(&b));
}

static void put_file(struct json *j, struct answer *r, const struct source_file *f)
{
	static const char *const families[LOG_FAMILIES] = {
		[LOG_SMTP] = "smtp", [LOG_DELIVERY] = "delivery", [LOG_SPAMDYKE] = "spamdyke"
	};

	json_begin_object(j);
	put_path(j, "file", f->path);
	put_words(j, "family", str_of(families[f->family]));
	put_words(j, "port", f->label);
	put_words(j, "compressed", str_of(unpack_word(f->packed.form)));
	put_words(j, "trouble", source_trouble(&r->mem, f));
	put_local(j, "from", r, f->first);
	put_local(j, "to", r, f->last);
	json_key(j, "bytes");
	json_num(j, (int64_t)f->text.n);
	json_key(j, "lines");
	json_num(j, (int64_t)f->lines);
	json_key(j, "unreadable");
	json_num(j, (int64_t)f->unreadable);
	json_key(j, "torn");
	json_bool(j, f->torn);
	json_end_object(j);
}

void answer_json_files(struct json *j, struct answer *r)
{
	const struct source *s = r->book.source;

	json_key(j, "details");
	json_begin_array(j);
	for (size_t i = 0; i < s->n; i++)
		put_file(j, r, &s->files[i]);
	json_end_array(j);
	json_key(j, "not_searched");
	json_begin_array(j);
	for (const struct source_skip *k = s->skipped; k != NULL; k = k->next) {
		json_begin_object(j);
		put_path(j, "file", k->path);
		put_words(j, "why", k->why);
		json_end_object(j);
	}
	json_end_array(j);
}

struct lister {
	struct json *j;
	struct answer *r;
};

/* To an owner, how long a line is would tell of addresses that are masked, or of mail that is not his. */
static void put_size(struct lister *l, const char *key, uint64_t n)
{
	json_key(l->j, key);
	if (scope_all(&l->r->scope))
		json_num(l->j, (int64_t)n);
	else
		json_none(l->j);
}

static void put_line(void *with, const struct unreadable *u)
{
	struct lister *l = with;
	BUF(beginning);
	BUF(shown); /* with \xHH, as in the text: JSON has no bytes */
	bool any = unreadable_beginning(&beginning, &l->r->scope, u);

	answer_safe(&shown, buf_str(&beginning));
	json_begin_object(l->j);
	put_path(l->j, "file", u->file->path);
	json_key(l->j, "line");
	json_num(l->j, (int64_t)u->number);
	put_size(l, "offset", u->offset);
	put_size(l, "bytes", u->raw.n);
	json_key(l->j, "why");
	json_z(l->j, u->why);
	json_key(l->j, "text");
	if (any)
		json_str(l->j, buf_str(&shown));
	else
		json_none(l->j);
	json_end_object(l->j);
}

void answer_json_unreadable(struct json *j, struct answer *r)
{
	struct lister l = { .j = j, .r = r };

	json_key(j, "unreadable_lines");
	json_begin_array(j);
	unreadable_each(r->book.source, r->limit, put_line, &l);
	json_end_array(j);
}
