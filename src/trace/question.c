#include "trace/question_parts.h"

#include <string.h>

#define F(id, word) [FILTER_##id] = word,
const char *const filter_words[FILTER_KINDS] = { QUESTION_FILTERS(F) };
#undef F

static struct filter *add_filter(struct asker *k, enum filter_kind kind, struct str value)
{
	if (k->q->n == QUESTION_MAX) {
		err_set(k->e, "more than %d filters in one question", QUESTION_MAX);
		return NULL;
	}
	k->q->filters[k->q->n] = (struct filter){ .kind = kind, .value = value };
	return &k->q->filters[k->q->n++];
}

static int filter_value(struct asker *k, enum filter_kind kind, struct str value)
{
	struct filter *f = add_filter(k, kind, arena_str(k->a, value));

	return f == NULL ? -1 : filter_understand(f, k->a, k->e);
}

/* id:connection 24, whose quotes a shell has taken away. */
static struct str id_and_more(struct asker *k, struct str value, size_t *i)
{
	uint64_t n;

	if (id_kind_of(value) == ID_ANY || *i + 1 == k->n || !str_u64(k->words[*i + 1], UINT64_MAX, &n))
		return value;
	*i += 1;
	return arena_fmt(k->a, "%.*s %.*s", STR_ARG(value), STR_ARG(k->words[*i]));
}

/* The time that such a key is about: "since" is "after"; NULL: none. */
static const char *time_of_key(struct str key)
{
	static const char *const t[][2] = {
		{ "on", "on" },         { "after", "after" },  { "since", "after" },
		{ "before", "before" }, { "until", "before" },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_ieq(key, str_of(t[i][0])))
			return t[i][1];
	return NULL;
}

/* KEY:VALUE, or KEY: VALUE as two words.  0: done, 1: no such token, -1: e. */
static int take_token(struct asker *k, size_t *i)
{
	struct str key, value;

	if (!str_cut(k->words[*i], STR(":"), &key, &value) || key.n == 0 || !ascii_isalpha(key.p[0]))
		return 1;
	if (value.n == 0 && *i + 1 < k->n)
		value = k->words[++*i];
	if (value.n == 0)
		return err_set(k->e, "%.*s: needs a value", STR_ARG(key));
	if (time_of_key(key) != NULL)
		return question_when(k, time_of_key(key), value, i);
	for (int f = 0; f < FILTER_KINDS; f++)
		if (str_ieq(key, str_of(filter_words[f])))
			return filter_value(k, (enum filter_kind)f, f == FILTER_ID ? id_and_more(k, value, i) : value);
	return err_set(k->e,
		       "there is no filter %.*s: (filters: from to any ip on after since before until id verdict "
		       "reason login port text)",
		       STR_ARG(key));
}

static bool address_like(struct str w)
{
	ptrdiff_t dot = str_chr(w, '.');

	return str_chr(w, '@') >= 0 || str_chr(w, '*') >= 0 || str_eqz(w, "<>") ||
	       (dot > 0 && (size_t)dot + 1 < w.n && str_chr(w, '/') < 0);
}

/* A free word does not say whether it is an address or an id: select_understand() finds out. */
static void keep_word(struct asker *k, struct str w)
{
	struct filter *f = &k->q->filters[k->q->n - 1];
	bool address = str_chr(w, '@') > 0 && str_chr(w, '*') < 0;
	uint64_t n;

	if (f->kind != FILTER_IP && (address || question_id(w) || str_u64(w, UINT64_MAX, &n)))
		f->word = arena_str(k->a, w);
}

static int take_address(struct asker *k, struct str w, bool possessive)
{
	enum filter_kind kind = k->slot == SLOT_FROM || (possessive && k->slot == SLOT_NONE) ? FILTER_FROM
				: k->slot == SLOT_TO                                         ? FILTER_TO
											     : FILTER_ANY;
	struct ip_net net;

	if (ip_net_parse(w, &net))
		kind = FILTER_IP;
	if (filter_value(k, kind, w) < 0)
		return -1;
	keep_word(k, w);
	if (kind == FILTER_ANY)
		k->loose = &k->q->filters[k->q->n - 1];
	k->slot = SLOT_NONE;
	return 0;
}

static bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_isdigit(s.p[i]))
			return true;
	return false;
}

/* "qp 15309", "delivery 114878", "connection 29207", "queue id 4DsZWm29b7zh6cp", "Message-ID <x@y>" */
static bool names_number(struct asker *k, size_t i)
{
	static const char *const t[] = { "id", "number", "message-id" };
	struct str next = i + 1 < k->n ? k->words[i + 1] : STR("");
	uint64_t n;

	if (question_listed(k->words[i], t, COUNT(t)))
		return has_digit(next) || (next.n > 0 && next.p[0] == '<');
	return id_kind_of(k->words[i]) != ID_ANY && str_u64(next, UINT64_MAX, &n);
}

