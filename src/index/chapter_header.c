#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "index/bytes.h"
#include "index/chapter_inside.h"

/* tools/fingerprint: of all sources that reading, joining, packing and asking are made of. */
extern const unsigned char index_code[20];

void chapter_build(char out[CHAPTER_BUILD])
{
	memset(out, 0, CHAPTER_BUILD);
	memcpy(out, index_code, CHAPTER_BUILD < sizeof(index_code) ? CHAPTER_BUILD : sizeof(index_code));
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

void chapter_name(char out[CHAPTER_NAME_MAX], uint64_t id)
{
	if (id == CHAPTER_LATEST)
		snprintf(out, CHAPTER_NAME_MAX, "%s", CHAPTER_NAME);
	else if (id == CHAPTER_NEXT)
		snprintf(out, CHAPTER_NAME_MAX, "%s.next", CHAPTER_NAME);
	else
		snprintf(out, CHAPTER_NAME_MAX, "%s.%016" PRIx64, CHAPTER_NAME, id);
}

void chapter_put_header(struct buf *b, struct chapter_frame root, uint64_t id)
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
	put_fixed(b, id, 8);
	while (b->n - from < CHAPTER_HEADER)
		buf_addc(b, '\0');
}

bool chapter_take_header(struct str bytes, struct chapter_frame *root, uint64_t *id, struct err *e)
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
	*id = cur_u64(&c);
	if (cur_ok(&c) && root->size <= CHAPTER_FRAME_MAX)
		return true;
	err_set(e, "its header is damaged");
	return false;
}
