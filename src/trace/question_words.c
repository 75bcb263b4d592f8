#include "trace/question.h"

/* May stand between "from" and its address. */
static const char *const articles[] = { "the",    "a",      "an",        "my",       "our",    "his",
					"her",    "their",  "address",   "user",     "server", "host",
					"domain", "sender", "recipient", "customer", "client" };

/* Mean nothing here: the words of a question around its pattern. */
static const char *const fillers[] = {
	"what",     "happened",   "happens",  "with",      "mail",     "mails",     "email",    "e-mail",
	"emails",   "message",    "messages", "letter",    "of",       "where",     "is",       "are",
	"was",      "were",       "be",       "been",      "did",      "does",      "do",       "has",
	"have",     "had",        "show",     "list",      "find",     "trace",     "me",       "all",
	"every",    "everything", "anything", "something", "any",      "please",    "why",      "when",
	"how",      "who",        "which",    "not",       "never",    "no",        "n't",      "didn't",
	"doesn't",  "hasn't",     "wasn't",   "isn't",     "arrive",   "arrived",   "come",     "came",
	"go",       "went",       "get",      "got",       "gone",     "reach",     "reached",  "receive",
	"received", "delivered",  "refused",  "rejected",  "returned", "bounced",   "accepted", "deferred",
	"lost",     "missing",    "stuck",    "late",      "delayed",  "or",        "and",      "but",
	"that",     "this",       "it",       "he",        "she",      "they",      "i",        "we",
	"you",      "there",      "says",     "said",      "say",      "claims",    "gate",     "mailbox",
	"door",     "through",    "in",       "into",      "on",       "at",        "around",   "about",
	"out",      "then",       "status",   "become",    "became",   "addressed", "log",      "logs",
	"filter",   "ever",       "yet",      "us",        "so",       "can",       "could",    "tell",
	"see",      "look",       "up",       "its",       "if",       "whether",   "delivery", "connection",
	"queue",    "/",          "reply",    "answer",    "leave",    "left",      "again",    "tried",
	"try",      "somebody",   "someone",  "know",      "day",      "time",      "mistyped", "forwarded",
	"one",      "two",        "three",    "people",    "them",     "session",   "id",       "message-id",
	"number",   "also",       "just",     "only",      "other",    "another",   "here",     "while",
	"still",    "waiting",    "exactly",  "actually",  "now"
};

/* The address before them is the sender's. */
static const char *const sent[] = { "sent", "send", "sends", "wrote", "write", "writes", "mailed", "sending" };

static const char *const from[] = { "from", "by" };
static const char *const to[] = { "to", "for" };

static const struct {
	const char *const *list;
	size_t n;
	enum word_role role;
} lists[] = {
	{ from, COUNT(from), WORD_FROM },         { to, COUNT(to), WORD_TO },
	{ sent, COUNT(sent), WORD_SENT },         { articles, COUNT(articles), WORD_ARTICLE },
	{ fillers, COUNT(fillers), WORD_FILLER },
};

bool question_listed(struct str w, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(w, str_of(list[i])))
			return true;
	return false;
}

enum word_role question_role(struct str w)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		if (question_listed(w, lists[i].list, lists[i].n))
			return lists[i].role;
	return WORD_UNKNOWN;
}
