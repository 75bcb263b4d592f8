#include "mail/notice.h"

#include "base/buf.h"
#include "mail/mime.h"
#include "mail/notice_parts.h"

static bool is_quoted(const struct mime_part *p)
{
	return mime_is(p, "message/rfc822") || mime_is(p, "text/rfc822-headers") ||
	       mime_is(p, "message/rfc822-headers") || mime_is(p, "message/global") ||
	       mime_is(p, "message/global-headers") || mime_is(p, "text/rfc822-header");
}

static bool is_status(const struct mime_part *p)
{
	return mime_is(p, "message/delivery-status") || mime_is(p, "message/global-delivery-status");
}

static const struct mime_part *find(const struct mime *m, bool (*is)(const struct mime_part *))
{
	for (size_t i = 0; i < m->n; i++)
		if (is(&m->parts[i]))
			return &m->parts[i];
	return NULL;
}

static const struct mime_part *find_type(const struct mime *m, const char *type)
{
	for (size_t i = 0; i < m->n; i++)
		if (mime_is(&m->parts[i], type))
			return &m->parts[i];
	return NULL;
}

/* All texts of that type before the quoted message. */
static void put_texts(struct arena *a, const struct mime *m, const char *type, struct buf *b)
{
	for (size_t i = 0; i < m->n && b->n < NOTICE_HUMAN_MAX; i++) {
		const struct mime_part *p = &m->parts[i];

		if (is_quoted(p))
			return;
		if (!mime_is(p, type) ||
		    (i > 0 && str_istarts(field_get(p->head, "Content-Disposition"), STR("attachment"))))
			continue;
		buf_addstr(b, str_take(mime_text(a, p), NOTICE_HUMAN_MAX));
		buf_addc(b, '\n');
	}
}

static void read_human(struct arena *a, const struct mime *m, struct notice *n)
{
	const struct mime_part *quoted = find(m, is_quoted);
	struct str text;
	size_t end;
	BUF(b);

	put_texts(a, m, "text/plain", &b);
	if (str_trim(buf_str(&b)).n == 0)
		put_texts(a, m, "text/html", &b);
	if (str_trim(buf_str(&b)).n == 0)
		put_texts(a, m, "multipart/", &b); /* its boundary never came */
	text = arena_str(a, str_take(buf_str(&b), 2 * NOTICE_HUMAN_MAX));
	end = notice_quote(text);
	n->human = str_take(text, end);
	n->returned = str_skip(text, end);
	if (quoted != NULL)
		n->returned = mime_text(a, quoted);
}

/* The part of the returned text that is a header: from its first field on. */
static void trim_returned(struct notice *n)
{
	struct str rest = n->returned, body;
	struct field f;

	if (!field_next(&rest, &f))
		return;
	n->returned = str_mem(f.name.p, (size_t)(n->returned.p + n->returned.n - f.name.p));
	field_split(n->returned, &rest, &body);
	n->returned = rest;
}

static enum notice_kind kind_of_actions(const struct notice *n)
{
	size_t failed = 0, delayed = 0, done = 0;

	for (size_t i = 0; i < n->n; i++) {
		struct str action = n->rcpts[i].action;

		delayed += str_eqz(action, "delayed");
		done += str_eqz(action, "delivered") || str_eqz(action, "relayed") || str_eqz(action, "expanded") ||
			str_eqz(action, "deliverable");
		failed += str_starts(action, STR("fail"));
	}
	if (failed > 0 || (delayed == 0 && done == 0))
		return NOTICE_FAILURE;
	return delayed > 0 ? NOTICE_DELAY : NOTICE_SUCCESS;
}

static void read_reporter(struct arena *a, struct notice *n)
{
	struct str value = field_get(n->head, "From"), address;
	size_t at;

	if (n->reporter.n > 0)
		return;
	address = field_address(&value, &at);
	if (address.n > 0 && n->kind != NOTICE_NONE)
		n->reporter = arena_str(a, str_skip(address, (size_t)str_chr(address, '@') + 1));
}

static void read_failure(struct arena *a, const struct mime *m, struct str whole, struct notice *n)
{
	const struct mime_part *status = find(m, is_status);

	if (status != NULL)
		notice_read_status(a, mime_text(a, status), n);
	else if (notice_has_status(n->human))
		notice_read_status(a, n->human, n);
	else if (m->n == 1 && notice_has_status(str_take(whole, FIELD_HEAD_MAX))) /* that part alone, pasted */
		notice_read_status(a, str_take(whole, MIME_TEXT_MAX), n);
	n->kind = n->n > 0 ? kind_of_actions(n) : notice_guess(n);
	if (n->kind == NOTICE_NONE || n->kind == NOTICE_AUTOREPLY)
		return;
	notice_read_words(a, n);
}

/* Outlook.com's complaints (JMRP): nothing but the message, with a field of theirs. */
static bool is_complaint(struct arena *a, const struct mime *m)
{
	const struct mime_part *quoted = find(m, is_quoted);
	struct str head, body;

	if (quoted == NULL)
		return false;
	field_split(mime_text(a, quoted), &head, &body);
	return field_get(head, "X-HmXmrOriginalRecipient").n > 0;
}

static void read_whole(struct arena *a, struct str text, struct notice *out, bool nested)
{
	struct mime *m = arena_alloc(a, sizeof(*m));
	const struct mime_part *part, *inner;
	struct str whole = text;

	mime_walk(text, m);
	out->cut |= m->cut;
	out->head = STR("");
	field_split(text, &out->head, &text);
	read_human(a, m, out);
	if ((part = find_type(m, "message/feedback-report")) != NULL) {
		notice_read_status(a, mime_text(a, part), out);
		out->n = 0;
		out->kind = NOTICE_FEEDBACK;
	} else if ((part = find_type(m, "message/disposition-notification")) != NULL) {
		notice_read_status(a, mime_text(a, part), out);
		out->kind = NOTICE_RECEIPT;
	} else if (is_complaint(a, m)) {
		out->kind = NOTICE_FEEDBACK;
		out->feedback = STR("abuse");
	} else if (!notice_read_sns(a, out)) {
		read_failure(a, m, whole, out);
	}
	inner = find(m, is_quoted);
	if (!nested && inner != NULL && out->kind == NOTICE_FAILURE && out->n == 1 &&
	    (out->rcpts[0].address.n == 0 || out->rcpts[0].words.n + out->rcpts[0].diagnostic.n == 0)) {
		struct notice *deep = arena_alloc(a, sizeof(*deep)); /* a filter on the way wrapped the bounce up */

		read_whole(a, mime_text(a, inner), deep, true);
		if (deep->kind == NOTICE_FAILURE && deep->n > 0 && deep->rcpts[0].diagnostic.n > 0) {
			deep->head = out->head;
			*out = *deep;
		}
	}
}

void notice_read(struct arena *a, struct str message, struct notice *out)
{
	struct str text = field_lines(a, str_take(message, NOTICE_MAX));

	*out = (struct notice){ .kind = NOTICE_NONE, .cut = message.n > NOTICE_MAX };
	while (str_starts(text, STR("\n")))
		text = str_skip(text, 1);
	if (str_starts(text, STR("From ")))
		text = str_skip(text, str_chr(text, '\n') >= 0 ? (size_t)str_chr(text, '\n') + 1 : text.n);
	read_whole(a, text, out, false);
	trim_returned(out);
	read_reporter(a, out);
}
