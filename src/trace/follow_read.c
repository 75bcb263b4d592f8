/* The files of a batch, side by side: where there is more than one batch may take, the log that lies furthest back in
 * time goes on first.  One that ran ahead would part what belongs together. */
#include "trace/follow_parts.h"

#include "logs/frame.h"

enum { SLICE = 8 << 10 };

/* Seconds within the year: stamps of syslog have none. */
static int64_t stamp_of(const struct follow_file *x, struct str line)
{
	struct log_line l = { 0 };
	struct frame at = { 0 };
	struct civil c;

	if (x->family == LOG_FOREIGN) {
		frame_glance(str_trim(line), &at);
		c = at.absolute ? civil_of_seconds(at.moment) : at.stamp;
	} else {
		log_parse(x->family, line, &l);
		c = l.stamp;
	}
	c.year = 2000;
	return c.month > 0 ? civil_to_seconds(c) : INT64_MIN;
}

static int64_t front_of(const struct follow_file *x)
{
	int64_t at = INT64_MIN;

	for (size_t i = x->kept.n; i > 0 && at == INT64_MIN && i + 8 > x->kept.n; i--)
		at = stamp_of(x, follow_line(x, i - 1));
	return at;
}

static struct follow_file *hindmost(const struct follow *f)
{
	struct follow_file *found = NULL;

	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];

		if (!x->stuck && follow_file_left(x) > 0 && (found == NULL || x->front < found->front))
			found = x;
	}
	return found;
}

static void read_side_by_side(struct follow *f)
{
	struct follow_file *x;

	for (size_t i = 0; i < f->n; i++)
		f->files[i]->stuck = false;
	while (f->room > 0 && (x = hindmost(f)) != NULL) {
		uint64_t left = follow_file_left(x);

		follow_file_read(f, x, SLICE);
		x->stuck = follow_file_left(x) == left; /* a line without its end */
		x->front = front_of(x);
	}
}

void follow_read(struct follow *f)
{
	uint64_t left = 0;

	for (size_t i = 0; i < f->n; i++)
		left += follow_file_left(f->files[i]);
	f->more = left > f->room;
	if (f->more) {
		read_side_by_side(f);
		return;
	}
	for (size_t i = 0, n = f->n; i < n; i++)
		follow_file_read(f, f->files[i], follow_file_left(f->files[i]));
}
