/* A report as one page that needs nothing else: no requests, no script; light and dark, and as narrow as a phone. */
#include "trace/page.h"
#include "trace/sheet.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>";

static const char style[] =
    "</title>\n<style>\n"
    ":root{--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#5a6472;--line:#e1e5ea;--bar:#3b6fd4;"
    "--c0:#2e9e6b;--c1:#d64545;--c2:#e0a12b;--c3:#8a5bd0;--c4:#9aa4b1}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#12151a;--card:#1b2027;--ink:#e6e9ee;--soft:#98a3b2;--line:#2c333d;"
    "--bar:#6c9bf0;--c0:#3fb982;--c1:#ec6a6a;--c2:#e7b551;--c3:#a983e6;--c4:#6d7887}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "main{max-width:1180px;margin:0 auto;padding:24px 16px 48px}h1{font-size:1.5em;margin:0 0 .3em}"
    "h2{font-size:1.05em;margin:0 0 .6em}p{margin:.2em 0 .6em;color:var(--soft)}p.s{color:var(--ink);max-width:60em}\n"
    "nav{margin:0 0 18px;font-size:.9em}nav a{color:var(--bar);text-decoration:none;margin-right:12px;"
    "white-space:nowrap}nav a:hover{text-decoration:underline}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin:0 0 16px;"
    "min-width:0}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:12px;margin:0 0 16px}"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}"
    ".tile b{display:block;font-size:1.45em;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}"
    ".tile span{color:var(--soft);font-size:.85em}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92em}"
    "th,td{padding:5px 10px 5px 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}"
    "th{color:var(--soft);font-weight:500;white-space:nowrap}tr:last-child td{border-bottom:0}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.t{white-space:nowrap}"
    ".w{max-width:38em;overflow-wrap:break-word}"
    ".b{width:22%;min-width:90px;vertical-align:middle}.b i{display:block;height:9px;border-radius:3px;"
    "background:var(--bar);min-width:2px}\n"
    ".plot{display:grid;grid-template-columns:auto 1fr;gap:2px 8px;color:var(--soft);font-size:.82em}"
    ".plot svg{display:block;width:100%;height:190px;border-bottom:1px solid var(--line);background:"
    "linear-gradient(var(--line),var(--line)) 0 50%/100% 1px no-repeat,"
    "linear-gradient(var(--line),var(--line)) 0 0/100% 1px no-repeat}"
    ".y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;"
    "font-variant-numeric:tabular-nums}.x{grid-column:2;display:flex;justify-content:space-between}"
    ".x span:nth-child(even){display:none}@media(min-width:700px){.x span:nth-child(even){display:inline}}\n"
    ".c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}"
    ".key{font-size:.85em;color:var(--soft);margin:0 0 8px}.key svg{width:10px;height:10px;margin:0 5px 0 0}"
    ".key span{margin-right:14px;white-space:nowrap}\n"
    "pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85em;color:var(--soft)}\n"
    "details summary{cursor:pointer;color:var(--soft);font-size:.9em;margin-top:10px}\n"
    "@media print{section,.tile{break-inside:avoid}nav{display:none}}\n"
    "</style>\n</head>\n<body>\n<main>\n";

void html_put(struct buf *out, struct str text)
{
	BUF(safe);

	answer_safe(&safe, text);
	for (size_t i = 0; i < safe.n; i++) {
		switch (safe.p[i]) {
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, safe.p[i]);
		}
	}
}

static void put_cell(struct buf *out, const struct report *r, enum cell_kind kind, const struct cell *c)
{
	BUF(words);

	sheet_put(&words, r, kind, c);
	html_put(out, buf_str(&words));
}

static const char *class_of(enum cell_kind kind)
{
	return kind == CELL_TEXT ? "w" : cell_is_time(kind) ? "t" : "n";
}

static void put_heads(struct buf *out, const struct sheet *s)
{
	const struct sheet_form *f = s->form;

	buf_adds(out, "<tr>");
	for (size_t k = 0; k < f->ncolumns; k++) {
		if (sheet_says_nothing(s, k))
			continue;
		buf_fmt(out, "<th scope=\"col\" class=\"%s\">", class_of(f->columns[k].kind));
		html_put(out, str_of(f->columns[k].title));
		buf_adds(out, "</th>");
	}
	buf_adds(out, f->bar > 0 ? "<th class=\"b\"></th></tr>\n" : "</tr>\n");
}

