/* base/conf_rows.h - options.def as a table of rows (private to conf.c). */
#ifndef BASE_CONF_ROWS_H
#define BASE_CONF_ROWS_H

#include "base/conf.h"

/* clang-format off */
enum conf_section {
#define CONF_SECTION(s, help) IN_##s,
#include "base/options.def"
	CONF_SECTIONS
};
/* clang-format on */

struct conf_row {
	enum conf_section in;
	const char *name;
	size_t at; /* offset of its field in its section's struct */
	/* Put the text of a value into the field; -1 with what is wrong, in words that follow the option's name. */
	int (*set)(struct conf *c, const struct conf_row *o, struct str value, void *field, struct err *e);
	bool list, path;
	const char *preset; /* the default, as text; NULL for lists */
	const char *words;
	int64_t least, most;
};

extern const struct conf_row conf_rows[];
extern const size_t conf_nrows;

const char *conf_section_name(enum conf_section in);
/* The row of that option; an unknown one is a bug. */
const struct conf_row *conf_row(const char *section, const char *name);
/* Its field in c (of `listener`: the defaults of all listeners). */
void *conf_field(struct conf *c, const struct conf_row *o);

#endif
