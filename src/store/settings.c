/* What domains and mailboxes have set for the gate. */
#include "lookup/settings.h"

#include "base/conf.h"
#include "store/db.h"

int (*store_setting_fits)(struct str option, struct str value, struct err *e);
int (*store_sender_fits)(struct str sender, const char **asks, struct err *e);

static void add_line(struct str option, struct str value, struct buf *out)
{
	size_t before = out->n;

	buf_fmt(out, "%.*s=%.*s\n", STR_ARG(option), STR_ARG(value));
	if (!settings_fit(str_skip(buf_str(out), before)))
		out->n = before;
}

/* An option that this version does not know is passed over, and so are those of mailbox.def: they are no gate's. */
int settings_read(struct store *s, struct str scope, struct buf *out, int64_t *delay_notice, struct err *e)
{
	const struct db_value v = DB_TEXT(scope);
	int rc = db_begin(s, SQL_SETTING_LIST, &v, 1, e);

	while (rc == 0 && (rc = db_row(s, SQL_SETTING_LIST, e)) == 1) {
		struct str option = db_text(s, SQL_SETTING_LIST, 0), value = db_text(s, SQL_SETTING_LIST, 1);

		if (str_eqz(option, "delay-notice"))
			*delay_notice =
			    str_eqz(value, "off") || !conf_duration(value, delay_notice) ? -1 : *delay_notice;
		else
			add_line(option, value, out);
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
