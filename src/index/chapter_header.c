#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/cur.h"
#include "index/bytes.h"
#include "index/chapter_inside.h"

struct build {
	char *out;
	bool found;
};

/* The note of that name and type in a segment of notes. */
static void look_at_notes(struct build *b, const char *p, size_t n)
{
	while (n >= sizeof(ElfW(Nhdr)) && !b->found) {
		const ElfW(Nhdr) *note = (const void *)p;
		size_t name = ((size_t)note->n_namesz + 3) & ~(size_t)3,
		       desc = ((size_t)note->n_descsz + 3) & ~(size_t)3;
		size_t all = sizeof(*note) + name + desc;

		if (all > n)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && note->n_descsz > 0) {
			memcpy(b->out, p + sizeof(*note) + name,
			       note->n_descsz < CHAPTER_BUILD ? note->n_descsz : CHAPTER_BUILD);
			b->found = true;
		}
		p += all;
		n -= all;
	}
}

/* The first object is the program itself. */
static int look_at_program(struct dl_phdr_info *x, size_t size, void *with)
{
	(void)size;
	for (int i = 0; i < x->dlpi_phnum; i++)
		if (x->dlpi_phdr[i].p_type == PT_NOTE)
			look_at_notes(with, (const char *)(x->dlpi_addr + x->dlpi_phdr[i].p_vaddr),
				      x->dlpi_phdr[i].p_memsz);
	return 1;
}

void chapter_build(char out[CHAPTER_BUILD])
{
	struct build b = { .out = out };
	struct str version = str_take(STR("version " TELLTALE_VERSION), CHAPTER_BUILD);

	memset(out, 0, CHAPTER_BUILD);
	dl_iterate_phdr(look_at_program, &b);
	if (!b.found)
		memcpy(out, version.p, version.n);
}

void chapter_put_frame(struct buf *b, struct chapter_frame at)
{
	bytes_put(b, at.offset);
	bytes_put(b, at.packed);
	bytes_put(b, at.size);
}

struct chapter_frame chapter_take_frame(struct cur *c)
{
	uint64_t offset = bytes_take(c), packed = bytes_take(c), size = bytes_take(c);

	if (packed > UINT32_MAX || size > CHAPTER_FRAME_MAX)
		cur_fail(c, "a frame that is too large");
	return (struct chapter_frame){ offset, (uint32_t)packed, (uint32_t)size };
}

static void put_fixed(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_addc(b, (char)(v >> (8 * i)));
}

void chapter_put_header(struct buf *b, struct chapter_frame root)
{
	size_t from = b->n;
	char build[CHAPTER_BUILD];

	chapter_build(build);
	buf_add(b, CHAPTER_MAGIC, 16);
	put_fixed(b, CHAPTER_VERSION, 4);
	buf_add(b, build, sizeof(build));
	put_fixed(b, root.offset, 8);
	put_fixed(b, root.packed, 4);
	put_fixed(b, root.size, 4);
	while (b->n - from < CHAPTER_HEADER)
		buf_addc(b, '\0');
}

bool chapter_take_header(struct str bytes, struct chapter_frame *root, struct err *e)
{
	struct cur c = cur_of(bytes);
	char build[CHAPTER_BUILD];
	uint32_t version;

	chapter_build(build);
	if (!str_eq(cur_take(&c, 16, "no header"), str_mem(CHAPTER_MAGIC, 16))) {
		err_set(e, "it is no index of telltale");
		return false;
	}
	version = cur_u32(&c);
	if (version != CHAPTER_VERSION ||
	    !str_eq(cur_take(&c, sizeof(build), "no header"), str_mem(build, sizeof(build)))) {
		err_set(e, "another version of telltale made it");
		return false;
	}
	root->offset = cur_u64(&c);
	root->packed = cur_u32(&c);
	root->size = cur_u32(&c);
	if (cur_ok(&c) && root->size <= CHAPTER_FRAME_MAX)
		return true;
	err_set(e, "its header is damaged");
	return false;
}
