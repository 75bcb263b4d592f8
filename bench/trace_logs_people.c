/* bench/trace_logs_people.c - who writes, who is written to, and from where. */
#include "trace_logs.h"

#include <stdio.h>

enum { MAILBOXES = 24000, PERSONS = 120000, PER_DOMAIN = 12 };

static const char *const firsts[] = { "anna", "boris",  "carla",  "dimo",   "elena", "franz",  "gina",  "hugo",
				      "ivan", "julia",  "kalina", "luca",   "maria", "nikola", "olga",  "peter",
				      "rosa", "stefan", "tanya",  "ulrich", "vera",  "walter", "xenia", "yana" };
static const char *const lasts[] = { "novak",   "berger",    "ivanova", "rossi",    "meyer", "petrov",
				     "lang",    "dimitrova", "fischer", "georgiev", "weiss", "silva",
				     "todorov", "klein",     "martin",  "stoyanova" };
static const char *const words[] = { "blue",  "river", "alpine", "garden", "north", "harbor", "silver", "maple",
				     "stone", "cloud", "bright", "forest", "honey", "meadow", "orbit",  "pixel" };
static const char *const ends[] = { "shop",   "works",  "studio", "trade", "print", "media", "hotel", "clinic",
				    "school", "travel", "design", "foods", "tools", "music", "press", "labs" };

#define PICK(list, n) ((list)[(n) % (sizeof(list) / sizeof(*(list)))])

/* Well spread, so that neighbours differ. */
static unsigned mix(unsigned n)
{
	n = (n ^ n >> 16) * 0x45d9f3bu;
	n = (n ^ n >> 16) * 0x45d9f3bu;
	return n ^ n >> 16;
}

/* Half of the mail is of those who have much of it. */
static unsigned one_of(unsigned n)
{
	return chance(500) ? chance_rank(n) : (unsigned)chance_of(n);
}

struct who who_any(enum who_kind kind)
{
	switch (kind) {
	case WHO_MAILBOX:
		return (struct who){ kind, one_of(MAILBOXES) };
	case WHO_PERSON:
		return (struct who){ kind, one_of(PERSONS) };
	default:
		return (struct who){ kind, (unsigned)chance_of(UINT32_MAX) };
	}
}

/* Where the address is one of many: whoever has no mailbox is asked for where others have. */
static unsigned domain_of(struct who w)
{
	return (w.kind == WHO_MISSING ? w.n % MAILBOXES : w.n) / PER_DOMAIN;
}

/* Bounces come from where people write. */
static bool is_person(struct who w)
{
	return w.kind == WHO_PERSON || w.kind == WHO_NONE;
}

struct name who_domain(struct who w)
{
	unsigned n = mix(domain_of(w));
	struct name out = { "" };

	if (w.kind == WHO_STRANGER)
		snprintf(out.text, sizeof(out.text), "%s%u.test", PICK(ends, w.n >> 20), w.n >> 12 & 0xff);
	else if (is_person(w))
		snprintf(out.text, sizeof(out.text), "%s%s%u.example.net", PICK(words, n), PICK(ends, n >> 8),
			 domain_of(w));
	else
		snprintf(out.text, sizeof(out.text), "%s%s%u.example", PICK(words, n), PICK(ends, n >> 8),
			 domain_of(w));
	return out;
}

struct name who_name(struct who w)
{
	unsigned n = mix(w.n + 77);
	struct name domain = who_domain(w), out = { "" };

	if (w.kind == WHO_NONE)
		return out;
	if (w.kind == WHO_STRANGER)
		snprintf(out.text, sizeof(out.text), "%s%x@%.60s", PICK(words, n), w.n, domain.text);
	else if (w.kind == WHO_MISSING)
		snprintf(out.text, sizeof(out.text), "%s%u@%.60s", PICK(firsts, n), w.n % 9973, domain.text);
	else
		snprintf(out.text, sizeof(out.text), "%s.%s%u@%.60s", PICK(firsts, w.n), PICK(lasts, n), w.n / 24 % 90,
			 domain.text);
	return out;
}

struct name who_ip(struct who w)
{
	unsigned n = mix(w.kind == WHO_STRANGER ? w.n / 7 : w.n / PER_DOMAIN + 5);
	struct name out = { "" };

	if (w.kind == WHO_STRANGER) /* of a network for nobody in particular */
		snprintf(out.text, sizeof(out.text), "100.%u.%u.%u", 64 + n % 64, n >> 8 & 0xff, n >> 16 & 0xff);
	else if (is_person(w))
		snprintf(out.text, sizeof(out.text), "198.%u.%u.%u", 18 + n % 2, n >> 8 & 0xff, n >> 16 & 0xff);
	else
		snprintf(out.text, sizeof(out.text), "10.%u.%u.%u", n & 0xff, n >> 8 & 0xff, mix(w.n) & 0xff);
	return out;
}

struct name who_host(struct who w)
{
	unsigned n = mix(w.n / 7);
	struct name out = { "" };

	if (is_person(w))
		snprintf(out.text, sizeof(out.text), "mail.%.80s", who_domain(w).text);
	else if (w.kind == WHO_MAILBOX)
		snprintf(out.text, sizeof(out.text), "dsl-%u-%u.home.example.org", w.n / PER_DOMAIN, mix(w.n) & 0xff);
	else if (w.n % 3 > 0)
		snprintf(out.text, sizeof(out.text), "pool-%u-%u-%u.dyn.test", 64 + n % 64, n >> 8 & 0xff,
			 n >> 16 & 0xff);
	return out;
}

struct name who_server(struct who w)
{
	unsigned n = mix(w.n / PER_DOMAIN + 5);
	struct name out = { "" };

	snprintf(out.text, sizeof(out.text), "198.%u.%u.%u", 18 + n % 2, n >> 8 & 0xff, n >> 16 & 0xff);
	return out;
}
