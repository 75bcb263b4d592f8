/* What another server answered: who said it, the words, the number under which it keeps the message. */
#include "trace/explain_parts.h"
#include "trace/tell_parts.h"

/* Does a line of a report begin here, and not the rest of a link? */
static bool begins_line(struct str s)
{
	static const char *const words[] = { "Remote host said: ", "Giving up on ", "STARTTLS proto=", "Asked server ",
					     "I'm not going to try again;" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_starts(s, str_of(words[i])))
			return true;
	return s.n > 3 && ascii_isdigit(s.p[0]) && ascii_isdigit(s.p[1]) && ascii_isdigit(s.p[2]) &&
	       (s.p[3] == '-' || s.p[3] == ' ');
}

/* A report's lines as one text; the slashes of a link come back. */
struct str tell_report(struct told *t, struct str report)
{
	struct str plain = str_trim(log_report_plain(t->mem, report));
	size_t word = 0;
	BUF(b);

	for (size_t i = 0; i < plain.n; i++) {
		bool link =
		    str_starts(str_skip(buf_str(&b), word), STR("http")) && !begins_line(str_skip(plain, i + 1));

		if (plain.p[i] == ' ' || (plain.p[i] == '\n' && !link))
			word = b.n + 1;
		buf_addc(&b, plain.p[i] != '\n' ? plain.p[i] : link ? '/' : ' ');
	}
	return arena_str(t->mem, buf_str(&b));
}

static struct str last_word(struct str s)
{
	ptrdiff_t at = str_rchr(s, ' ');

	return at < 0 ? s : str_skip(s, (size_t)at + 1);
}

static struct str host_of(struct str text)
{
	static const char *const behind[] = { " accepted message.", " does not like recipient.",
					      " failed on DATA command.", " failed after I sent the message." };
	struct str head = STR("Connected to "), rest;
	ptrdiff_t at = str_find(text, head);

	if (at >= 0) {
		rest = str_skip(text, (size_t)at + head.n);
		return str_word(&rest);
	}
	for (size_t i = 0; i < COUNT(behind); i++)
		if ((at = str_find(text, str_of(behind[i]))) >= 0)
			return last_word(str_take(text, (size_t)at));
	return STR("");
}

/* "mx.example.net[192.0.2.1]" where the report names it. */
static struct str named(struct told *t, struct str text, struct str ip)
{
	struct str head = STR(" Asked server "), rest, name;
	ptrdiff_t at = str_find(text, head);

	if (at < 0 || ip.n == 0)
		return ip;
	rest = str_skip(text, (size_t)at + head.n);
	name = str_word(&rest);
	if (str_ends(name, STR(".")))
		name.n--;
	return name.n > 0 ? arena_fmt(t->mem, "%.*s[%.*s]", STR_ARG(name), STR_ARG(ip)) : ip;
}

static struct str said_of(struct str text)
{
	static const char *const ends[] = { " Giving up on ", " STARTTLS proto=", " Asked server ",
					    " I'm not going to try again;" };
	struct str head = STR("Remote host said: "), said;
	ptrdiff_t at = str_find(text, head);

	if (at < 0)
		return STR("");
	said = str_skip(text, (size_t)at + head.n);
	for (size_t i = 0; i < COUNT(ends); i++)
		if ((at = str_find(said, str_of(ends[i]))) >= 0)
			said = str_take(said, (size_t)at);
	return str_trim(said);
}

/* "queued as X", "OK id=X", "InternalId=X", "ok E qp X" */
static struct str id_of(struct str said)
{
	static const char *const before[] = { "queued as ", " id=", "InternalId=", " qp " };

	for (size_t i = 0; i < COUNT(before); i++) {
		ptrdiff_t at = str_find(said, str_of(before[i]));
		struct str rest = at < 0 ? STR("") : str_skip(said, (size_t)at + str_of(before[i]).n),
			   id = str_word(&rest);

		while (id.n > 0 && !ascii_isalnum(id.p[id.n - 1]))
			id.n--;
		if (id.n > 0)
			return id;
	}
	return STR("");
}

static struct str encryption_of(struct str text)
{
	struct str head = STR("STARTTLS proto="), version;
	ptrdiff_t at = str_find(text, head);

