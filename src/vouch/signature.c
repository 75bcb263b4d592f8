#include "vouch/signature.h"

#include <string.h>
#include "base/base64.h"

enum { ANY = SIGNATURE_DKIM | SIGNATURE_ARC | SEAL_ARC, BOTH = SIGNATURE_DKIM | SIGNATURE_ARC };
enum {
	NAMES_MAX = 1000,
	INSTANCE_DIGITS = 2,
	LENGTH_DIGITS = 76,
	IDENTITY_MAX = 512,
	NAME_MAX_BYTES = 253,
	B64_MAX = 1024
};

struct reading {
	struct arena *arena;
	struct signature *s;
	const struct tag *tag;
};

static const char *read_version(struct reading *r, struct str v)
{
	(void)r;
	return str_eqz(v, "1") ? NULL : "v= is not 1";
}

static bool is_word(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_';
}

static bool all_of(struct str s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return s.n > 0;
}

static const char *read_algorithm(struct reading *r, struct str v)
{
	if (v.n <= 32 && all_of(v, is_word))
		r->s->algorithm = v;
	r->s->type = str_eqz(v, "ed25519-sha256") ? KEY_ED25519 : KEY_RSA;
	if (str_eqz(v, "rsa-sha256") || r->s->type == KEY_ED25519)
		return NULL;
	return str_eqz(v, "rsa-sha1") ? "rsa-sha1 is no longer valid" : "a= is an unknown algorithm";
}

static bool decode(struct reading *r, struct str v, struct str *text, struct str *bytes)
{
	BUF(out);

	*text = tags_unblank(str_take(v, 2 * B64_MAX), r->arena);
	if (text->n == 0 || text->n > B64_MAX || !base64_decode(*text, &out)) {
		*text = STR("");
		return false;
	}
	*bytes = arena_str(r->arena, buf_str(&out));
	return true;
}

static const char *read_b(struct reading *r, struct str v)
{
	r->s->hole = r->tag->place;
	return decode(r, v, &r->s->b, &r->s->bytes) ? NULL : "b= is not base64 of a signature";
}

static const char *read_bh(struct reading *r, struct str v)
{
	struct str text, bytes;

	if (!decode(r, v, &text, &bytes) || bytes.n != SHA256_SIZE)
		return "bh= is not base64 of a SHA-256 hash";
	memcpy(r->s->bh, bytes.p, SHA256_SIZE);
	return NULL;
}

static bool canon_of(struct str name, enum canon *out)
{
	*out = str_eqz(name, "relaxed") ? CANON_RELAXED : CANON_SIMPLE;
	return *out == CANON_RELAXED || str_eqz(name, "simple");
}

static const char *read_canon(struct reading *r, struct str v)
{
	struct str head, body;

	if (!str_cut(v, STR("/"), &head, &body))
		body = STR("simple");
	return canon_of(head, &r->s->head) && canon_of(body, &r->s->body) ? NULL : "c= is unknown";
}

static const char *read_seal(struct reading *r, struct str v)
{
	if (str_eqz(v, "none"))
		r->s->seal = SEAL_NONE;
	else if (str_eqz(v, "pass"))
		r->s->seal = SEAL_PASS;
	else if (str_eqz(v, "fail"))
		r->s->seal = SEAL_FAIL;
	else
		return "cv= is not none, pass or fail";
	return NULL;
}

/* Labels of letters, digits, '-' and '_' with dots between. */
static bool is_name(struct str s)
{
	struct str label;

	if (s.n == 0 || s.n > NAME_MAX_BYTES)
		return false;
	do {
		str_cut(s, STR("."), &label, &s);
		if (label.n > 63 || !all_of(label, is_word))
			return false;
	} while (s.n > 0 || label.p + label.n != s.p);
	return true;
}

static const char *read_domain(struct reading *r, struct str v)
{
	if (!is_name(v))
		return "d= is not a domain name";
	r->s->domain = v;
	return NULL;
}

static const char *read_selector(struct reading *r, struct str v)
{
	if (!is_name(v))
		return "s= is not a selector";
	r->s->selector = v;
	return NULL;
}

/* An empty name, as some signers leave behind the last colon, is that of no field. */
static const char *read_names(struct reading *r, struct str v)
{
	struct str rest = v, name;
	size_t count = 0;

	r->s->signed_names = v;
	while (tags_item(&rest, &name)) {
		if (++count > NAMES_MAX)
			return "h= has too many names";
		if (r->s->kind == SIGNATURE_ARC && str_ieq(name, STR("ARC-Seal")))
			return "h= names ARC-Seal";
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
				return "h= has what is no field name";
	}
	return NULL;
}

static const char *no_names(struct reading *r, struct str v)
{
	(void)r;
	(void)v;
	return "an ARC-Seal has h=";
}

static const char *read_identity(struct reading *r, struct str v)
{
	if (v.n > IDENTITY_MAX || str_rchr(v, '@') < 0)
		return "i= has no domain";
	r->s->identity = v;
	return NULL;
}

static const char *read_instance(struct reading *r, struct str v)
{
	uint64_t n;

	if (v.n > INSTANCE_DIGITS || !str_u64(v, 50, &n) || n == 0)
		return "i= is not 1 to 50";
	r->s->instance = (unsigned)n;
	return NULL;
}

