#include "logs/shape.h"

#define LINES_LOOKED_AT 50

/* Does only this family write such a line?  Zone lines stand in both comma logs, syslog repeats anybody's. */
static bool belongs(enum log_family family, struct str line)
{
	struct log_line l;

	log_parse(family, line, &l);
	return l.kind > LOG_EMPTY && l.kind != LOG_SMTP_ZONE && l.kind != LOG_DELIVERY_ZONE &&
	       l.kind != LOG_SPAMDYKE_REPEATED;
}

bool log_recognise(struct str head, enum log_family *family)
{
	struct str line;

	for (int i = 0; i < LINES_LOOKED_AT && head.n > 0; i++) {
		str_cut(head, STR("\n"), &line, &head);
		for (int f = 0; f < LOG_FAMILIES; f++) {
			if (belongs((enum log_family)f, line)) {
				*family = (enum log_family)f;
				return true;
			}
		}
	}
	return false;
}
