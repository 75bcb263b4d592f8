/* cli/import_graylist.h - `telltale gate import --graylist DIR`: the folders of spamdyke's graylist, brought here. */
#ifndef CLI_IMPORT_GRAYLIST_H
#define CLI_IMPORT_GRAYLIST_H

#include "base/conf.h"

/* Bring them into the graylist of c's server, or into its file when no server runs.  An exit code; what was done is
 * said on stderr and, where `json`, on stdout. */
int import_graylist(struct conf *c, const char *dir, bool json);

#endif