static const char *read_length(struct reading *r, struct str v)
{
	if (v.n == 0 || v.n > LENGTH_DIGITS || !all_of(v, ascii_isdigit))
		return "l= is not a number";
	while (v.n > 1 && v.p[0] == '0')
		v = str_skip(v, 1);
	if (!str_u64(v, BODY_ALL - 1, &r->s->length))
		r->s->length = BODY_ALL - 1; /* no body is that long */
	return NULL;
}

static const char *read_query(struct reading *r, struct str v)
{
	struct str rest = v, item;

	(void)r;
	while (tags_item(&rest, &item))
		if (str_eqz(item, "dns/txt"))
			return NULL;
	return "q= knows no way that we know";
}

static bool read_moment(struct str v, int64_t *out)
{
	uint64_t n;

	if (!str_u64(v, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static const char *read_time(struct reading *r, struct str v)
{
	return read_moment(v, &r->s->time) ? NULL : "t= is not a number";
}

static const char *read_expiry(struct reading *r, struct str v)
{
	return read_moment(v, &r->s->expiry) ? NULL : "x= is not a number";
}

static const struct rule {
	const char *tag;
	int in, needed; /* by which kinds of signature */
	const char *(*read)(struct reading *r, struct str value);
	const char *missing;
} rules[] = {
	/* clang-format off */
	{ "v",  SIGNATURE_DKIM, SIGNATURE_DKIM, read_version,   "v= is missing"  },
	{ "d",  ANY,            ANY,            read_domain,    "d= is missing"  },
	{ "s",  ANY,            ANY,            read_selector,  "s= is missing"  },
	{ "i",  SIGNATURE_DKIM, 0,              read_identity,  NULL             },
	{ "i",  ANY ^ SIGNATURE_DKIM, ANY ^ SIGNATURE_DKIM, read_instance, "i= is missing" },
	{ "a",  ANY,            ANY,            read_algorithm, "a= is missing"  },
	{ "b",  ANY,            ANY,            read_b,         "b= is missing"  },
	{ "bh", BOTH,           BOTH,           read_bh,        "bh= is missing" },
	{ "c",  BOTH,           0,              read_canon,     NULL             },
	{ "cv", SEAL_ARC,       SEAL_ARC,       read_seal,      "cv= is missing" },
	{ "h",  BOTH,           BOTH,           read_names,     "h= is missing"  },
	{ "h",  SEAL_ARC,       0,              no_names,       NULL             },
	{ "l",  BOTH,           0,              read_length,    NULL             },
	{ "q",  BOTH,           0,              read_query,     NULL             },
	{ "t",  ANY,            0,              read_time,      NULL             },
	{ "x",  BOTH,           0,              read_expiry,    NULL             },
	/* clang-format on */
};

static void mistake(struct signature_word *f, const char *why)
{
	if (why != NULL && f->result == DKIM_PASS)
		*f = (struct signature_word){ DKIM_NEUTRAL, str_of(why) };
}

/* d= or a parent of it stands at the end of i= (RFC 6376 3.5, i=). */
static bool below(struct str identity, struct str domain)
{
	struct str at = str_skip(identity, (size_t)str_rchr(identity, '@') + 1);

	if (!str_iends(at, domain))
		return false;
	return at.n == domain.n || at.p[at.n - domain.n - 1] == '.';
}

/* What concerns two tags, or what is no mistake of writing. */
static void check_whole(struct reading *r, struct signature_word *f)
{
	struct signature *s = r->s;

	if (s->domain.n > 0 && s->kind == SIGNATURE_DKIM && s->identity.n == 0)
		s->identity = arena_fmt(r->arena, "@%.*s", STR_ARG(s->domain));
	if (s->expiry != SIGNATURE_NO_TIME && s->time != SIGNATURE_NO_TIME && s->expiry <= s->time)
		mistake(f, "x= is not after t=");
	if (f->result != DKIM_PASS) {
		if (str_eqz(s->algorithm, "rsa-sha1"))
			f->result = DKIM_PERMERROR;
		return;
	}
	if (s->kind == SIGNATURE_DKIM && !below(s->identity, s->domain))
		*f = (struct signature_word){ DKIM_PERMERROR, STR("i= is not at d=") };
}

void signature_read(struct arena *a, enum signature_kind kind, const struct canon_field *field, struct signature *out,
		    struct signature_word *f)
{
	struct reading r = { .arena = a, .s = out };
	struct tags t;

	*out = (struct signature){ .kind = kind, .field = field, .head = CANON_SIMPLE, .body = CANON_SIMPLE };
	/* Seals know relaxed only.  Of an ARC-Message-Signature without c= RFC 8617 says nothing of its own; the
	 * public suite and those who wrote it have it relaxed too. */
	if (kind != SIGNATURE_DKIM)
		out->head = out->body = CANON_RELAXED;
	out->length = BODY_ALL;
	out->time = out->expiry = SIGNATURE_NO_TIME;
	*f = (struct signature_word){ DKIM_PASS, STR("") };
	if (!tags_parse(field->value, &t))
		mistake(f, t.why);
	for (size_t i = 0; i < COUNT(rules); i++) {
		r.tag = tags_get(&t, rules[i].tag);
		if ((rules[i].in & (int)kind) == 0)
			continue;
		if (r.tag != NULL)
			mistake(f, rules[i].read(&r, r.tag->value));
		else if ((rules[i].needed & (int)kind) != 0)
			mistake(f, rules[i].missing);
	}
	check_whole(&r, f);
}
