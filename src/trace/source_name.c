/* What a log's name tells, however it was rotated: smtp-25.log, smtp-25.log.2.gz, smtp-25.log-20210309.gz,
 * smtp-25.2021-03-09.zst. */
#include "trace/source.h"

struct str source_base_name(struct str path)
{
	return str_skip(path, (size_t)(str_rchr(path, '/') + 1));
}

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]))
			return false;
	return s.n > 0;
}

/* "2021-03-09" or "20210309" */
static bool is_date(struct str s)
{
	if (s.n == 8)
		return digits(s);
	return s.n == 10 && s.p[4] == '-' && s.p[7] == '-' && digits(str_take(s, 4)) &&
	       digits(str_take(str_skip(s, 5), 2)) && digits(str_skip(s, 8));
}

/* The name without a date at its end: "smtp-25.2021-03-09" and "smtp-25-20210309" give "smtp-25". */
static bool before_date(struct str name, struct str *stem)
{
	for (size_t n = 8; n <= 10; n += 2) {
		char c = name.n > n ? name.p[name.n - n - 1] : 'x';

		if ((c != '.' && c != '-') || !is_date(str_skip(name, name.n - n)))
			continue;
		*stem = str_take(name, name.n - n - 1);
		return true;
	}
	return false;
}

/* What stands before ".log", or before a date; false: it is no log's name. */
static bool stem_of(struct str path, struct str *stem)
{
	struct str bare, tail;

	unpack_named(source_base_name(path), &bare);
	if (!str_cut(bare, STR(".log"), stem, &tail))
		return before_date(bare, stem);
	return tail.n == 0 || tail.p[0] == '.' || tail.p[0] == '-';
}

bool source_family_named(struct str path, enum log_family *family)
{
	static const struct {
		const char *name;
		enum log_family family;
	} t[] = { { "smtp-*", LOG_SMTP }, { "delivery", LOG_DELIVERY }, { "spamdyke", LOG_SPAMDYKE } };
	struct str stem;

	for (size_t i = 0; stem_of(path, &stem) && i < COUNT(t); i++) {
		if (!str_glob(str_of(t[i].name), stem))
			continue;
		*family = t[i].family;
		return true;
	}
	return false;
}

struct str source_label(struct str path)
{
	struct str stem;

	return stem_of(path, &stem) && str_starts(stem, STR("smtp-")) ? str_skip(stem, 5) : STR("");
}

/* multilog's are "current" and "@4000000060475171...s" */
struct str source_stem(struct str path)
{
	struct str stem, bare;
	ptrdiff_t dot;

	if (stem_of(path, &stem))
		return stem;
	unpack_named(source_base_name(path), &bare);
	if (str_starts(bare, STR("@4")))
		return STR("current");
	dot = str_rchr(bare, '.');
	return dot > 0 && digits(str_skip(bare, (size_t)dot + 1)) ? str_take(bare, (size_t)dot) : bare;
}

/* *front: what stands before "rejectlog": some name it exim_rejectlog, and the other exim_mainlog. */
static bool repeats(struct str path, struct str *front)
{
	static const struct str names[] = { STR_INIT("rejectlog"), STR_INIT("paniclog") };
	struct str stem = source_stem(path);

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!str_ends(stem, names[i]))
			continue;
		*front = str_take(stem, stem.n - names[i].n);
		return true;
	}
	return false;
}

static bool is_main(struct str path, struct str front)
{
	struct str stem = source_stem(path);

	return str_starts(stem, front) && str_eqz(str_skip(stem, front.n), "mainlog");
}

bool source_repeated(struct str path, size_t n, struct str (*path_of)(const void *with, size_t i), const void *with)
{
	struct str front;

	if (!repeats(path, &front))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_main(path_of(with, i), front))
			return true;
	return false;
}
