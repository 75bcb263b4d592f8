#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/unpack_form.h"

enum { CHUNK = 64 * 1024, ROOM = 256 * 1024 };

static const struct {
	enum unpack_form form;
	struct str magic;
} magics[] = {
	{ UNPACK_GZIP, STR_INIT("\x1f\x8b") },
	{ UNPACK_ZSTD, STR_INIT("\x28\xb5\x2f\xfd") },
	{ UNPACK_XZ, STR_INIT("\xfd"
			      "7zXZ\0") },
	{ UNPACK_OTHER, STR_INIT("BZh") },
	{ UNPACK_OTHER, STR_INIT("\x04\x22\x4d\x18") },
	{ UNPACK_OTHER, STR_INIT("\x1f\x9d") },
	{ UNPACK_OTHER, STR_INIT("LZIP") },
};

/* A frame that zstd skips: it may stand in front. */
static bool skippable(struct str head)
{
	return head.n >= 4 && ((unsigned char)head.p[0] & 0xf0) == 0x50 && memcmp(head.p + 1, "\x2a\x4d\x18", 3) == 0;
}

enum unpack_form unpack_form(struct str head)
{
	for (size_t i = 0; i < COUNT(magics); i++)
		if (str_starts(head, magics[i].magic))
			return magics[i].form;
	return skippable(head) ? UNPACK_ZSTD : UNPACK_PLAIN;
}

const char *unpack_word(enum unpack_form form)
{
	static const char *const words[] = { [UNPACK_GZIP] = "gzip",
					     [UNPACK_ZSTD] = "zstd",
					     [UNPACK_XZ] = "xz",
					     [UNPACK_OTHER] = "a format that is not read here" };

	return words[form];
}

bool unpack_named(struct str name, struct str *bare)
{
	static const char *const ends[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".lz", ".Z" };

	*bare = name;
	for (size_t i = 0; i < COUNT(ends); i++) {
		if (!str_iends(name, str_of(ends[i])))
			continue;
		*bare = str_take(name, name.n - strlen(ends[i]));
		return true;
	}
	return false;
}

/* Bytes of the file from `given` on: 0 at its end. */
static size_t read_some(struct unpack_in *in, char *to, size_t n)
{
	ssize_t got;

	if (n > in->size - in->given)
		n = (size_t)(in->size - in->given);
	do
		got = n > 0 ? pread(in->fd, to, n, (off_t)in->given) : 0;
	while (got < 0 && errno == EINTR);
	in->failed = got < 0;
	in->shrank = got == 0 && n > 0;
	return got > 0 ? (size_t)got : 0;
}

struct str unpack_more(struct unpack_in *in)
{
	struct str s;

	if (in->fd < 0)
		s = str_mem(in->memory + in->given, (size_t)(in->size - in->given));
	else
		s = str_mem(in->space, read_some(in, in->space, CHUNK));
	in->given += s.n;
	return s;
}

size_t unpack_room(struct unpack_out *out, char **p)
{
	size_t n = out->left < ROOM ? out->left : ROOM;

	if (n == 0) {
		*p = &out->spare;
		return 1;
	}
	buf_need(out->text, n);
	*p = out->text->p + out->text->n;
	return n;
}

bool unpack_wrote(struct unpack_out *out, size_t n)
{
	if (out->left == 0) {
		out->over = n > 0;
		return n == 0;
	}
	out->left -= n;
	out->text->n += n;
	out->text->p[out->text->n] = '\0';
	return true;
}

static enum unpack_end unpack_plain(struct unpack_in *in, struct unpack_out *out)
{
	size_t want = in->size < out->left ? (size_t)in->size : out->left, got;

	buf_fit(out->text, want);
	while (want > 0) {
		char *to = out->text->p + out->text->n;

		if (in->fd >= 0)
			got = read_some(in, to, want);
		else
			memcpy(to, in->memory, got = want);
		if (got == 0)
			break;
		in->given += got;
		want -= got;
		unpack_wrote(out, got);
	}
	return in->given < in->size ? UNPACK_LIMIT : UNPACK_WHOLE;
}

static void unpack(struct unpack_in *in, size_t limit, struct buf *text, struct unpacked *u)
{
	struct unpack_out out = { .text = text, .left = limit };

	if (u->form == UNPACK_GZIP)
		u->end = unpack_gzip(in, &out);
	else if (u->form == UNPACK_ZSTD)
		u->end = unpack_zstd(in, &out);
	else if (u->form == UNPACK_XZ)
		u->end = unpack_xz(in, &out);
	else
		u->end = unpack_plain(in, &out);
	u->size = in->size;
	u->at = in->given - in->unused;
	u->why = u->end == UNPACK_DAMAGED ? in->why : NULL;
	if (out.over)
		u->end = UNPACK_LIMIT;
	else if (in->shrank)
		u->end = UNPACK_SHRANK;
	else if (in->failed)
		u->end = UNPACK_DAMAGED, u->why = "the disk cannot be read";
}

int unpack_file(int fd, size_t limit, struct buf *text, struct unpacked *u, struct err *e)
{
	struct unpack_in in = { .fd = fd };
	char head[UNPACK_HEAD];
	struct stat st;
	ssize_t got = pread(fd, head, sizeof(head), 0);

	*u = (struct unpacked){ 0 };
	if (got < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "read");
	u->form = unpack_form(str_mem(head, (size_t)got));
	in.size = (uint64_t)st.st_size;
	in.space = u->form == UNPACK_PLAIN ? NULL : mem_alloc(CHUNK);
	unpack(&in, limit, text, u);
	free(in.space);
	/* Cut and written anew meanwhile: what was read is of two files. */
	if (u->end == UNPACK_WHOLE && fstat(fd, &st) == 0 && (uint64_t)st.st_size < u->size)
		u->end = UNPACK_SHRANK;
	return 0;
}

void unpack_bytes(struct str file, size_t limit, struct buf *text, struct unpacked *u)
{
	struct unpack_in in = { .fd = -1, .memory = file.p, .size = file.n };

	*u = (struct unpacked){ .form = unpack_form(file) };
	unpack(&in, limit, text, u);
}
