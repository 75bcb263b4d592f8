/* Any bytes as an archive with a table: no frame is believed beyond the file, and what is read of it is what unpacking
 * the whole gives. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/frames.h"
#include "logs/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static void look(struct frames *f, struct str file)
{
	uint64_t all = frames_size(f);
	struct err e;
	struct unpacked u;
	BUF(whole);
	BUF(text);
	BUF(part);

	MUST(f->at[f->n].packed < file.n);
	if (all > MOST || frames_read(f, 0, (size_t)all, &text, &e) < 0)
		return;
	MUST(text.n == all);
	MUST(frames_read(f, all / 3, (size_t)(all / 2), &part, &e) == 0);
	MUST(str_starts(str_skip(buf_str(&text), (size_t)(all / 3)), buf_str(&part)));
	unpack_bytes(file, MOST, &whole, &u);
	if (u.end == UNPACK_WHOLE)
		MUST(str_eq(buf_str(&whole), buf_str(&text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FD(fd) = memfd_create("archive", MFD_CLOEXEC);
	struct frames f;
	struct err e;

	if (fd < 0 || io_write_all(fd, data, size) < 0)
		return 0;
	if (frames_open(&f, fd, &e) == 1)
		look(&f, str_mem(data, size));
	frames_close(&f);
	return 0;
}
