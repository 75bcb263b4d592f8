/* `telltale autoreply set|show|off USER@DOMAIN`: what a mailbox answers by itself. */
#include "base/clock.h"
#include "base/conf.h"
#include "base/cur.h"
#include "base/utf8.h"
#include "store/admin.h"

enum {
	TEXT_MAX = 16 * 1024,
	SUBJECT_MAX = 200,
	DAY = 24 * 60 * 60,
	EVERY = 7 * DAY, /* seconds */
	EVERY_LEAST = 60 * 60,
	EVERY_MOST = 365 * DAY
};

/* day = year "-" month "-" day [ " " hour ":" minute ], in this machine's zone; ms since 1970. */
static int read_day(struct admin *a, struct str word, bool end, int64_t *out)
{
	struct cur c = cur_of(word);
	struct civil t = { 0 };
	int64_t seconds;
	bool time;

	t.year = (int)cur_num(&c, 9999, "year");
	cur_want(&c, '-', "date");
	t.month = (int)cur_num(&c, 12, "month");
	cur_want(&c, '-', "date");
	t.day = (int)cur_num(&c, 31, "day");
	time = cur_ok(&c) && !cur_end(&c);
	if (time) {
		cur_want(&c, ' ', "space");
		t.hour = (int)cur_num(&c, 23, "hour");
		cur_want(&c, ':', "time");
		t.minute = (int)cur_num(&c, 59, "minute");
	}
	if (!cur_ok(&c) || !cur_end(&c) || !civil_valid(t))
		return admin_no(a, "\"%.*s\" is no day: 2026-12-24, or 2026-12-24 18:00", STR_ARG(str_take(word, 40)));
	seconds = civil_to_seconds(t) + (end && !time ? DAY : 0); /* until a day means with it */
	*out = (seconds - zone_offset(seconds)) * 1000;
	return 0;
}

static bool text_ok(struct str text)
{
	while (text.n > 0) {
		uint32_t code;
		size_t n = utf8_at(text, &code);
		bool space = text.p[0] == '\n' || text.p[0] == '\r' || text.p[0] == '\t';

		if (n == 0 || (!space && code < 0x20))
			return false;
		text = str_skip(text, n);
	}
	return true;
}

static int read_options(struct admin *a, struct autoreply_text *t)
{
	struct str every = a->options[OPTION_every];
	int64_t ms = (int64_t)EVERY * 1000;
	int status = 0;

	t->subject = a->options[OPTION_subject];
	t->text = a->input;
	if (t->text.n == 0 || t->text.n > TEXT_MAX || !text_ok(t->text))
		return admin_no(a, "the text must be UTF-8, not empty and at most %d bytes", TEXT_MAX);
	if (t->subject.n > SUBJECT_MAX || !text_ok(t->subject) || str_chr(t->subject, '\n') >= 0 ||
	    str_chr(t->subject, '\r') >= 0)
		return admin_no(a, "the subject must be one line of UTF-8, at most %d bytes", SUBJECT_MAX);
	if (every.n > 0 &&
	    (!conf_duration(every, &ms) || ms < (int64_t)EVERY_LEAST * 1000 || ms > (int64_t)EVERY_MOST * 1000))
		return admin_no(a, "--every wants a time between 1h and 365d");
	t->every = ms;
	if (a->options[OPTION_from].n > 0)
		status = read_day(a, a->options[OPTION_from], false, &t->since);
	if (status == 0 && a->options[OPTION_until].n > 0)
		status = read_day(a, a->options[OPTION_until], true, &t->until);
	if (status == 0 && t->until > 0 && t->until <= t->since)
		return admin_no(a, "it would end before it begins");
	return status;
}

int admin_autoreply_set(struct admin *a)
{
	struct autoreply_text t = { 0 };
	struct str address = STR("");
	int status = admin_mailbox(a, &address);

	if (status == 0)
		status = read_options(a, &t);
	if (status != 0)
		return status;
	const struct db_value v[] = { DB_TEXT(address), DB_TEXT(t.subject), DB_TEXT(t.text),
				      DB_NUM(t.since),  DB_NUM(t.until),    DB_NUM(t.every) };
	const struct db_value all[] = { DB_TEXT(address), DB_NUM(INT64_MAX) };

	/* Another text is news for everybody. */
	if (db_do(a->store, SQL_AUTOREPLY_SET, v, COUNT(v), &a->err) < 0 ||
	    db_do(a->store, SQL_REPLIED_FORGET, all, COUNT(all), &a->err) < 0)
		return admin_broken(a);
	return admin_yes(a, "%.*s answers by itself, each sender once in %lld hours", STR_ARG(address),
			 (long long)(t.every / 1000 / 3600));
}

int admin_autoreply_show(struct admin *a)
{
	struct json j = json_to(&a->done->output);
	struct autoreply_text t;
	struct str address = STR("");
	int rc, status = admin_mailbox(a, &address);

	if (status != 0)
		return status;
	rc = store_autoreply(a->store, address, &a->mem, &t, &a->err);
	if (rc <= 0)
		return rc < 0 ? admin_broken(a) : admin_no(a, "%.*s does not answer by itself", STR_ARG(address));
	json_begin_object(&j);
	json_key(&j, "account"), json_str(&j, address);
	json_key(&j, "subject"), json_str(&j, t.subject);
	admin_put_time(&j, "from", t.since);
	admin_put_time(&j, "until", t.until);
	json_key(&j, "every-hours"), json_num(&j, t.every / 1000 / 3600);
	json_key(&j, "text"), json_str(&j, t.text);
	json_end_object(&j);
	return 0;
}

int admin_forget_autoreply(struct admin *a, struct str address)
{
	const struct db_value v[] = { DB_TEXT(address), DB_NUM(INT64_MAX) };
	int n = db_do(a->store, SQL_AUTOREPLY_REMOVE, v, 1, &a->err);

	return n < 0 || db_do(a->store, SQL_REPLIED_FORGET, v, 2, &a->err) < 0 ? -1 : n;
}

int admin_autoreply_off(struct admin *a)
{
	struct str address = STR("");
	int n, status = admin_mailbox(a, &address);

	if (status != 0)
		return status;
	n = admin_forget_autoreply(a, address);
	if (n < 0)
		return admin_broken(a);
	return n > 0 ? admin_yes(a, "%.*s does not answer by itself any more", STR_ARG(address))
		     : admin_no(a, "%.*s does not answer by itself", STR_ARG(address));
}