static int take_number(struct asker *k, size_t *i)
{
	struct str word = k->words[*i], number = k->words[++*i];

	if (id_kind_of(word) == ID_ANY)
		return filter_value(k, FILTER_ID, number);
	return filter_value(k, FILTER_ID, arena_fmt(k->a, "%.*s %.*s", STR_ARG(word), STR_ARG(number)));
}

/* "John Smith <john@x.example>": the name is no part of the address. */
static bool names_person(const struct asker *k, size_t i)
{
	for (size_t j = i + 1; j < k->n && j < i + 4; j++) {
		if (k->words[j].n > 2 && k->words[j].p[0] == '<' && str_chr(k->words[j], '@') > 0)
			return true;
		if (question_role(k->words[j]) != WORD_UNKNOWN)
			return false;
	}
	return false;
}

static int not_understood(struct asker *k, struct str w)
{
	if (question_counts(w))
		return err_set(
		    k->e,
		    "`%.*s` asks about many messages at once; trace finds messages and says what became of "
		    "them. Ask for those meant, as in any:user@example.com after:yesterday: the answer lists "
		    "them and counts them by verdict and by reason; the numbers themselves tells telltale stats",
		    STR_ARG(w));
	return err_set(k->e,
		       "I do not understand `%.*s`. Words that a reply or a log line holds are asked for as "
		       "text:\"WORDS\"; what a reply means says `telltale explain`",
		       STR_ARG(w));
}

static int take_id(struct asker *k, struct str w)
{
	uint64_t n;

	if (!question_id(w) && !str_u64(w, (uint64_t)1 << 53, &n))
		return not_understood(k, w);
	if (filter_value(k, FILTER_ID, w) < 0)
		return -1;
	keep_word(k, w);
	return 0;
}

/* "to me": whose mail is asked about knows who that is (question_me()). */
static int take_me(struct asker *k)
{
	struct filter *f = add_filter(k, k->slot == SLOT_FROM ? FILTER_FROM : FILTER_TO, STR("me"));

	k->slot = SLOT_NONE;
	if (f == NULL)
		return -1;
	f->me = true;
	return filter_understand(f, k->a, k->e);
}

static int take_plain(struct asker *k, struct str w, size_t i)
{
	switch (question_role(w)) {
	case WORD_FROM:
		k->slot = SLOT_FROM;
		return 0;
	case WORD_TO:
		if ((str_eqz(w, "->") || str_eqz(w, "\xe2\x86\x92")) && k->loose != NULL)
			k->loose->kind = FILTER_FROM;
		k->slot = SLOT_TO;
		return 0;
	case WORD_SENT:
		if (k->loose != NULL)
			k->loose->kind = FILTER_FROM;
		k->loose = NULL;
		return 0;
	case WORD_FILLER:
		if (k->slot != SLOT_NONE && str_ieq(w, STR("me")))
			return take_me(k);
		k->slot = SLOT_NONE;
		return 0;
	case WORD_ARTICLE:
		return 0;
	case WORD_UNKNOWN:
		break;
	}
	if (names_person(k, i))
		return 0;
	if (k->slot == SLOT_NONE && (question_id(w) || k->n == 1) && !question_counts(w))
		return take_id(k, w);
	return k->slot == SLOT_NONE ? not_understood(k, w) : take_address(k, w, false);
}

static bool is_token(struct str w)
{
	struct str key, value;

	if (!str_cut(w, STR(":"), &key, &value) || key.n == 0 || !ascii_isalpha(key.p[0]))
		return false;
	/* "He mistyped: x@y" is a sentence, "to: x@y" a filter, "colour:red" a mistake to be named */
	return value.n > 0 || question_listed(key, filter_words, FILTER_KINDS) || time_of_key(key) != NULL;
}

/* "from X or Y", "from X and Y": filters intersect, and a mail has one sender.  An address and its network do not. */
static bool either(const struct asker *k, size_t i)
{
	const struct filter *last = k->q->n > 0 ? &k->q->filters[k->q->n - 1] : NULL;
	struct str w = i >= 2 ? k->words[i - 1] : STR("");
	struct ip_net net;

	if (last == NULL || i < 2 || !address_like(k->words[i - 2]) || ip_net_parse(k->words[i], &net))
		return false;
	return str_ieq(w, STR("or")) || (last->kind == FILTER_FROM && str_ieq(w, STR("and")));
}

/* "from:X or from:Y", "verdict:refused or returned", "port:25 or 587"; not "on:tuesday or so", "to:X or not?". */
static bool or_of_filters(const struct asker *k, size_t i)
{
	struct ip_net net;
	struct str next;
	uint64_t n;

	if (!str_ieq(k->words[i], STR("or")) || i + 1 == k->n)
		return false;
	next = k->words[i + 1];
	return is_token(next) || (k->token_end == i && (str_u64(next, UINT64_MAX, &n) || ip_net_parse(next, &net) ||
							str_chr(next, '@') > 0 || question_reason(next) != NULL ||
							question_listed(next, verdict_words, VERDICT_COUNT)));
}

