#include "trace/question.h"

#include <string.h>

#include "logs/foreign.h"

/* May stand between "from" and its address. */
static const char *const articles[] = { "the",    "a",      "an",        "my",       "our",    "his",
					"her",    "their",  "address",   "user",     "server", "host",
					"domain", "sender", "recipient", "customer", "client" };

/* Mean nothing here: the words of a question around its pattern. */
static const char *const fillers[] = {
	"what",      "happened",   "happens",   "with",        "mail",     "mails",     "email",    "e-mail",
	"emails",    "message",    "messages",  "letter",      "of",       "where",     "is",       "are",
	"was",       "were",       "be",        "been",        "did",      "does",      "do",       "has",
	"have",      "had",        "show",      "list",        "find",     "trace",     "me",       "all",
	"every",     "everything", "anything",  "something",   "any",      "please",    "why",      "when",
	"how",       "who",        "which",     "not",         "never",    "no",        "n't",      "didn't",
	"doesn't",   "hasn't",     "wasn't",    "isn't",       "arrive",   "arrived",   "come",     "came",
	"go",        "went",       "get",       "got",         "gone",     "reach",     "reached",  "receive",
	"received",  "delivered",  "refused",   "rejected",    "returned", "bounced",   "accepted", "deferred",
	"lost",      "missing",    "stuck",     "late",        "delayed",  "or",        "and",      "but",
	"that",      "this",       "it",        "he",          "she",      "they",      "i",        "we",
	"you",       "there",      "says",      "said",        "say",      "claims",    "gate",     "mailbox",
	"door",      "through",    "in",        "into",        "on",       "at",        "around",   "about",
	"out",       "then",       "status",    "become",      "became",   "addressed", "log",      "logs",
	"filter",    "ever",       "yet",       "us",          "so",       "can",       "could",    "tell",
	"see",       "look",       "up",        "its",         "if",       "whether",   "delivery", "connection",
	"queue",     "/",          "reply",     "answer",      "leave",    "left",      "again",    "tried",
	"try",       "somebody",   "someone",   "know",        "day",      "time",      "mistyped", "forwarded",
	"one",       "two",        "three",     "people",      "them",     "session",   "id",       "message-id",
	"number",    "also",       "just",      "only",        "other",    "another",   "here",     "while",
	"still",     "waiting",    "exactly",   "actually",    "now",      "denied",    "blocked",  "queued",
	"over",      "full",       "same",      "remote",      "many",     "letters",   "remotely", "forward",
	"abandoned", "discarded",  "sessions",  "connections", "logins",   "login",     "failed",   "relayed",
	"minute",    "morning",    "afternoon", "evening",     "am",       "folder"
};

/* The address before them is the sender's. */
static const char *const sent[] = { "sent", "send", "sends", "wrote", "write", "writes", "mailed", "sending" };

static const char *const from[] = { "from", "by" };
static const char *const to[] = { "to", "for", "->", "\xe2\x86\x92" };

static const struct {
	const char *const *list;
	size_t n;
	enum word_role role;
} lists[] = {
	{ from, COUNT(from), WORD_FROM },         { to, COUNT(to), WORD_TO },
	{ sent, COUNT(sent), WORD_SENT },         { articles, COUNT(articles), WORD_ARTICLE },
	{ fillers, COUNT(fillers), WORD_FILLER },
};

/* Words that ask for one verdict, beside those of INTERFACE.md. */
static const struct {
	const char *word, *verdict;
} outcomes[] = {
	{ "refused", "refused" },     { "rejected", "refused" },    { "denied", "refused" },
	{ "blocked", "refused" },     { "returned", "returned" },   { "bounced", "returned" },
	{ "delivered", "delivered" }, { "forwarded", "forwarded" }, { "relayed", "relayed" },
	{ "waiting", "waiting" },     { "stuck", "waiting" },       { "queued", "waiting" },
	{ "abandoned", "abandoned" }, { "discarded", "discarded" },
};

static const char *const mails[] = { "mail",    "mails",    "email",   "emails",     "e-mail",   "e-mails",
				     "message", "messages", "letters", "everything", "anything", "what" };

/* Of these alone whose they are may stand before the outcome: "the mail to X refused ..." is told of one. */
static const char *const plurals[] = { "mails", "emails", "e-mails", "messages", "letters" };

static const char *const between[] = { "was", "were", "is",   "are",   "been", "being",
				       "got", "get",  "that", "which", "have", "has" };

/* Who begins so asks for a list; else "was the mail refused" asks about one message, whatever became of it. */
static const char *const listing[] = { "which", "what", "all", "any", "every", "everything", "show", "list", "find" };

static const char *const doubting[] = { "was",  "were", "is",   "are",   "did", "does", "do",   "has",
					"have", "why",  "when", "where", "how", "can",  "could" };

static const char *outcome_word_of(struct str w)
{
	for (size_t i = 0; i < COUNT(outcomes); i++)
		if (str_ieq(w, str_of(outcomes[i].word)))
			return outcomes[i].verdict;
	return NULL;
}

