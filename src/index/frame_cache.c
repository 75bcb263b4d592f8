#include "index/frame_cache.h"

#include <stdlib.h>

#include "base/map.h"

enum { SHARE = 8 /* one frame takes at most this part of the room */ };

/* No bytes between the members: it is hashed and compared as it lies. */
struct key {
	struct frame_file file;
	uint64_t offset;
	uint32_t packed, size;
};

struct kept {
	struct kept *older, *newer;
	struct key key;
	uint64_t turn; /* in which it was used last */
	char content[];
};

static struct {
	size_t most, bytes;
	uint64_t turn;
	struct map map;
	struct kept *oldest, *newest;
} cache;

struct frame_file frame_file_of(const struct stat *st)
{
	const int64_t second = 1000000000;

	return (struct frame_file){ .dev = st->st_dev,
				    .ino = st->st_ino,
				    .size = (uint64_t)st->st_size,
				    .mtime = st->st_mtim.tv_sec * second + st->st_mtim.tv_nsec,
				    .ctime = st->st_ctim.tv_sec * second + st->st_ctim.tv_nsec };
}

static struct key key_of(const struct frame_file *f, struct chapter_frame at)
{
	return (struct key){ *f, at.offset, at.packed, at.size };
}

static struct str bytes_of(const struct key *k)
{
	return str_mem(k, sizeof(*k));
}

static void unlink_one(struct kept *k)
{
	*(k->older != NULL ? &k->older->newer : &cache.oldest) = k->newer;
	*(k->newer != NULL ? &k->newer->older : &cache.newest) = k->older;
}

static void link_newest(struct kept *k)
{
	k->older = cache.newest;
	k->newer = NULL;
	*(cache.newest != NULL ? &cache.newest->newer : &cache.oldest) = k;
	cache.newest = k;
}

static void drop(struct kept *k)
{
	unlink_one(k);
	(void)map_del(&cache.map, bytes_of(&k->key));
	cache.bytes -= k->key.size;
	free(k);
}

void frame_cache_begin(size_t most)
{
	while (cache.oldest != NULL)
		drop(cache.oldest);
	map_clear(&cache.map);
	cache.most = most;
}

static struct kept *find(const struct frame_file *f, struct chapter_frame at)
{
	struct key key = key_of(f, at);

	return cache.most > 0 ? map_get(&cache.map, bytes_of(&key)) : NULL;
}

const char *frame_cache_get(const struct frame_file *f, struct chapter_frame at)
{
	struct kept *k = find(f, at);

	if (k == NULL)
		return NULL;
	unlink_one(k);
	link_newest(k);
	k->turn = cache.turn;
	return k->content;
}

/* Those that are in use stand behind all others. */
static bool make_room(size_t size)
{
	if (cache.most == 0 || size > cache.most / SHARE)
		return false;
	while (cache.bytes + size > cache.most) {
		if (cache.oldest->turn == cache.turn)
			return false;
		drop(cache.oldest);
	}
	return true;
}

char *frame_cache_room(const struct frame_file *f, struct chapter_frame at)
{
	struct kept *k;

	if (find(f, at) != NULL || !make_room(at.size))
		return NULL;
	k = mem_grow(NULL, sizeof(*k) + at.size);
	k->key = key_of(f, at);
	k->turn = cache.turn;
	(void)map_put(&cache.map, bytes_of(&k->key), k);
	link_newest(k);
	cache.bytes += at.size;
	return k->content;
}

void frame_cache_drop(const struct frame_file *f, struct chapter_frame at)
{
	struct kept *k = find(f, at);

	if (k != NULL)
		drop(k);
}

void frame_cache_turn(void)
{
	cache.turn++;
}
