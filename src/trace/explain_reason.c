/* A reason as statistics print it: "gate: DENIED_GRAYLISTED", "cause: mailbox-full", "client: the client left". */
#include "trace/explain_parts.h"
#include "trace/rows.h"

static void tell_word(struct explaining *x, uint16_t reason, const char *kind, const char *what)
{
	x->out->kind = kind;
	x->out->what = str_of(what);
	explain_word(x, row_reason_word(reason));
}

bool explain_counted(struct explaining *x, struct str text)
{
	uint16_t reason = row_reason_named(text);
	size_t i;

	switch (row_reason_kind(reason, &i)) {
	case REASON_OF_GATE:
		explain_reason_row(x, reason_row((enum reason)i));
		return true;
	case REASON_OF_CHECK:
		explain_check_row(x, check_row((enum check)i));
		return true;
	case REASON_OF_REPLY:
		tell_word(x, reason, "smtp-reply", "a reply of this server");
		explain_number(x, "code", arena_fmt(x->mem, "%d", reply_row((enum reply_id)i)->code));
		explain_field(x, "text", str_of(reply_row((enum reply_id)i)->text));
		return true;
	case REASON_OF_REPORT:
		tell_word(x, reason, "delivery-report", "a delivery report; * stands for what varies");
		explain_field(x, "report", str_of(report_at(i)->pattern));
		return true;
	case REASON_OF_CAUSE:
		tell_word(x, reason, "cause", "a class of causes: why other servers, or deliveries, take no mail");
		explain_field(x, "cause", str_of(cause_row((enum cause_id)i)->name));
		return true;
	case REASON_OF_END:
		tell_word(x, reason, "end", "how a client left");
		explain_field(x, "end", str_of(end_at(i)->text));
		return true;
	default:
		return false;
	}
}