static int take_word(struct asker *k, size_t *i)
{
	struct str w = k->words[*i];
	bool possessive = str_iends(w, STR("'s")) || str_iends(w, STR("\xe2\x80\x99s"));
	struct str value;
	struct ip_net net;
	int rc;

	if (w.n == 0)
		return 0;
	if (or_of_filters(k, *i))
		return err_set(k->e, "`or` is not understood between filters: all must fit; ask once for each");
	if ((rc = take_token(k, i)) <= 0) {
		k->token_end = *i + 1;
		return rc;
	}
	if (names_number(k, *i))
		return take_number(k, i);
	if ((rc = question_day(k, i)) <= 0)
		return rc;
	if (question_duration(k->words, k->n, *i)) {
		++*i;
		return 0;
	}
	if (question_reply(w, k->a, &value))
		return filter_value(k, FILTER_REASON, value);
	if (question_reason(w) != NULL)
		return filter_value(k, FILTER_REASON, str_of(question_reason(w)));
	if (question_denies(k->words, k->n, *i))
		return err_set(k->e,
			       "`not %.*s` may be one of several: ask for those meant, as verdict:refused, "
			       "verdict:returned or verdict:waiting",
			       STR_ARG(k->words[*i + 1]));
	if (question_outcome(k->words, k->n, *i) != NULL)
		return filter_value(k, FILTER_VERDICT, str_of(question_outcome(k->words, k->n, *i)));
	if (possessive)
		w = str_take(w, w.n - (w.p[w.n - 2] == '\'' ? 2 : 4));
	if (address_like(w) || ip_net_parse(w, &net))
		return either(k, *i)
			   ? err_set(k->e, "one question finds mail that fits all of it: ask for %.*s by itself",
				     STR_ARG(w))
			   : take_address(k, w, possessive);
	return take_plain(k, w, *i);
}

/* Words are separated by white space; quotes keep it inside a value. */
static int split(struct asker *k, struct str text)
{
	size_t i = 0;

	while (i < text.n) {
		BUF(w);
		bool quoted = false;

		for (; i < text.n && (quoted || strchr(" \t\r\n", text.p[i]) == NULL); i++) {
			if (text.p[i] == '"')
				quoted = !quoted;
			else
				buf_addc(&w, text.p[i]);
		}
		for (; i < text.n && strchr(" \t\r\n", text.p[i]) != NULL; i++)
			;
		if (w.n == 0)
			continue;
		if (k->n == QUESTION_WORDS)
			return err_set(k->e, "the question has more than %d words", QUESTION_WORDS);
		k->words[k->n++] = arena_str(k->a, buf_str(&w));
	}
	return 0;
}

/* The question mark of the sentence is not the value's. */
static struct str without_mark(struct str w)
{
	return w.p[w.n - 1] == '?' ? str_take(w, w.n - 1) : w;
}

int question_parse(struct question *q, struct str text, struct arena *a, struct err *e)
{
	struct asker k = { .q = q, .a = a, .e = e };

	*q = (struct question){ .text = arena_str(a, text) };
	if (text.n > QUESTION_BYTES || memchr(q->text.p, '\0', q->text.n) != NULL)
		return err_set(e, "the question is longer than %d bytes or has a NUL in it", QUESTION_BYTES);
	if (split(&k, q->text) < 0)
		return -1;
	for (size_t i = 0; i < k.n; i++)
		k.words[i] = is_token(k.words[i]) ? without_mark(k.words[i]) : question_bare(k.words[i]);
	for (size_t i = 0; i < k.n; i++)
		if (take_word(&k, &i) < 0)
			return -1;
	if (q->n == 0 && q->on_text.n == 0 && q->after_text.n == 0 && q->before_text.n == 0)
		return err_set(e, "nothing to look for: name a sender, a recipient, a day or a number");
	return 0;
}

int question_me(struct question *q, struct str mailbox, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < q->n; i++) {
		if (!q->filters[i].me)
			continue;
		if (mailbox.n == 0)
			return err_set(e, "I do not know which mailbox `me` is here: write its address instead");
		q->filters[i].value = mailbox;
		if (filter_understand(&q->filters[i], a, e) < 0)
			return -1;
	}
	return 0;
}

const struct filter *question_filter(const struct question *q, enum filter_kind kind)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->filters[i].kind == kind)
			return &q->filters[i];
	return NULL;
}

bool question_exact(const struct filter *f)
{
	return f != NULL && str_chr(f->value, '@') > 0 && str_chr(f->value, '*') < 0;
}

bool question_names_one(const struct question *q)
{
	if (question_filter(q, FILTER_ID) != NULL)
		return true;
	return question_exact(question_filter(q, FILTER_FROM)) && question_exact(question_filter(q, FILTER_TO)) &&
	       q->on_text.n > 0 && q->on.kind < DAY_LAST_WEEK;
}

static bool relative(const struct day *d)
{
	return d->kind == DAY_NONE ? d->timed : (d->kind != DAY_DATE && d->kind != DAY_MONTH) || d->year == 0;
}

bool question_relative(const struct question *q)
{
	return relative(&q->on) || relative(&q->after) || relative(&q->before);
}
