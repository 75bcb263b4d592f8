#include "index/write.h"

#include <stdlib.h>

#include "index/bytes.h"
#include "trace/rows.h"

enum { BLOCK = 32 << 10, DAY = 86400 };

void write_begin(struct writing *w, const struct tale *t, struct chapter_out *out, const struct write_how *how)
{
	*w = (struct writing){ .tale = t, .out = out, .how = *how };
	w->packer = pack_new(t, &w->keys);
	w->beside.looker = team_alone(how->team) ? NULL : pack_new(t, NULL);
	w->beside.out = chapter_beside(out);
	w->digest = digest_new(t);
	kin_find(&w->kin, t);
}

void write_end(struct writing *w)
{
	struct writing_beside *b = &w->beside;

	pack_block_clear(&w->block);
	buf_clear(&w->directory);
	rows_clear(&b->rows);
	free(b->names);
	buf_clear(&b->table);
	buf_clear(&b->directory);
	chapter_out_free(b->out);
	digest_free(w->digest);
	if (b->looker != NULL)
		pack_free(b->looker);
	pack_free(w->packer);
	kin_clear(&w->kin);
}

static void end_block(struct writing *w)
{
	struct str parts[PACK_PARTS];

	if (w->block.n == 0)
		return;
	pack_block_end(&w->block, parts);
	chapter_put_frame(&w->directory, chapter_add_parts(w->out, parts, PACK_PARTS));
	bytes_put(&w->directory, w->block.n);
	w->blocks++;
	pack_block_reset(&w->block);
}

static void report(const struct index_progress *say, uint64_t done, uint64_t all)
{
	if (say != NULL)
		say->tell(say->with, INDEX_WRITING, done, all);
}

static int pack_all(struct writing *w, const struct index_progress *say, struct err *e)
{
	for (uint32_t f = 0; f < w->kin.families; f++) {
		struct story *const *at = w->kin.stories + w->kin.first[f];
		size_t n = w->kin.first[f + 1] - w->kin.first[f];

		if (f % 4096 == 0)
			report(say, f, w->kin.families);
		if (!pack_family(w->packer, &w->block, at, n))
			return err_set(e, "the logs hold something that an index cannot keep");
		if (w->beside.looker == NULL)
			digest_family(w->digest, w->packer, f, at, n);
		if (w->see != NULL)
			w->see(w->with, w->packer);
		if (pack_block_size(&w->block) >= BLOCK)
			end_block(w);
	}
	end_block(w);
	report(say, w->kin.families, w->kin.families);
	return 0;
}

/* By what families are found, as blocks.  Who is alone has looked at each when it was packed. */
static void find_all(void *with)
{
	struct writing *w = with;

	for (uint32_t f = 0; f < w->kin.families && w->beside.looker != NULL; f++) {
		struct story *const *at = w->kin.stories + w->kin.first[f];
		size_t n = w->kin.first[f + 1] - w->kin.first[f];

		pack_look(w->beside.looker, at, n);
		digest_family(w->digest, w->beside.looker, f, at, n);
	}
	digest_end(w->digest);
	terms_sort(digest_terms(w->digest));
	terms_write(digest_terms(w->digest), w->beside.out, &w->beside.directory);
}

/* The table of stories, and the rows of recipients. */
static void count_all(void *with)
{
	struct writing *w = with;
	uint64_t *marks = mem_alloc((w->tale->n / 64 + 1) * sizeof(*marks));

	if (w->how.rows)
		w->beside.names = rows_to_pack(&w->beside.rows, w->tale, marks);
	w->beside.spans = digest_table(w->tale, w->kin.family, marks, &w->beside.table);
	free(marks);
}

int write_families(struct writing *w, const struct index_progress *say, struct err *e)
{
	struct writing_beside *b = &w->beside;
	int rc;

	b->finding = (struct team_job){ .run = find_all, .with = w };
	b->counting = (struct team_job){ .run = count_all, .with = w };
	team_begin(w->how.team, &b->finding);
	team_begin(w->how.team, &b->counting);
	rc = pack_all(w, say, e);
	/* the second one first: nobody may have begun it yet */
	team_end(w->how.team, &b->counting);
	team_end(w->how.team, &b->finding);
	return rc;
}

/* What the stamps mean depends on this machine only if the logs do not say it. */
static void put_zone(struct buf *root, const struct book *k)
{
	bool assumed = k->zone.nsteps == 0 && k->oldest != 0;
	int64_t from = assumed ? k->oldest - 2 * DAY : 1, to = assumed ? k->newest + 2 * DAY : 0;

	bytes_put_int(root, from);
	bytes_put_int(root, to);
	bytes_put(root, assumed ? survey_zone(from, to) : 0);
}

/* Rows that a frame cannot hold are not kept: then there is an empty one, and statistics bring the stories to life. */
static void put_rows(struct writing *w, struct buf *root)
{
	struct terms *t = digest_terms(w->digest);
	const struct rows *rows = &w->beside.rows;
	uint32_t *names = mem_alloc((rows->names.n + 1) * sizeof(*names));
	uint32_t *ips = mem_alloc((rows->ips.n + 1) * sizeof(*ips));
	BUF(packed);

	for (size_t i = 0; i < w->tale->book->nnames && rows->names.n > 0; i++)
		if (w->beside.names[i] > 0)
			names[w->beside.names[i] - 1] = digest_name_place(w->digest, i);
	for (size_t i = 0; i < rows->ips.n; i++)
		ips[i] = terms_ip_place(t, rows->ips.text[i]);
	if (w->how.rows)
		rows_pack(&packed, rows, &(struct rows_places){ names, ips });
	free(names);
	free(ips);
	if (packed.n > CHAPTER_FRAME_MAX)
		buf_reset(&packed);
	chapter_put_frame(root, chapter_add(w->out, buf_str(&packed)));
}

void write_root(struct writing *w, const struct writing_root *r, struct buf *root)
{
	struct writing_beside *b = &w->beside;

	bytes_put_str(root, r->survey);
	put_zone(root, r->facts);
	root_put(root, r->source, r->facts, &w->keys);
	bytes_put(root, w->tale->n);
	bytes_put(root, w->kin.families);
	bytes_put_int(root, b->spans.times.from);
	bytes_put_int(root, b->spans.times.to);
	bytes_put_int(root, b->spans.calls.from);
	bytes_put_int(root, b->spans.calls.to);
	chapter_put_frame(root, chapter_add(w->out, buf_str(&b->table)));
	put_rows(w, root);
	bytes_put(root, w->blocks);
	buf_addstr(root, buf_str(&w->directory));
	bytes_put(root, chapter_join(w->out, b->out));
	buf_addstr(root, buf_str(&b->directory));
	root_put_growth(root, &r->goes_on, r->growth, r->source->n);
	sets_write(r->sets, root, w->out);
}