	if (at < 0)
		return STR("");
	str_cut(str_skip(text, (size_t)at + head.n), STR(";"), &version, &text);
	return version;
}

static const char *stage_of(struct told *t, struct str text)
{
	const char *did = stage_words(text);

	return did != NULL ? arena_fmt(t->mem, ": it %s. ", did).p : ". ";
}

/* "mx.example.net[192.0.2.1]", as the `remote` line has it. */
static struct str peer_name(struct told *t, const struct peer *p)
{
	struct str host = log_plain(t->mem, p->host), ip = log_plain(t->mem, p->ip);

	return str_eq(host, ip) ? ip : arena_fmt(t->mem, "%.*s[%.*s]", STR_ARG(host), STR_ARG(ip));
}

static void read_peer(struct told *t, const struct peer *p, struct remote *out)
{
	struct str tls = log_plain(t->mem, p->tls);

	out->host = peer_name(t, p);
	out->clear = str_eqz(tls, "none");
	out->encryption = out->clear ? STR("") : str_word(&tls);
}

struct str tell_way(struct told *t, const struct remote *r)
{
	if (r->encryption.n > 0)
		return arena_fmt(t->mem, " over %.*s", STR_ARG(r->encryption));
	return r->clear ? STR(" in the clear") : STR("");
}

/* Of a connection that an earlier message had opened, no time was needed for that. */
struct str tell_peer(struct told *t, const struct attempt *a)
{
	const struct peer *p = a->peer;
	struct remote r = { .clear = false };
	BUF(b);

	read_peer(t, p, &r);
	buf_fmt(&b, "delivery %llu reached %.*s, port %.*s,%.*s", (unsigned long long)a->number, STR_ARG(r.host),
		STR_ARG(p->port), STR_ARG(tell_way(t, &r)));
	if (r.encryption.n > 0 && p->policy.n > 0)
		buf_fmt(&b, " (%.*s)", STR_ARG(log_plain(t->mem, p->policy)));
	if (p->source.n > 0)
		buf_fmt(&b, " from %.*s", STR_ARG(log_plain(t->mem, p->source)));
	if (p->connect > 0)
		buf_fmt(&b, ": connected in %llu ms", (unsigned long long)p->connect);
	else
		buf_adds(&b, ": over a connection that was open already");
	if (p->handshake > 0)
		buf_fmt(&b, ", TLS in %llu ms", (unsigned long long)p->handshake);
	if (p->reply > 0)
		buf_fmt(&b, ", its reply after %llu ms", (unsigned long long)p->reply);
	return arena_str(t->mem, buf_str(&b));
}

void tell_read_remote(struct told *t, const struct attempt *a, struct remote *out)
{
	struct str text = tell_report(t, a->report);

	*out = (struct remote){ .host = named(t, text, host_of(text)),
				.said = said_of(text),
				.encryption = encryption_of(text),
				.stage = stage_of(t, text) };
	out->id = id_of(out->said);
	if (a->peer != NULL)
		read_peer(t, a->peer, out);
}

void tell_use_reply(struct told *t, struct told_party *out, struct str said)
{
	struct explanation x = { .final = FINAL_UNKNOWN };
	struct explaining inner = { .mem = t->mem, .out = &x };
	bool for_now = said.p[0] == '4', ours;

	if (!explain_reply(&inner, said))
		return;
	out->explanation = tell_as_ours(
	    t->mem, explain_without_class(x.meaning, said), /* which speaks to another sender's server than ours */
	    for_now, &ours);
	if (out->explanation.n == 0)
		out->explanation = x.final == FINAL_YES ? STR("That is a final no.") : STR("That is a no for now.");
	x.advice = tell_as_ours(t->mem, x.advice, for_now, &ours);
	if (x.advice.n > 0)
		tell_advise(t, out, ours && x.who == WHO_SENDER ? WHO_POSTMASTER : x.who, x.advice);
}

void tell_use_report(struct told *t, struct told_party *out, struct str report, enum outcome_kind outcome)
{
	struct explanation said = { .final = FINAL_UNKNOWN };
	struct explaining x = { .mem = t->mem, .out = &said };

	if (!explain_report(&x, report, outcome_word(outcome)))
		return;
	out->explanation = said.meaning;
	if (said.advice.n > 0)
		tell_advise(t, out, said.who, said.advice);
}
