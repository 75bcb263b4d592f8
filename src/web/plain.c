#include "web/plain.h"

#include "base/utf8.h"

static void put(struct buf *out, struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t code;

		n = utf8_at(str_skip(s, i), &code);
		if (n == 0 || utf8_unseen(code)) { /* broken, or what a person would not see */
			n = n == 0 ? 1 : n;
			for (size_t k = 0; k < n; k++)
				buf_fmt(out, "\\x%02x", (unsigned char)s.p[i + k]);
		} else if (n == 1 && strchr("<>&\"'", s.p[i]) != NULL) {
			buf_fmt(out, "&#%d;", s.p[i]);
		} else {
			buf_add(out, s.p + i, n);
		}
	}
}

void plain_begin(struct buf *out, const char *title)
{
	buf_adds(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta name=\"robots\" content=\"noindex\">\n");
	buf_fmt(out, "<title>%s</title>\n<link rel=\"icon\" href=\"../icon.svg\" type=\"image/svg+xml\">\n", title);
	buf_adds(out, "<link rel=\"stylesheet\" href=\"../style.css\">\n</head>\n<body>\n<div id=\"app\">\n<header "
		      "class=\"top\"><div class=\"top-in\">"
		      "<span class=\"brand\"><img class=\"logo\" src=\"../icon.svg\" "
		      "alt=\"\">telltale</span></div></header>\n<main class=\"page plain\">\n");
	buf_fmt(out, "<h1>%s</h1>\n", title);
}

void plain_text(struct buf *out, const char *tag, struct str text)
{
	buf_fmt(out, "<%s>", tag);
	put(out, text);
	buf_fmt(out, "</%s>\n", tag);
}

void plain_fact(struct buf *out, const char *name, struct str text)
{
	if (text.n == 0)
		return;
	plain_text(out, "dt", str_of(name));
	plain_text(out, "dd", text);
}

/* As a part of a link. */
static void put_link(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_isalnum(s.p[i]) || (s.p[i] != '\0' && strchr("@._-", s.p[i]) != NULL))
			buf_addc(out, s.p[i]);
		else
			buf_fmt(out, "%%%02X", (unsigned char)s.p[i]);
}

void plain_mail(struct buf *out, struct str address, struct str about)
{
	buf_adds(out, "<p><a href=\"mailto:");
	put_link(out, address);
	buf_adds(out, "?subject=");
	put_link(out, about);
	buf_adds(out, "\">");
	put(out, address);
	buf_adds(out, "</a></p>\n");
}

void plain_button(struct buf *out, const char *name, const char *value, const char *words)
{
	buf_fmt(out,
		"<form method=\"post\"><input type=\"hidden\" name=\"%s\" value=\"%s\">"
		"<p><button class=\"button main\">%s</button></p></form>\n",
		name, value, words);
}

void plain_end(struct buf *out)
{
	buf_adds(out, "</main>\n</div>\n</body>\n</html>\n");
}