/* "mails from X to Y refused": where their noun stands; i: they have none. */
static size_t before_addresses(const struct str *w, size_t i)
{
	size_t noun = i;

	while (noun >= 2 && (question_role(w[noun - 2]) == WORD_FROM || question_role(w[noun - 2]) == WORD_TO))
		noun -= 2;
	return noun < i && noun > 0 && question_listed(w[noun - 1], plurals, COUNT(plurals)) ? noun : i;
}

/* "mails refused on Tuesday", "which messages were rejected": the noun stands directly before it, no doubt before that. */
static bool behind_its_noun(const struct str *w, size_t i)
{
	size_t near = before_addresses(w, i), noun = near, first = 0;
	bool listed = question_listed(w[0], listing, COUNT(listing)) ||
		      (i > 1 && str_ieq(w[0], STR("how")) && str_ieq(w[1], STR("many")));

	while (noun > 0 && question_listed(w[noun - 1], between, COUNT(between)))
		noun--;
	if (noun == 1 && near > noun && str_ieq(w[0], STR("who"))) /* "who was refused today" */
		return true;
	listed = listed || (noun < near && noun > 0 && question_listed(w[noun - 1], plurals, COUNT(plurals)) &&
			    (str_ieq(w[noun], STR("that")) || str_ieq(w[noun], STR("which"))));
	if (noun == 0 || !question_listed(w[noun - 1], mails, COUNT(mails)) || (noun < near && !listed))
		return false;
	while (first + 1 < noun && !question_listed(w[first], doubting, COUNT(doubting)))
		first++;
	return listed || first + 1 == noun;
}

const char *question_outcome(const struct str *w, size_t n, size_t i)
{
	const char *verdict = outcome_word_of(w[i]);

	if (verdict == NULL || n == 1)
		return verdict;
	if (i + 1 < n && question_listed(w[i + 1], mails, COUNT(mails)) && !str_ieq(w[i + 1], STR("what")))
		return verdict;
	return behind_its_noun(w, i) ? verdict : NULL;
}

bool question_denies(const struct str *w, size_t n, size_t i)
{
	return i > 0 && i + 1 < n && str_ieq(w[i], STR("not")) && outcome_word_of(w[i + 1]) != NULL &&
	       question_listed(w[i - 1], plurals, COUNT(plurals));
}

const char *question_reason(struct str w)
{
	static const struct {
		const char *word, *reason;
	} t[] = { { "quota", "quota" }, { "overquota", "quota" },     { "junk", "junk" },
		  { "junked", "junk" }, { "greylisted", "gr*ylist" }, { "graylisted", "gr*ylist" } };

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_ieq(w, str_of(t[i].word)))
			return t[i].reason;
	return NULL;
}

bool question_listed(struct str w, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(w, str_of(list[i])))
			return true;
	return false;
}

/* Questions about many messages at once. */
static const char *const counting[] = { "burst", "bursts",    "hacked",     "volume",  "p50",     "p90",
					"p95",   "p99",       "percentile", "latency", "average", "statistics",
					"stats", "statistic", "much",       "top" };

bool question_counts(struct str w)
{
	return question_listed(w, counting, COUNT(counting));
}

enum word_role question_role(struct str w)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		if (question_listed(w, lists[i].list, lists[i].n))
			return lists[i].role;
	return WORD_UNKNOWN;
}

/* "552 over quota", "550 5.1.1 user unknown", "4.7.0": of a reply the numbers count, its words are told from memory. */
bool question_reply(struct str w, struct arena *a, struct str *value)
{
	struct str rest = w, first = str_word(&rest), second = str_word(&rest);
	uint64_t code;

	if (status_class(first) == NULL || first.p[0] < '4' || (str_chr(first, '.') < 0 && !str_u64(first, 599, &code)))
		return false;
	*value = status_class(second) != NULL && str_chr(second, '.') > 0
		     ? arena_fmt(a, "%.*s*%.*s", STR_ARG(first), STR_ARG(second))
		     : first;
	return true;
}

/* "15 minutes": how late it was, not when. */
bool question_duration(const struct str *w, size_t n, size_t i)
{
	static const char *const units[] = { "second", "seconds", "minute", "minutes", "min", "hour", "hours", "days" };
	uint64_t count;

	return i + 1 < n && str_u64(w[i], UINT64_MAX, &count) && question_listed(w[i + 1], units, COUNT(units));
}

/* A Message-ID in its brackets, a queue id of Postfix or Exim, a number that is no year: small ones count things. */
bool question_id(struct str w)
{
	uint64_t n;

	if (w.n > 2 && w.p[0] == '<' && w.p[w.n - 1] == '>')
		return true;
	if (str_u64(w, (uint64_t)1 << 53, &n))
		return n >= 1000 && (n < 1900 || n > 2099);
	return foreign_is_exim_id(w) || foreign_is_postfix_id(w);
}

struct str question_bare(struct str w)
{
	while (w.n > 0 && strchr("?!,.;:)\"'", w.p[w.n - 1]) != NULL)
		w.n--;
	while (w.n > 0 && strchr("(\"'", w.p[0]) != NULL)
		w = str_skip(w, 1);
	return w;
}
