/* web/check.h - is web { } of the configuration usable?  For `telltale check` and every start. */
#ifndef WEB_CHECK_H
#define WEB_CHECK_H

#include "base/conf.h"
#include "base/err.h"

/* 0; -1: "FILE: web { OPTION }: what is wrong, and what to do".  Without bind nothing of it counts. */
int web_check(const struct conf *c, struct err *e);

#endif
