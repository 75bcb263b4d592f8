#include "base/clock.h"
#include "session/session.h"

/* What the client called itself is text of a stranger: it must not end the comment or the line. */
static void put_name(struct buf *b, struct str name)
{
	size_t at = b->n;

	buf_addstr(b, name);
	for (; at < b->n; at++) {
		char c = b->p[at];

		if (!ascii_isalnum(c) && c != '-' && c != '.' && c != '_' && c != ':' && c != '[' && c != ']')
			b->p[at] = '?';
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
	buf_adds(b, " (");
	buf_addstr(b, record_host(s));
	buf_adds(b, str_chr(str_of(s->peer.ip), ':') >= 0 ? " [IPv6:" : " [");
	buf_adds(b, s->peer.ip);
	buf_adds(b, "])\r\n\tby ");
	buf_addstr(b, s->server->conf->top.hostname);
	buf_adds(b, " with ");
	buf_adds(b, protocol(s));
	if (session_encrypted(s))
		buf_fmt(b, "\r\n\t(%.*s)", STR_ARG(wire_encryption(&s->wire)));
	buf_adds(b, " id ");
	buf_num(b, qp);
	if (s->t.nnamed == 1) {
		buf_adds(b, "\r\n\tfor <");
		buf_addstr(b, s->t.named[0].text);
		buf_addc(b, '>');
	}
	buf_adds(b, "; ");
	stamp_put_rfc5322(b, now, zone_offset(now));
	buf_adds(b, "\r\n");
}
