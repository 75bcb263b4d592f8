/* What domains and mailboxes have set for the gate. */
#include "lookup/settings.h"

#include "store/db.h"

int (*store_setting_fits)(struct str option, struct str value, struct err *e);

/* An option that this version does not know is passed over. */
int settings_read(struct store *s, struct str scope, struct buf *out, struct err *e)
{
	const struct db_value v = DB_TEXT(scope);
	int rc = db_begin(s, SQL_SETTING_LIST, &v, 1, e);

	while (rc == 0 && (rc = db_row(s, SQL_SETTING_LIST, e)) == 1) {
		size_t before = out->n;

		buf_fmt(out, "%.*s=%.*s\n", STR_ARG(db_text(s, SQL_SETTING_LIST, 0)),
			STR_ARG(db_text(s, SQL_SETTING_LIST, 1)));
		if (!settings_fit(str_skip(buf_str(out), before)))
			out->n = before;
		rc = 0;
	}
	db_end(s, SQL_SETTING_LIST);
	return rc < 0 ? -1 : 0;
}

int store_sets(struct store *s, struct str address, struct str option, struct str to, struct err *e)
{
	ptrdiff_t at = str_rchr(address, '@');
	const struct db_value v[] = { DB_TEXT(address), DB_TEXT(str_skip(address, at < 0 ? address.n : (size_t)at)),
				      DB_TEXT(option), DB_TEXT(to) };
	int64_t one;

	return db_find(s, SQL_SETTING_OTHER, v, COUNT(v), &one, e);
}
