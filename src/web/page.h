/* web/page.h - the files of src/page, as tools/page embeds them into the program. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/str.h"

struct page_file {
	const char *path, *type;      /* "/index.html", "text/html; charset=utf-8" */
	const char *tag, *zipped_tag; /* ETags: other bytes are another tag */
	struct str plain, zipped;     /* zipped: gzip; empty where that is no shorter */
};
extern const struct page_file page_files[];
extern const size_t page_nfiles;

#endif
