/* cli/import_graylist.h - `telltale gate import --graylist DIR`: the folders of spamdyke's graylist, brought here. */
#ifndef CLI_IMPORT_GRAYLIST_H
#define CLI_IMPORT_GRAYLIST_H

#include "base/conf.h"

/* Bring them into the graylist of c's server, or of its file when no server runs.  An exit code, all said on stderr and,
 * as JSON, on stdout where `json`. */
int import_graylist(struct conf *c, const char *dir, bool json);

#endif
