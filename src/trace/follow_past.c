/* What stood in a log before we came: its end is read, within what may be read of the past in all.  The rest is
 * counted, so that lines have their numbers, and the zone that it told last is kept. */
#include "trace/follow_parts.h"

#include <string.h>

enum { GROUP = 64 << 10 }; /* so far behind the beginning a group may end */

struct skip {
	uint64_t until;
	struct buf zone; /* the last line that told the zone, and where it stood */
	uint64_t zone_at;
	uint32_t zone_number;
	bool empty; /* the last line is: a group ends */
};

static bool skip_line(struct follow_file *x, struct skip *k, struct str line)
{
	if (x->at >= k->until && (x->family != LOG_SMTP || k->empty || x->at >= k->until + GROUP))
		return false;
	k->empty = line.n == 1;
	if (follow_is_zone(line)) {
		buf_reset(&k->zone);
		buf_addstr(&k->zone, line);
		k->zone_at = x->at;
		k->zone_number = x->lines + 1;
	}
	x->at += line.n;
	x->lines++;
	return true;
}

static void skip_past(struct follow *f, struct follow_file *x, uint64_t until)
{
	struct skip k = { .until = until, .zone = BUF_INIT };
	uint64_t at = 0;
	bool on = true;

	while (on && follow_file_fetch(f, x->fd, x->at, FOLLOW_CHUNK) > 0) {
		struct str s = buf_str(&f->scratch);
		const char *end;

		for (at = x->at; on && s.n > 0 && (end = memchr(s.p, '\n', s.n)) != NULL;) {
			struct str line = str_take(s, (size_t)(end - s.p) + 1);

			on = skip_line(x, &k, line);
			s = str_skip(s, line.n);
		}
		if (on && x->at == at && f->scratch.n < FOLLOW_CHUNK)
			break; /* a line without its end */
		if (on && x->at == at)
			x->at += f->scratch.n;
	}
	if (k.zone.n > 0) {
		at = x->at;
		follow_file_line(f, x, buf_str(&k.zone), true);
		x->kept.at[0].offset = k.zone_at;
		x->kept.at[0].number = k.zone_number;
		x->at = at;
		x->lines--;
	}
	buf_clear(&k.zone);
}

/* The end of what stands there, within what may be read of the past. */
void follow_file_past(struct follow *f, struct follow_file *x)
{
	uint64_t size = follow_file_left(x);
	size_t most = f->past < FOLLOW_PAST_FILE ? f->past : FOLLOW_PAST_FILE;

	if (size > most) {
		skip_past(f, x, size - most);
		follow_say(f, "of %s the last %zu KiB of %llu KiB are read: what waits since before is not known here",
			   x->path, most >> 10, (unsigned long long)size >> 10);
	}
	f->past -= size < most ? size : most;
	while (follow_file_fetch(f, x->fd, x->at, FOLLOW_CHUNK) > 0 && x->at < size)
		if (follow_file_lines(f, x, buf_str(&f->scratch), true) == 0)
			break;
}