static void put_row(struct buf *out, const struct report *r, const struct sheet *s, const struct cell *row,
		    int64_t most)
{
	const struct sheet_form *f = s->form;

	buf_adds(out, "<tr>");
	for (size_t k = 0; k < f->ncolumns; k++) {
		if (sheet_says_nothing(s, k))
			continue;
		buf_fmt(out, "<td class=\"%s\">", class_of(f->columns[k].kind));
		put_cell(out, r, f->columns[k].kind, &row[k]);
		buf_adds(out, "</td>");
	}
	if (f->bar > 0) {
		buf_adds(out, "<td class=\"b\">");
		if (most > 0 && row[f->bar].n > 0)
			buf_fmt(out, "<i style=\"width:%.1f%%\"></i>", 100 * (double)row[f->bar].n / (double)most);
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

static void put_table(struct buf *out, const struct report *r, const struct sheet *s)
{
	int64_t most = s->form->bar > 0 ? sheet_most(s, (size_t)s->form->bar) : 0;

	buf_adds(out, "<div class=\"wide\"><table>\n");
	put_heads(out, s);
	for (size_t i = 0; i < s->nrows; i++)
		put_row(out, r, s, s->cells + i * s->form->ncolumns, most);
	buf_adds(out, "</table></div>\n");
	if (s->more > 0) {
		buf_adds(out, "<p>and ");
		put_count(out, (int64_t)s->more);
		buf_adds(out, " more (--top)</p>\n");
	}
}

enum { NUMBERS_MOST = 800 };

/* Behind a picture its numbers, unless they would be most of the page. */
static void put_numbers(struct buf *out, const struct report *r, const struct sheet *s)
{
	if (s->nrows > NUMBERS_MOST) {
		buf_fmt(out, "<p>The numbers: telltale stats --csv %s</p>\n", s->form->name);
		return;
	}
	buf_adds(out, "<details><summary>the numbers</summary>\n");
	put_table(out, r, s);
	buf_adds(out, "</details>\n");
}

static void put_sheet(struct buf *out, const struct report *r, const struct sheet *s)
{
	buf_fmt(out, "<section id=\"%s\"><h2>", s->form->name);
	html_put(out, str_of(s->form->title));
	buf_adds(out, "</h2>\n");
	if (s->form->note != NULL && s->nrows > 0) {
		buf_adds(out, "<p>");
		html_put(out, str_of(s->form->note));
		buf_adds(out, "</p>\n");
	}
	if (s->nrows == 0) {
		buf_adds(out, "<p>");
		html_put(out, str_of(s->form->none));
		buf_adds(out, "</p>");
	} else if (s->form->time) {
		sheet_plot(out, r, s);
		put_numbers(out, r, s);
	} else {
		put_table(out, r, s);
	}
	buf_adds(out, "</section>\n");
}

static void put_tiles(struct buf *out, const struct report *r, const struct sheet *s)
{
	size_t n = s->form->ncolumns;

	buf_adds(out, "<div class=\"tiles\">\n");
	for (size_t i = 0; i < s->nrows; i++) {
		const struct cell *row = s->cells + i * n;

		buf_adds(out, "<div class=\"tile\"><b>");
		put_cell(out, r, s->form->columns[1].kind, &row[1]);
		buf_adds(out, "</b><span>");
		html_put(out, row[0].text);
		if (n > 2 && row[2].n != CELL_UNKNOWN) {
			buf_adds(out, ", ");
			put_cell(out, r, s->form->columns[2].kind, &row[2]);
		}
		buf_adds(out, "</span></div>\n");
	}
	buf_adds(out, "</div>\n");
}

static void put_contents(struct buf *out, const struct report *r)
{
	buf_adds(out, "<nav>");
	for (const struct sheet *s = r->sheets; s != NULL; s = s->next) {
		if (!sheet_shown(s) || s->form->tiles)
			continue;
		buf_fmt(out, "<a href=\"#%s\">", s->form->name);
		html_put(out, str_of(s->form->title));
		buf_adds(out, "</a> ");
	}
	buf_adds(out, "<a href=\"#limits\">Limits</a></nav>\n");
}

static void put_limits(struct buf *out, struct report *r)
{
	BUF(text);
	struct page page = { .out = &text, .r = r->answer };

	page_limits(&page);
	buf_adds(out, "<section id=\"limits\"><pre>");
	/* Line by line: html_put() makes a newline harmless too. */
	for (struct str rest = str_trim(buf_str(&text)), line; rest.n > 0;) {
		str_cut(rest, STR("\n"), &line, &rest);
		html_put(out, line);
		buf_addc(out, '\n');
	}
	buf_adds(out, "</pre></section>\n");
}

void report_put_html(struct buf *out, struct report *r)
{
	buf_adds(out, head);
	html_put(out, str_of(r->title));
	buf_adds(out, style);
	buf_adds(out, "<h1>");
	html_put(out, str_of(r->title));
	buf_adds(out, "</h1>\n");
	for (const struct note *x = r->said; x != NULL; x = x->next) {
		buf_adds(out, "<p class=\"s\">");
		html_put(out, x->text);
		buf_adds(out, "</p>\n");
	}
	put_contents(out, r);
	for (const struct sheet *s = r->sheets; s != NULL; s = s->next) {
		if (s->form->tiles && s->nrows > 0)
			put_tiles(out, r, s);
		else if (sheet_shown(s))
			put_sheet(out, r, s);
	}
	put_limits(out, r);
	buf_adds(out, "</main>\n</body>\n</html>\n");
}
