/* Three logs of our own from memory, and the answer to a question over all of them. */
#ifndef LOGS_WORLD_H
#define LOGS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/answer.h"

#define T(t) "2021-03-09 12:" t ", "
#define ZONE T("00:00") "zone, +02:00, 1615284000\n"

struct world {
	struct source source;
	struct answer answer;
};

static void ask_world(struct world *w, const char *question)
{
	struct trace_ask what = { .question = str_of(question),
				  .source = &w->source,
				  .limit = SIZE_MAX,
				  .everything = true,
				  .now = 1615300000 };
	struct err e = { 0 };

	if (trace_answer(&w->answer, &what, &e) < 0)
		fail_msg("%s: %s", question, e.text);
}

static void open_world(struct world *w, const char *smtp, const char *gate, const char *delivery, const char *question)
{
	source_init(&w->source);
	source_add_text(&w->source, "smtp-25.log", str_of(smtp));
	source_add_text(&w->source, "spamdyke.log", str_of(gate));
	source_add_text(&w->source, "delivery.log", str_of(delivery));
	ask_world(w, question);
}

static void close_world(struct world *w)
{
	answer_clear(&w->answer);
	source_clear(&w->source);
}

#endif
