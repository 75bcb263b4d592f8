/* A report of statistics in its forms: no control byte as text, no script as a page, and JSON that can be read. */
#ifndef REPORT_FORMS_H
#define REPORT_FORMS_H

#include <jansson.h>

#include "trace/stats.h"

static void look_at_forms(struct report *r, unsigned width)
{
	BUF(text);
	BUF(html);
	BUF(json);
	json_t *root;

	report_put_text(&text, r, &(struct sheet_look){ .width = width });
	for (size_t i = 0; i < text.n; i++)
		MUST(text.p[i] == '\n' || ((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f));
	report_put_html(&html, r);
	MUST(str_find(buf_str(&html), STR("<script")) < 0);
	report_put_json(&json, r);
	root = json_loadb(json.p, json.n, JSON_ALLOW_NUL, NULL);
	MUST(root != NULL);
	json_decref(root);
}

#endif
