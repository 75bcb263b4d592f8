#include "logs/foreign.h"
#include "logs/shape.h"

#define LINES_LOOKED_AT 50
#define SYSLOG_LOOKED_AT 2000 /* a syslog that begins with the gate's lines may hold others too */

/* Does only this family write such a line?  Zone lines stand in both comma logs, syslog repeats anybody's. */
static bool belongs(enum log_family family, struct str line)
{
	struct log_line l;

	log_parse(family, line, &l);
	return l.kind > LOG_EMPTY && l.kind != LOG_SMTP_ZONE && l.kind != LOG_DELIVERY_ZONE &&
	       l.kind != LOG_SPAMDYKE_REPEATED;
}

/* Does it tell of mail?  Lines of other programs and syslog's own do not. */
static bool tells(const struct foreign_line *l)
{
	return l->kind != FOREIGN_STRANGER && l->kind != FOREIGN_REPEATED;
}

static bool is_foreign(struct str line)
{
	struct foreign_line l;

	return foreign_read(line, &l) && tells(&l);
}

static bool recognise_line(struct str line, enum log_family *family)
{
	for (int f = 0; f < LOG_FOREIGN; f++) {
		if (belongs((enum log_family)f, line)) {
			*family = (enum log_family)f;
			return true;
		}
	}
	*family = LOG_FOREIGN;
	return is_foreign(line);
}

/* The gate's lines alone, or beside those of other programs? */
static bool is_mixed(struct str head)
{
	struct foreign_line l;
	struct str line;

	for (int i = 0; i < SYSLOG_LOOKED_AT && head.n > 0; i++) {
		str_cut(head, STR("\n"), &line, &head);
		if (foreign_read(line, &l) && l.kind != FOREIGN_GATE && tells(&l))
			return true;
	}
	return false;
}

static bool is_stranger(struct str line)
{
	struct foreign_line l;

	return foreign_read(line, &l) && !tells(&l);
}

/* Lines of other programs before the first one of a mail server do not count. */
bool log_recognise(struct str head, enum log_family *family)
{
	struct str line, rest = head;
	int looked = 0;

	for (int i = 0; i < SYSLOG_LOOKED_AT && looked < LINES_LOOKED_AT && rest.n > 0; i++) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (!recognise_line(line, family)) {
			looked += !is_stranger(line);
			continue;
		}
		if (*family == LOG_SPAMDYKE && is_mixed(head))
			*family = LOG_FOREIGN;
		return true;
	}
	return false;
}
