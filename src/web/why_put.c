#include "web/why.h"

#include "base/json.h"
#include "web/plain.h"

/* What the reply meant to the sender's server. */
static const char *meant(const struct refused *row)
{
	return row->verdict == VERDICT_REFUSED_TEMPORARILY
		   ? "It was put off: the sending server tries again by itself."
		   : "It was refused for good: the message is sent again only if somebody does so.";
}

static const char *who_helps(enum who who)
{
	static const char *const words[] = {
		[WHO_NOBODY] = "What to do",
		[WHO_SENDER] = "What you, or whoever runs your mail server, can do",
		[WHO_RECIPIENT] = "What the recipient can do",
		[WHO_POSTMASTER] = "What the postmaster here can do",
	};

	return words[who];
}

static void put_known(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	if (s.n > 0)
		json_str(j, s);
	else
		json_none(j);
}

static void put_json(struct buf *out, const struct refused *row, const struct why_look *x)
{
	const struct word *word = row->word;
	struct json j = json_to(out);

	json_begin_object(&j);
	json_key(&j, "time"), json_str(&j, x->time);
	put_known(&j, "from", row->from);
	put_known(&j, "recipient", row->to != NULL ? row->to->text : STR(""));
	json_key(&j, "client"), json_begin_object(&j);
	put_known(&j, "ip", row->ip);
	put_known(&j, "name", row->rdns);
	json_end_object(&j);
	json_key(&j, "verdict"), json_z(&j, verdict_words[row->verdict]);
	json_key(&j, "meant"), json_z(&j, meant(row));
	json_key(&j, "reason"), json_str(&j, row->reason);
	put_known(&j, "reply", row->reply);
	json_key(&j, "sentence"), json_str(&j, row->explanation);
	json_key(&j, "who"), json_z(&j, answer_who(word->who));
	put_known(&j, "advice", str_of(word->advice));
	put_known(&j, "contact", x->contact);
	json_end_object(&j);
	buf_addc(out, '\n');
}

static void put_page(struct buf *out, const struct refused *row, const struct why_look *x)
{
	const struct word *word = row->word;
	BUF(about);

	plain_begin(out, "Why a mail was refused");
	plain_text(out, "p", str_of(meant(row)));
	plain_text(out, "h2", STR("Why"));
	plain_text(out, "p", row->explanation);
	if (word->advice[0] != '\0') {
		plain_text(out, "h2", str_of(who_helps(word->who)));
		plain_text(out, "p", str_of(word->advice));
	}
	plain_text(out, "h2", STR("Who helps"));
	plain_text(out, "p", STR("Write to this address; it is read by the postmaster of the server that refused:"));
	buf_fmt(&about, "Refused mail, reference %.*s", STR_ARG(x->ref));
	plain_mail(out, x->contact, buf_str(&about));
	plain_text(out, "h2", STR("What it was"));
	buf_adds(out, "<dl>\n");
	plain_fact(out, "When", x->time);
	plain_fact(out, "From", row->from.n > 0 ? row->from : STR("a message without a sender (a bounce)"));
	plain_fact(out, "To", row->to != NULL ? row->to->text : STR("all recipients of the message"));
	plain_fact(out, "Sending server", row->ip);
	plain_fact(out, "Its reverse name", row->rdns);
	plain_fact(out, "Our answer", row->reply);
	plain_fact(out, "Code", row->reason);
	buf_adds(out, "</dl>\n");
	plain_end(out);
}

void why_put(struct buf *out, const struct refused *row, const struct why_look *x)
{
	if (x->page)
		put_page(out, row, x);
	else
		put_json(out, row, x);
}
