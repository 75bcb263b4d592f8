#include "base/clock.h"
#include "session/session.h"

/* What the client called itself is text of a stranger: it must not end the comment or the line. */
static void put_name(struct buf *b, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool plain = ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']';

		buf_addc(b, plain ? c : '?');
	}
}

/* RFC 3848 has no words for HELO behind TLS. */
static const char *protocol(const struct session *s)
{
	static const char *const words[2][2] = { { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } };

	return s->esmtp ? words[session_encrypted(s)][s->facts.authenticated] : "SMTP";
}

/* RFC 5321 4.4.  `for` only when it tells the one recipient nothing about others. */
void received_put(struct buf *b, const struct session *s, uint64_t qp, int64_t now_ms)
{
	int64_t now = now_ms / 1000;

	buf_adds(b, "Received: from ");
	put_name(b, s->helo);
	buf_fmt(b, " (%.*s [%s%s])\r\n\tby %.*s with %s", STR_ARG(record_host(s)),
		str_chr(str_of(s->peer.ip), ':') >= 0 ? "IPv6:" : "", s->peer.ip,
		STR_ARG(s->server->conf->top.hostname), protocol(s));
	if (session_encrypted(s))
		buf_fmt(b, "\r\n\t(%.*s)", STR_ARG(wire_encryption(&s->wire)));
	buf_fmt(b, " id %llu", (unsigned long long)qp);
	if (s->t.nnamed == 1)
		buf_fmt(b, "\r\n\tfor <%.*s>", STR_ARG(s->t.named[0].text));
	buf_adds(b, "; ");
	stamp_put_rfc5322(b, now, zone_offset(now));
	buf_adds(b, "\r\n");
}
